"""The part "Map": the latents of many images on a plane, which is decoded wherever one points."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS, is_available, load_dataset, load_labels
from cae_core.data.samples import sample_check_images, sample_check_name
from cae_core.errors import DatasetError
from cae_core.formats import format_share
from cae_core.images.operations import image_grid, to_uint8
from cae_core.inspection.latent_map import LatentMap, fitted_latents, normal_latents
from cae_core.inspection.network import InspectedNetwork
from cae_ui.common.address import reject, value_in_address, values_in_address
from cae_ui.common.charts import COLORS, TEAL, framed, show_chart
from cae_ui.common.controls import with_value
from cae_ui.common.network_choice import RUN_PREFIX
from cae_ui.common.picker import image_url, keep_choice
from cae_ui.common.pixels import show_pixels, show_tiles
from cae_ui.common.resources import job_queue
from cae_ui.common.wording import dataset_title, plain
from cae_ui.inside.digits import signed
from cae_ui.inside.hover import show_on_hover
from cae_ui.inside.mark import show_mark
from cae_ui.inside.opened import Opened, tile_factor

AT_KEY = "at"
_CHOSEN = "chosen"  # the chosen image, as the address has it
# What is opened: an image of the map by its number from 0, a place, or None for the chosen image.
At = int | tuple[float, float] | None
CHART_KEY, SEED_KEY, SHOWN_KEY = "latent-map", "draw", "on_map"
_ROUNDED = 1e-3  # an edge of the map as an address has it may be outside by so much
PLANE, IMAGES = "Decoded plane", "Images"
_SHOWN_WIDGET = "map-shows"
# As the address has them.
_LAYERS, _NO_LAYER = {"plane": PLANE, "images": IMAGES}, "nothing"
MOST_IMAGES, FEWEST_IMAGES = 1_000, 128
# Multiply-adds of a map, and of a plane that is decoded without being asked for: a second or so.
QUICK_MACS = 10**10
COLUMNS = 20  # of the decoded plane
CLICK_COLUMNS = 40  # places that can be clicked
THUMBNAILS, THUMBNAIL = 70, 0.052  # at most, and their side as share of the map's width
NEIGHBORS, DRAWN = 6, 16
LARGE = 112  # CSS pixels
CLASS_COLORS = (*COLORS, "#78350f", "#0c4a6e")
CLASS_NAMES = {
    "fashion_mnist": (
        "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
        "boot",
    ),
    "cifar10": (
        "airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class MapImages:
    """The images of a map.

    Attributes:
        images: uint8 (N, H, W, C).
        classes: Name of every image's class; empty where they have none.
        described: The images in words.
        noun: What one of them is called. The images at the left may be others.
    """

    images: np.ndarray
    classes: tuple[str, ...]
    described: str
    noun: str


def show_map(opened: Opened) -> None:
    """The chart, the image at the chosen place, and images decoded from random latents."""
    mapped, found = _mapped(opened.identity, _dataset_of(opened), opened.images, opened.network)
    if found is None:
        st.info("A map needs two images or more. This network came with one.")
    else:
        # Outside of the fragment: a click need not send the images again.
        show_on_hover(CHART_KEY, mapped.images)
        _show_parts(opened, mapped, found)


@st.fragment
def _show_parts(opened: Opened, mapped: MapImages, found: LatentMap) -> None:
    at = kept_place(found)
    chart, beside = st.columns([7, 5], gap="large")
    with beside:  # first: the chart takes longer to be drawn
        _show_place(opened, mapped, found, at)
    with chart:
        _show_chart(opened, mapped, found, at)
    _show_random(opened, found)


def _dataset_of(opened: Opened) -> str:
    """Name of the data set that the network was trained on."""
    if opened.choice.startswith(RUN_PREFIX):
        status = job_queue().status(opened.choice.removeprefix(RUN_PREFIX))
        return status.request.dataset
    return zoo.card(opened.choice).dataset


@st.cache_resource(max_entries=4, show_spinner="Squeezing the test images …")
def _mapped(
    identity: str, dataset: str, examples: np.ndarray, _network: InspectedNetwork
) -> tuple[MapImages, LatentMap | None]:
    """The images of a network's map, and the map."""
    report = analyze(_network.architecture)
    macs = sum(row.macs for row in report.rows if row.part == "encoder")
    count = int(np.clip(QUICK_MACS // max(macs, 1), FEWEST_IMAGES, MOST_IMAGES))
    mapped = _map_images(dataset, _network.image_shape, count, examples)
    if len(mapped.images) < 2:
        return mapped, None
    return mapped, LatentMap.of(_network.encode(mapped.images).latents)


def _map_images(
    dataset: str, shape: tuple[int, int, int], count: int, examples: np.ndarray
) -> MapImages:
    """Test images of a data set with their classes; where it is not here, sample images.

    Args:
        dataset: Name of the data set.
        shape: Height, width and channels of the network's images.
        count: Images at most.
        examples: What there is in any case, where no sample images have the shape.
    """
    if dataset in DATASETS and is_available(dataset) and DATASETS[dataset].image_shape == shape:
        test = load_dataset(dataset).test
        images = test[:count].copy()
        described = f"{len(images):,} test images of {dataset_title(dataset)}"
        classes: tuple[str, ...] = ()
        with contextlib.suppress(DatasetError):  # it has no classes
            labels = load_labels(dataset).test
            names = CLASS_NAMES.get(dataset, tuple("0123456789"))
            if len(labels) == len(test):  # not where a server limits its data sets
                classes = tuple(names[label] for label in labels[:count])
        return MapImages(images, classes, described, "Test image")
    missing = f"{plain(dataset_title(dataset))} is not on this machine" if dataset else "Here"
    samples = sample_check_images(shape)
    if samples.shape[1:] != shape:
        described = f"{missing}: {len(examples)} images of the training"
        return MapImages(examples, (), described, "Image")
    name = sample_check_name(shape)
    described = f"{missing}: {name}, which come with the app"
    return MapImages(samples[:count], (), described, "Sample image")


# The chosen place


def kept_place(found: LatentMap) -> At:
    """The choice in the address, by default the chosen image."""
    text = value_in_address(AT_KEY, "the chosen image")
    if text is None or text == _CHOSEN:
        return None
    if re.fullmatch(r"\d{1,6}", text) and 0 < int(text) <= len(found.points):
        return int(text) - 1
    if re.fullmatch(r"-?\d{1,6}(\.\d{1,4})?,-?\d{1,6}(\.\d{1,4})?", text):
        asked_for = [float(part) for part in text.split(",")]
        x, y = np.clip(asked_for, *found.bounds)
        at = (float(x), float(y))
        if any(np.abs(np.subtract(at, asked_for)) > _ROUNDED):
            reject(AT_KEY, _text(at))
        return at
    reject(AT_KEY)
    return None


def _chosen_latent(opened: Opened) -> np.ndarray:
    """The latent of the chosen image."""
    return opened.encoded().latents[0]


def _coordinates(opened: Opened, found: LatentMap, at: At) -> tuple[float, float]:
    """The place of an image, or the place itself."""
    if isinstance(at, tuple):
        return at
    if at is None:
        ((x, y),) = found.places_of(_chosen_latent(opened)[np.newaxis])
    else:
        x, y = found.points[at]
    return float(x), float(y)


def _chosen_name(opened: Opened) -> str:
    """What the image that was chosen at the left is called here."""
    return "The photo" if opened.is_photo else "The chosen image"


def _text(at: At) -> str:
    """What is opened as the address has it: images count from 1."""
    if at is None:
        return _CHOSEN
    if isinstance(at, int):
        return str(at + 1)
    # With 0 a negative one is none; without an exponent.
    return ",".join(f"{round(float(number), 4) + 0:.10g}" for number in at)


# The chart


def _show_chart(opened: Opened, mapped: MapImages, found: LatentMap, at: At) -> None:
    """The points, and behind them what the plane is decoded to."""
    report = analyze(opened.network.architecture)
    macs = COLUMNS**2 * sum(row.macs for row in report.rows if row.part == "decoder")
    behind = _layers_input([PLANE] if found.is_latent and macs < QUICK_MACS else [IMAGES])
    figure, place = map_figure(mapped, found), _coordinates(opened, found, None)
    if PLANE in behind:
        _add_image(figure, found, _plane(opened.identity, found, opened))
    if IMAGES in behind:
        # All at once: Plotly checks the ones there are with each that is added.
        figure.layout.images += tuple(
            thumbnail
            for thumbnail in _thumbnails(opened.identity, found, mapped.images)
            if not _covers(thumbnail, place)
        )
    _add_chosen(figure, place, _chosen_name(opened))
    show_chart(figure, CHART_KEY, on_choose=partial(keep_choice, AT_KEY))
    plane = (
        "The latent is two numbers, and this is all of it."
        if found.is_latent
        else f"The two directions in which the {found.latents[0].size:,} numbers of the latent "
        f"vary most (PCA) hold {format_share(found.explained)} of their variance."
    )
    st.caption(
        f"{mapped.described}. {plane} Click a point to open its image, and any other place "
        f"to decode it. The diamond is {_chosen_name(opened).lower()}, the ring what is opened."
    )
    show_mark(CHART_KEY, *_coordinates(opened, found, at))


def _layers_input(default: list[str]) -> list[str]:
    """What lies on the map, as the address says it; Streamlit's own could not say "nothing"."""
    named = values_in_address(SHOWN_KEY, " and ".join(default))
    asked_for = [name for name in named if name in _LAYERS]
    if set(named) - {*_LAYERS, _NO_LAYER}:
        reject(SHOWN_KEY, *asked_for)
    is_said = asked_for or _NO_LAYER in named
    chosen = [_LAYERS[name] for name in asked_for] if is_said else default
    if st.session_state.get(_SHOWN_WIDGET) != chosen:
        st.session_state[_SHOWN_WIDGET] = chosen

    def keep() -> None:
        now = [name for name, title in _LAYERS.items() if title in st.session_state[_SHOWN_WIDGET]]
        st.query_params[SHOWN_KEY] = now or [_NO_LAYER]

    return list(
        st.pills(
            "On the map",
            [PLANE, IMAGES],
            selection_mode="multi",
            key=_SHOWN_WIDGET,
            on_change=keep,
            label_visibility="collapsed",
        )
    )


def map_figure(mapped: MapImages, found: LatentMap) -> go.Figure:
    """The points of a map by class, and unseen points for clicks on empty places."""
    low, high = found.bounds
    places, _ = found.grid(CLICK_COLUMNS)
    figure = go.Figure(
        go.Scatter(
            x=places[:, 0],
            y=places[:, 1],
            mode="markers",
            marker={"color": "rgba(0, 0, 0, 0)", "size": 6},
            customdata=[_text((float(x), float(y))) for x, y in places],
            hovertemplate="decode (%{x:.2f}, %{y:.2f})<extra></extra>",
            showlegend=False,
        )
    )
    names = mapped.classes or ("",) * len(found.points)
    for place, name in enumerate(sorted(set(names), key=_class_order(names))):
        numbers = np.array([number for number, other in enumerate(names) if other == name])
        figure.add_trace(
            go.Scatter(
                x=found.points[numbers, 0],
                y=found.points[numbers, 1],
                mode="markers",
                name=name,
                customdata=[_text(int(number)) for number in numbers],
                marker={
                    "color": CLASS_COLORS[place % len(CLASS_COLORS)] if name else TEAL,
                    "size": 6,
                    "line": {"width": 0.5, "color": "white"},
                },
                hovertemplate=f"{name} ({mapped.noun.lower()} %{{customdata}})<extra></extra>",
                showlegend=bool(name),
            )
        )
    name = "Number" if found.is_latent else "Principal component"
    axis = {"zeroline": False, "showgrid": False}
    return framed(
        figure,
        height=560,
        xaxis={"title": f"{name} 1", "range": [low[0], high[0]], **axis},
        yaxis={"title": f"{name} 2", "range": [low[1], high[1]], **axis},
        legend_y=-0.12,
        dragmode="pan",
    )


def _add_chosen(figure: go.Figure, place: tuple[float, float], name: str) -> None:
    """Marks the chosen image, with room around it where it lies apart from all others."""
    x, y = place
    figure.add_trace(
        go.Scatter(
            x=[x],
            y=[y],
            mode="markers",
            name=name,
            customdata=[_CHOSEN],
            marker={
                # No class has these colours.
                "color": "white",
                "size": 13,
                "symbol": "diamond",
                "line": {"width": 3, "color": "black"},
            },
            hovertemplate=f"{name}<extra></extra>",
            showlegend=True,
        )
    )
    for axis, value in ((figure.layout.xaxis, x), (figure.layout.yaxis, y)):
        low, high = axis.range
        margin = 0.03 * (high - low)
        axis.range = [min(low, value - margin), max(high, value + margin)]


def _covers(thumbnail: Mapping[str, Any], place: tuple[float, float]) -> bool:
    """Whether a thumbnail would hide a mark at a place."""
    return all(
        abs(thumbnail[axis] - value) < 0.75 * thumbnail[f"size{axis}"]
        for axis, value in zip("xy", place, strict=True)
    )


def _class_order(names: tuple[str, ...]) -> Any:
    """Digits in their order, other classes by their first image."""
    return str if all(name.isdecimal() for name in names) else names.index


def _add_image(figure: go.Figure, found: LatentMap, image: np.ndarray) -> None:
    """Lays an image under the whole map."""
    low, high = found.bounds
    figure.add_layout_image(
        source=image_url(image),
        xref="x",
        yref="y",
        x=low[0],
        y=high[1],
        sizex=high[0] - low[0],
        sizey=high[1] - low[1],
        sizing="stretch",
        layer="below",
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _thumbnails(
    identity: str, _found: LatentMap, _images: np.ndarray
) -> Sequence[Mapping[str, Any]]:
    """Some images at their points, as a layout's images."""
    low, high = _found.bounds
    width, height = (float(side) for side in THUMBNAIL * (high - low))
    return [
        {
            "source": image_url(_images[number]),
            "xref": "x",
            "yref": "y",
            "x": float(_found.points[number][0]),
            "y": float(_found.points[number][1]),
            "sizex": width,
            "sizey": height,
            "xanchor": "center",
            "yanchor": "middle",
            "layer": "above",
        }
        for number in _found.spread(THUMBNAILS, THUMBNAIL)
    ]


@st.cache_data(max_entries=16, show_spinner="Decoding the plane …")
def _plane(identity: str, _found: LatentMap, _opened: Opened) -> np.ndarray:
    """The map decoded in a grid, as one image."""
    places, _ = _found.grid(COLUMNS)
    return image_grid(_decoded(_opened, _found.latents_at(places)), COLUMNS, gap=0)


def _decoded(opened: Opened, latents: np.ndarray) -> np.ndarray:
    """The images of latents, uint8; a task or skip connections take from the chosen image."""
    return to_uint8(opened.network.decode(opened.encoded().with_latents(latents)))


# The chosen place, decoded


def _show_place(opened: Opened, mapped: MapImages, found: LatentMap, at: At) -> None:
    """The image at the chosen point, or the one that the chosen place is decoded to."""
    side = tile_factor(opened.image.shape[1]) * opened.image.shape[1]
    side = max(side, LARGE)
    _place_sliders(found, _coordinates(opened, found, at), _text(at))
    if at is None:
        latent = _chosen_latent(opened)
        x, y = _coordinates(opened, found, at)
        st.markdown(f"**{_chosen_name(opened)} lies at ({signed(x, 2)}, {signed(y, 2)})**")
        shown = [opened.image, to_uint8(opened.decoded())]
        show_tiles(np.stack(shown), ["Original", "Decoded from its latent"], side, "")
    elif isinstance(at, int):
        latent = found.latents[at]
        label = f", {mapped.classes[at]}" if mapped.classes else ""
        st.markdown(f"**{mapped.noun} {at + 1}{label}**")
        shown = [mapped.images[at], _decoded(opened, latent[np.newaxis])[0]]
        show_tiles(np.stack(shown), ["Original", "Decoded from its latent"], side, "")
    else:
        (latent,) = found.latents_at(np.array([at]))
        st.markdown(f"**Decoded at ({signed(at[0], 2)}, {signed(at[1], 2)})**")
        show_tiles(_decoded(opened, latent[np.newaxis]), ["No image was encoded to it"], side, "")
    near = found.neighbors(latent, NEIGHBORS + 1).tolist()
    others = [
        number
        for number in near
        # The chosen image may be one of the map's.
        if number != at and not (at is None and np.array_equal(mapped.images[number], opened.image))
    ]
    numbers = np.array(others[:NEIGHBORS])
    st.markdown("**Nearest latents**")
    distances = np.sqrt(np.square(found.latents[numbers] - latent).reshape(len(numbers), -1).sum(1))
    labels = [
        f"{mapped.classes[number] if mapped.classes else number + 1}, {signed(distance)}"
        for number, distance in zip(numbers, distances, strict=True)
    ]
    show_tiles(mapped.images[numbers], labels, side // 2, "Neighbour")
    st.caption(
        f"{mapped.noun}s whose latents are nearest, and their distances in all numbers of the "
        "latent."
    )
    if at is not None:
        st.button(
            f"Back to {_chosen_name(opened).lower()}",
            icon=":material/undo:",
            on_click=keep_choice,
            args=(AT_KEY, _CHOSEN),
        )


def _place_sliders(found: LatentMap, values: tuple[float, float], text: str) -> None:
    """Two sliders that move the place, for those who cannot click on the map.

    Args:
        found: The map.
        values: The place.
        text: What is opened, as the address has it.
    """
    low, high = found.bounds
    keys = ("map-x", "map-y")
    x, y = (st.session_state.get(key) for key in keys)
    if x is not None and y is not None and _text((x, y)) == text:
        values = x, y  # all their digits, which the address does not have

    def move() -> None:
        keep_choice(AT_KEY, _text((st.session_state[keys[0]], st.session_state[keys[1]])))

    name = "Number" if found.is_latent else "Principal component"
    for axis, key in enumerate(keys):
        # A click on the map moves them, too.
        place = float(np.clip(values[axis], low[axis], high[axis]))
        st.slider(
            f"{name} {axis + 1}",
            float(low[axis]),
            float(high[axis]),
            with_value(key, place),
            step=float(high[axis] - low[axis]) / 200,
            format="%.2f",
            key=key,
            on_change=move,
        )


# Random latents


def _show_random(opened: Opened, found: LatentMap) -> None:
    """Images decoded from latents that are drawn at random."""
    st.markdown("**Images from random latents**")
    asked_for = value_in_address(SEED_KEY, "the first draw")
    is_number = asked_for is not None and re.fullmatch(r"[0-9]{1,6}", asked_for) is not None
    seed = int(asked_for) if asked_for is not None and is_number else 0
    if asked_for is not None and not is_number:
        reject(SEED_KEY)
    is_variational = opened.network.task.is_variational
    if is_variational:
        latents = normal_latents(found.latents.shape[1:], DRAWN, seed)
        said = (
            "Their latents are drawn from N(0, I): the network was trained so that the latents of "
            "images are distributed like that."
        )
    else:
        latents = fitted_latents(found.latents, DRAWN, seed)
        said = (
            "Their latents are drawn from the normal distribution that fits those on the map. "
            "Nothing made this network's latents normal: most draws lie where no image is. A "
            "variational network, such as vae2-mnist, is trained to be drawn from."
        )
    if opened.network.has_skips:
        said += " Skip connections carry much of the chosen image around the latent."
    show_pixels(image_grid(_decoded(opened, latents), columns=DRAWN), said)
    st.button(
        "Draw others",
        icon=":material/casino:",
        on_click=keep_choice,
        args=(SEED_KEY, str(seed + 1)),
    )
