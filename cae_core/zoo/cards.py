"""The trained networks in ``pretrained/``, each with a model card.

    >>> "photo-denoiser" in names()
    True
    >>> card("photo-denoiser").noise_range
    (0.0, 0.39215686274509803)

A network's folder holds its card (``card.json``), its training history and its weights, or a few
images in place of weights that are too large to keep. Importing this module does not import
Keras; `load` does.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cae_core.architecture.notation import BAR, Architecture
from cae_core.errors import RecordError, ZooError
from cae_core.records import naming, read_json
from cae_core.training.learning_rate import LearningRateTest
from cae_core.training.snapshots import Snapshots
from cae_core.training.tasks import Task, task_from_dict

if TYPE_CHECKING:
    import keras

    from cae_core.training.runs import Run

# An installed package has the networks inside it; in the repository they stand beside it.
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = _PACKAGE / "pretrained"
if not FOLDER.is_dir():
    FOLDER = _PACKAGE.parent / "pretrained"
CARD = "card.json"
WEIGHTS = "model.weights.h5"
PHOTO_DENOISER = "photo-denoiser"
CAMERA_DENOISER = "camera-denoiser"
COLORIZER = "colorizer"  # a registered network, of which the zoo has two
PHOTO_COLORIZER = "photo-colorizer"
IMAGENET_COLORIZER = "imagenet-colorizer"  # of this name is the registered network, too
# The one that `cae_core.colorize`, the app and the command line take by default.
DEFAULT_COLORIZER = IMAGENET_COLORIZER
# Registered networks that predict a probability for every (a*, b*) bin.
AB_NETWORKS = (COLORIZER, IMAGENET_COLORIZER)
# Conditions of a colorizer's figures, and of the grey images beside it.
COLORIZED, GREY = "as cae.colorize gives it", "grey, nothing guessed"
# Values of `Card.kept`.
SINGLE, HALF, NOT_KEPT = "float32", "float16", "not kept"
# Figures of a card whose network its recipe measures just now.
UNMEASURED = ({"test_set": "none", "condition": "not measured yet"},)
# Input, target and output images of a network whose weights are not kept.
IMAGES = "images.npz"
# The learning-rate range test of a network whose rate was chosen by one.
LEARNING_RATE = "learning_rate.json"


@dataclass(frozen=True)
class Card:
    """Model card: data, training and measured results of a trained network.

    Attributes:
        name: The folder's name.
        title: Title in tables and on the card.
        summary: Purpose, in one or two sentences.
        source: Paper or document that describes the network.
        network: Architecture text, or a name in `models.networks.NETWORKS`.
        input_shape: (H, W, C) of the training images, or of the sample patches.
        dataset: Name of the data set, as `cae_core.load_dataset` takes it; empty where the network
            was trained on photographs that this function does not load.
        data: Training, validation and test images, in words.
        licence: Terms of that data, which the weights carry too.
        recipe: Shell command that trains the network.
        seconds: Duration of the training.
        recipe_notes: Training settings.
        parameters: Number of weights, trainable and not.
        latent_size: Numbers in the latent; None without a bottleneck.
        noise_range: Smallest and largest sigma of the training noise, in [0, 1]; None without
            noise.
        figures: Measured results, a row per test set and condition.
        sha256: Checksum of the measured weights file.
        section: Letter of the source in `architecture.presets.SOURCES`; empty for our own
            networks.
        published: The source's results: figures by name, and its words as ``said``.
        difference: Why measured and published figures differ, in a sentence or two.
        kept: ``float32``; ``float16``, rounded before they were measured; or ``not kept``: the
            folder has images in place of weights.
        error_weight: Weight of the squared error, in squared 1/255, against bits a pixel, of a
            network whose numbers were trained to be rounded; None for others.
    """

    name: str
    title: str
    summary: str
    source: str
    network: str
    input_shape: tuple[int, int, int]
    dataset: str
    data: str
    licence: str
    recipe: str
    seconds: float
    recipe_notes: str
    parameters: int
    latent_size: int | None
    noise_range: tuple[float, float] | None
    figures: tuple[dict[str, Any], ...]
    sha256: str
    section: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    difference: str = ""
    kept: str = SINGLE
    error_weight: float | None = None

    @property
    def architecture(self) -> Architecture | None:
        """The network as an architecture; None for one of `models.networks.NETWORKS`."""
        if BAR not in self.network:
            return None
        return Architecture.parse(self.network, input_shape=self.input_shape)

    @property
    def task(self) -> Task | None:
        """Task the network was trained on; None for classifiers and the photo networks."""
        task = self.figures[0].get("task")
        return None if self.architecture is None or task is None else task_from_dict(task)

    def save(self, folder: Path) -> None:
        """Writes ``card.json`` into the network's folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (folder / CARD).write_text(text + "\n")


def learning_rate_test(name: str) -> LearningRateTest | None:
    """The learning-rate range test of a network; None where the rate was not chosen by one.

    Example:
        >>> learning_rate_test("baseline").suggestion
        0.044
        >>> learning_rate_test("homework") is None
        True
    """
    path = FOLDER / name / LEARNING_RATE
    return read_json(LearningRateTest, path) if path.exists() else None


