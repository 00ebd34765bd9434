"""The network and the image that the page looks into."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.architecture.formulas import Shape, format_shape
from cae_core.data.registry import DATASETS, is_available
from cae_core.data.samples import sample_check_images, sample_check_name, sample_photograph
from cae_core.formats import counted
from cae_core.images.decoding import over_white
from cae_core.images.operations import as_image, middle, resize, to_uint8
from cae_core.inspection.edits import channel_means
from cae_core.inspection.keras_layers import LayeredNetwork, Passed
from cae_core.inspection.network import Encoded, InspectedNetwork
from cae_core.photos.zoo_inputs import network_inputs
from cae_core.training.runs import Run
from cae_core.training.tasks import LUMA, Task
from cae_ui.common.file_names import run_name
from cae_ui.common.network_choice import RUN_PREFIX, network, network_input
from cae_ui.common.photo_choice import photo_choice
from cae_ui.common.photo_input import SAMPLE_PHOTOS, overview
from cae_ui.common.picker import Choice, kept_choice, pick_tile
from cae_ui.common.resources import freeze_garbage_collector, job_queue, named_dataset
from cae_ui.common.section import section
from cae_ui.common.wording import dataset_title, plain

LAYERS, LEARNING = "Layers", "Learning"  # parts of the page with other needs than the rest
FIRST = "homework"  # the network that the page opens with
NETWORK_KEY, IMAGE_KEY, SOURCE_KEY = "network", "image", "source"
IMAGES, PHOTO = "Images", "A photo"
MOST_IMAGES = 8
PHOTO_SIDE = 96  # of the photos for networks of any size; a multiple of all their strides
SECOND_KEY = "with"  # a second image, for what needs two
THUMBNAIL, TILE = 56, 72  # CSS pixels
_HIDING = "<style>:has(> .st-key-unused-image) { display: none; }</style>"


@dataclass(frozen=True)
class Opened:
    """A trained network and images to send through it.

    Attributes:
        identity: Text that no other network, and no earlier version of this one, has.
        choice: The network as the address of the page names it.
        network: The network.
        images: uint8 (N, H, W, C), some images of the kind it was trained on.
        image: uint8 (H, W, C), the chosen image.
        name: The chosen image's name.
        is_photo: Whether that is a photo, and none of `images`.
    """

    identity: str
    choice: str
    network: InspectedNetwork
    images: np.ndarray
    image: np.ndarray
    name: str
    is_photo: bool

    def encoded(self, image: np.ndarray | None = None) -> Encoded:
        """An image encoded, by default the chosen one; kept from run to run of the page."""
        return _encoded(self.identity, self.image if image is None else image, self.network)

    def decoded(self) -> np.ndarray:
        """The network's output for the chosen image, (H, W, C) in [0, 1]."""
        return _decoded(self.identity, self.image, self.network)

    def second_image(self) -> np.ndarray:
        """The second image that the address names, of `images`."""
        return self.images[_chosen_image(SECOND_KEY, self.images, 1)]

    def channel_means(self) -> np.ndarray:
        """Mean of every channel of the latent over `images`."""
        return _channel_means(self.identity, self.images, self.network)


@dataclass(frozen=True)
class OpenedLayers:
    """A trained network without a latent that could be changed, and an image for its layers.

    Attributes:
        identity: As of `Opened`.
        choice: As of `Opened`.
        network: The network.
        image: uint8 (H, W, C), the chosen image.
        name: The chosen image's name.
    """

    identity: str
    choice: str
    network: LayeredNetwork
    image: np.ndarray
    name: str

    def inputs(self) -> list[np.ndarray]:
        """What the network takes in."""
        return network_inputs(self.choice, self.image)

    def passed(self) -> list[Passed]:
        """What every layer reads and makes; kept from run to run of the page."""
        return _passed(self.identity, self.choice, self.image, self.network)


# A resource, which is not copied: some of them have 30 MB.
@st.cache_resource(max_entries=4, show_spinner="The network looks at the image …")
def _passed(
    identity: str, choice: str, image: np.ndarray, _network: LayeredNetwork
) -> list[Passed]:
    return _network.passed(network_inputs(choice, image))


@st.cache_data(max_entries=256, show_spinner=False)
def _encoded(identity: str, image: np.ndarray, _network: InspectedNetwork) -> Encoded:
    return _network.encode(image[np.newaxis])


@st.cache_data(max_entries=256, show_spinner=False)
def _decoded(identity: str, image: np.ndarray, _network: InspectedNetwork) -> np.ndarray:
    return _network.decode(_network.encode(image[np.newaxis]))[0]


@st.cache_data(max_entries=64, show_spinner=False)
def _channel_means(identity: str, images: np.ndarray, _network: InspectedNetwork) -> np.ndarray:
    return channel_means(_network.encode(images).latents)


@section
def opened_input(part: str) -> Opened | OpenedLayers:
    """The widgets that choose a network and, for a part that looks at one, an image.

    Args:
        part: The part of the page that is shown.

    Raises:
        CAEError: The network or the photo cannot be opened.
    """
    choice = network_input(NETWORK_KEY, network_names(), Task)
    identity = network_identity(choice)
    _show_training(choice)
    if _has_latent(choice):
        inspected, images, described = opened_network(choice, identity)
        chosen = _source_input(images, described, inspected.image_shape, is_used=part != LEARNING)
        return Opened(identity, choice.partition("@")[0], inspected, images, *chosen)
    images, described = _images_of(choice)
    layered = _layered_network(choice, identity, images[0])
    image, name, _ = _source_input(images, described, images.shape[1:], is_used=part == LAYERS)
    return OpenedLayers(identity, choice, layered, image, name)


@section
def _show_training(choice: str) -> None:
    """Which training a run is of, in full: a list cuts its lines."""
    if not choice.startswith(RUN_PREFIX):
        return
    status = job_queue().status(choice.removeprefix(RUN_PREFIX).partition("@")[0])
    request = status.request
    name = f"{plain(status.name)}: " if status.name else ""
    st.caption(
        f"{name}`{request.architecture}`, {plain(request.task.label)}, "
        f"{plain(dataset_title(request.dataset))}."
    )


def _source_input(
    images: np.ndarray, described: str, shape: tuple[int, ...], *, is_used: bool
) -> tuple[np.ndarray, str, bool]:
    """The widgets that choose one of some images, or a photo.

    Where they are of no use they are hidden and not left out: Streamlit would forget what was
    chosen and uploaded.

    Args:
        images: uint8 (N, H, W, C).
        described: Which they are.
        shape: Height, width and channels of an image for the network.
        is_used: False for a part that looks at none.

    Returns:
        uint8 (H, W, C), its name, and whether it is a photo; the first image where none is used.
    """
    with st.container(key="chosen-image" if is_used else "unused-image"):
        if not is_used:
            st.html(_HIDING)
        source = st.segmented_control(
            "Image", [IMAGES, PHOTO], default=IMAGES, required=True, key=SOURCE_KEY,
            bind="query-params",
        )  # fmt: skip
        if source == PHOTO:
            photo, number = photo_choice("inside", in_address=True), 0
        else:
            photo, number = None, image_input(IMAGE_KEY, images, 0, "Image")
            st.caption(f"{plain(described)}.")
    if photo is None or not is_used:
        return images[number], f"Image {number + 1}", False
    pixels = overview(photo)
    return fitted(over_white(as_image(pixels.pixels), pixels.opacity), shape), photo.name, True


def image_input(name: str, images: np.ndarray, default: int, label: str) -> int:
    """Thumbnails of which one is chosen, and its number from 0; the address counts from 1."""
    chosen = _chosen_image(name, images, default)
    choices = [Choice(str(number), "", f"{label} {number}") for number in range(1, len(images) + 1)]
    pick_tile(name, images, choices, str(chosen + 1), label=label, side=THUMBNAIL)
    return chosen


def _chosen_image(name: str, images: np.ndarray, default: int) -> int:
    """The number of the image that the address names, from 0."""
    values = [str(number + 1) for number in range(len(images))]
    return int(kept_choice(name, values, values[default % len(values)])) - 1


def tile_factor(width: int) -> int:
    """Screen pixels a side for every pixel of a map that is shown as a tile: a whole number."""
    return max(1, round(TILE / width))


def said_shape(shape: Shape) -> str:
    """A tensor's shape and size in words.

    Example:
        >>> said_shape((8, 8, 16)), said_shape((100,))
        ('8x8x16 = 1,024 numbers', 'a vector of 100 numbers')
    """
    numbers = counted(math.prod(shape), "number")
    return f"{format_shape(shape)} = {numbers}" if len(shape) == 3 else f"a vector of {numbers}"