def snapshots(name: str) -> Snapshots | None:
    """The snapshots of a network's training; None where it kept none.

    Raises:
        ZooError: They cannot be read.
    """
    try:
        return Snapshots.load(FOLDER / name)
    except RecordError as error:
        raise ZooError(
            f"The snapshots of a training are whole. Received: {name}, whose {error}. "
            f"Install the project again, or run python -m cae_core make {name}."
        ) from error


def names() -> list[str]:
    """Names of all trained networks whose card can be read, in alphabetical order."""
    return sorted(set(_folders()) - unreadable_cards().keys())


def unreadable_cards() -> dict[str, str]:
    """The reasons why cards cannot be read, by name of their network."""
    found = {}
    for name in _folders():
        try:
            card(name)
        except ZooError as error:
            found[name] = str(error)
    return found


def _folders() -> list[str]:
    """Names of the folders that hold a card."""
    return [path.parent.name for path in FOLDER.glob(f"*/{CARD}")]


def card(name: str) -> Card:
    """Card of a network.

    Raises:
        ZooError: For an unknown name, or a card that cannot be read.
    """
    path = FOLDER / name / CARD
    if Path(name).name != name or not path.is_file():
        raise ZooError(
            f"A trained network's name is one of: {', '.join(names())}. Received: {name!r}. "
            "Choose one of them."
        )
    return _kept_card(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _kept_card(path: Path, modified: int) -> Card:
    """Caches `read_card`; a changed modification time reads the file again."""
    return read_card(path)


def read_card(path: Path) -> Card:
    """Reads a card from a file.

    Raises:
        ZooError: For a file that cannot be read or is not a card.
    """
    name = path.parent.name
    try:
        found = read_json(Card, path)
        with naming(path):
            named = ({"test_set", "condition"} <= row.keys() for row in found.figures)
            if not found.figures or not all(named):
                raise RecordError("has figures without a test set or a condition")
            # Read once, so that a card which names no network or task is refused here.
            _ = found.architecture, found.task
        return found
    except RecordError as error:
        raise ZooError(
            f"A card is a JSON file with the fields of Card. Received: {name}, whose {error}. "
            f"Install the project again, or run python -m cae_core make {name}."
        ) from error


def load(name: str, dtype: str = "float32") -> keras.Model:
    """Loads a trained network and checks its weights against the card's checksum.

    Args:
        name: One of `names`.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for faster convolutions where the
            processor has them.

    Returns:
        The model, shared between calls with the same arguments: do not train it.

    Raises:
        ZooError: For an unknown name, weights that are not kept, or weights that do not match
            the card.
    """
    known = card(name)
    weights = FOLDER / name / WEIGHTS
    if known.kept == NOT_KEPT:
        raise ZooError(
            "Only a network whose weights are kept can be loaded. "
            f"Received: {name!r}, whose weights are too large. Run {known.recipe} to make them."
        )
    if not weights.exists() or _kept_sha256(weights, weights.stat().st_mtime_ns) != known.sha256:
        raise ZooError(
            f"A network's weights are those that its card names. Received: {weights}, "
            f"{'which differs' if weights.exists() else 'which is missing'}. "
            f"Install the project again, or run {known.recipe}."
        )
    return _loaded(weights, known.sha256, dtype)


# Few, because memory is scarce where the app is hosted.
@functools.lru_cache(maxsize=8)
def _loaded(weights: Path, checksum: str, dtype: str) -> keras.Model:
    """Caches loaded networks by weights file, checksum and precision."""
    model = _build(read_card(weights.with_name(CARD)), dtype)
    model.load_weights(weights)
    return model


def is_loaded() -> bool:
    """Whether a network, and with it Keras, is in memory."""
    return _loaded.cache_info().currsize > 0


def _build(known: Card, dtype: str) -> keras.Model:
    """Builds a card's network with random weights."""
    from cae_core.models.builder import build
    from cae_core.models.networks import build_network

    if known.architecture is None:
        return build_network(known.network, dtype)
    return build(known.architecture)


def network_of(model: str | Run) -> tuple[Any, Architecture]:
    """Model and architecture of a network of the zoo, or of a training run.

    Args:
        model: A name in the zoo, or a run.

    Raises:
        ZooError: For an unknown name, or a network without an architecture text.
    """
    if not isinstance(model, str):
        return model.model, model.architecture
    architecture = card(model).architecture
    if architecture is None:
        raise ZooError(
            "Only a network with an architecture text can be applied as it is. "
            f"Received: {model!r}. Leave the model out where it is the one for the purpose."
        )
    return load(model), architecture


@functools.lru_cache(maxsize=256)
def _kept_sha256(path: Path, modified: int) -> str:
    """Caches `sha256`; a changed modification time reads the file again."""
    return sha256(path)


def sha256(path: Path) -> str:
    """SHA-256 of a file's content as a hexadecimal string."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