def network_names() -> list[str]:
    """The networks of the zoo whose weights are kept."""
    names = [name for name in zoo.names() if zoo.card(name).kept != zoo.NOT_KEPT]
    return sorted(names, key=lambda name: name != FIRST)


def _has_latent(choice: str) -> bool:
    """Whether a network gives an image back from a latent, as `network_input` returns it."""
    return choice.startswith(RUN_PREFIX) or zoo.card(choice).task is not None


def network_identity(choice: str) -> str:
    """Text for a network as `network_input` returns it that changes with its weights."""
    return choice if choice.startswith(RUN_PREFIX) else f"{choice} {zoo.card(choice).sha256}"


def network_file_name(choice: str) -> str:
    """The beginning of the names of a network's files.

    Args:
        choice: The network as the address of the page names it.
    """
    if choice.startswith(RUN_PREFIX):
        return run_name(job_queue().status(choice.removeprefix(RUN_PREFIX)))
    return choice


@st.cache_resource(max_entries=4, show_spinner="Opening the trained network …")
def opened_network(choice: str, identity: str) -> tuple[InspectedNetwork, np.ndarray, str]:
    """A network taken apart, some images for it, and a text that says which.

    Args:
        choice: As `network_input` returns it.
        identity: As `network_identity` returns it.

    Raises:
        CAEError: It cannot be opened.
    """
    found = network(choice)
    if isinstance(found, Run):
        inspected = InspectedNetwork(found.model, found.architecture, found.task, found.config.seed)
        images = found.samples[0]
        described = f"Validation images of {dataset_title(found.dataset)}"
    else:
        card = zoo.card(found)
        model, architecture = zoo.network_of(found)
        assert card.task is not None  # noqa: S101 - `network_names` has left these out
        inspected = InspectedNetwork(model, architecture, card.task)
        images, described = example_images(card.dataset, inspected.image_shape)
    freeze_garbage_collector()
    return inspected, images[:MOST_IMAGES], described


@st.cache_resource(max_entries=2, show_spinner="Opening the trained network …")
def _layered_network(name: str, identity: str, _image: np.ndarray) -> LayeredNetwork:
    """A network of the zoo, opened layer by layer, for images of one size."""
    shapes = [each.shape[1:] for each in network_inputs(name, _image)]
    opened = LayeredNetwork(zoo.load(name), shapes)
    freeze_garbage_collector()
    return opened


@st.cache_data(max_entries=4, show_spinner=False)
def _images_of(name: str) -> tuple[np.ndarray, str]:
    """Some images for a network without a latent, and a text that says which."""
    card = zoo.card(name)
    if card.architecture is not None:  # it has the size of its images
        images, described = example_images(card.dataset, card.input_shape)
        return images[:MOST_IMAGES], described
    shape = (PHOTO_SIDE, PHOTO_SIDE, 3)
    photos = [fitted(sample_photograph(file), shape) for file in SAMPLE_PHOTOS.values()]
    return np.stack(photos), "Sample photos, made small"


def example_images(dataset: str, shape: tuple[int, int, int]) -> tuple[np.ndarray, str]:
    """Test images of a data set where it is on this machine, else sample images of that shape.

    Returns:
        uint8 (N, H, W, C), and a text that says which they are.
    """
    if dataset in DATASETS and is_available(dataset) and DATASETS[dataset].image_shape == shape:
        return named_dataset(dataset).test_samples, f"Test images of {dataset_title(dataset)}"
    return sample_check_images(shape), f"From {sample_check_name(shape)}"


def fitted(photo: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middle of a photo in a network's size.

    Args:
        photo: float32 (H, W, 3) in [0, 1].
        shape: Height, width and channels of the network's images.

    Returns:
        uint8 of that shape.
    """
    height, width, channels = shape
    high, wide = photo.shape[:2]
    factor = min(high / height, wide / width)
    rows, columns = max(1, round(height * factor)), max(1, round(width * factor))
    small = resize(middle(photo, rows, columns), height, width)
    if channels == 1:
        small = small @ np.array(LUMA, np.float32)[:, np.newaxis]
    return to_uint8(small)
