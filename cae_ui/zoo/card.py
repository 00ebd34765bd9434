"""The card of one network: facts, curves, figures, architecture, images through it."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import SOURCES
from cae_core.data.registry import is_available
from cae_core.data.samples import sample_check_images, sample_check_name
from cae_core.formats import format_duration, format_share
from cae_core.images.operations import image_grid
from cae_core.training.config import LOSS_TITLES
from cae_core.training.history import (
    AFTER_THE_EPOCH,
    MEAN_OF_THE_EPOCH,
    middles,
    read_history,
)
from cae_core.zoo.cards import IMAGES, NOT_KEPT, Card
from cae_core.zoo.judge import ACCURACY
from cae_core.zoo.table import judge_own_accuracy
from cae_ui.common.charts import (
    INDIGO,
    RED,
    TRAINING_COLOR,
    VALIDATION_COLOR,
    framed,
    loss_axis,
    rate_figure,
    show_chart,
)
from cae_ui.common.links import NOISY_MODE, latent_size_address, trainer_address
from cae_ui.common.photo_trial import TrainedNetwork, try_on_photo
from cae_ui.common.pixels import OUTPUT_CAPTION, show_pixels
from cae_ui.common.resources import freeze_garbage_collector, named_dataset
from cae_ui.common.section import section
from cae_ui.common.wording import dataset_title, named_data, number_columns, plain
from cae_ui.inside.panel import show_link, show_panel
from cae_ui.zoo.colorings import show_colorings

GRID_IMAGES = 8
ERROR_AMPLIFIED = 4
# The losses in a history.csv.
_TRAINING_LOSS = "loss"
_LOSSES = (_TRAINING_LOSS, "validation_loss", "val_loss", "validation")
# Other columns: PSNR of validation images.
_CURVES = {
    "validation_noisy": "Real noise, as it was",
    "validation_psnr": "Real noise, denoised",
    "clean_psnr": "No noise added",
}
_PSNR = "PSNR, dB"
_COLORS = (TRAINING_COLOR, VALIDATION_COLOR, INDIGO, RED)
_PAGES = {
    zoo.PHOTO_DENOISER: ("pages/denoise.py", "Use it on the page Denoise", {}),
    zoo.CAMERA_DENOISER: (
        "pages/denoise.py",
        "Use it on the page Denoise",
        {"mode": NOISY_MODE, "denoiser": zoo.CAMERA_DENOISER},
    ),
    **dict.fromkeys(zoo.AB_NETWORKS, ("pages/colorize.py", "Use it on the page Colorize", {})),
}


@section
def show_card(name: str) -> None:
    """The card of a network and the network at work."""
    card = zoo.card(name)
    st.header(card.title, anchor=False)
    st.markdown(plain(card.summary))
    facts, curves = st.columns([5, 7], gap="large")
    with facts:
        _show_facts(card)
    with curves:
        show_chart(curves_figure(_history(card.name), _loss_title(card)), key="curves")
        _show_rate_test(card.name)
    _show_figures(card)
    if card.architecture is not None:
        _show_architecture(card, card.architecture)
    elif card.network in _PAGES:
        page, label, address = _PAGES[card.network]
        st.page_link(page, label=label, icon=":material/open_in_new:", query_params=address)
    if card.task is not None and card.architecture is not None:
        _show_images(card, card.architecture)
    if card.network in zoo.AB_NETWORKS:
        show_colorings(card.name)
    _show_inside(card)
    if card.task is not None and card.architecture is not None:
        _show_on_photo(card, card.architecture)


def _show_inside(card: Card) -> None:
    """The latent of an image, or a link to the feature maps; a sentence where there are none."""
    st.markdown("**Inside**")
    if card.kept == NOT_KEPT:
        st.caption(
            "Its weights are too large to be kept: there is nothing to look into until it is "
            f"trained again, with `{card.recipe}`."
        )
    elif card.task is None:
        st.caption("It has no latent to change; its feature maps and kernels can be looked at.")
        show_link(card.name)
    else:
        show_panel(card.name)


def _show_facts(card: Card) -> None:
    """Source, data, size and training of a network."""
    size = "" if card.latent_size is None else f"{card.latent_size:,} numbers"
    kept = {zoo.SINGLE: "as float32", zoo.HALF: "as float16, rounded before it was measured"}
    theirs = card.published.get("seconds")
    beside = f" (the source: {format_duration(theirs)}, on Google Colab)" if theirs else ""
    facts = {
        "Source": SOURCES[card.section].link if card.section else plain(card.source),
        "Trained on": plain(named_data(card.data)),
        "Licence of the data": plain(card.licence),
        "Parameters": f"{card.parameters:,}",
        "Latent": size,
        "Training time": f"{format_duration(card.seconds)}{beside}",
        "Training": plain(card.recipe_notes),
        "Train it again": f"`{card.recipe}`",
        "Weights": kept.get(card.kept, "not kept, because they are too large"),
    }
    st.markdown("  \n".join(f"**{label}:** {text}" for label, text in facts.items() if text))


def _show_rate_test(name: str) -> None:
    """The range test that chose the learning rate, where there was one."""
    test = zoo.learning_rate_test(name)
    if test is not None:
        with st.expander("The learning-rate range test"):
            show_chart(rate_figure(test), key="rates")
            st.caption(plain(test.reason))


def _history(name: str) -> dict[str, list[float]]:
    """The columns of a network's history.csv, by name."""
    rows = read_history(zoo.FOLDER / name)
    return {column: [row[column] for row in rows] for column in rows[0]}


def curves_figure(history: dict[str, list[float]], loss_title: str = "Loss") -> go.Figure:
    """The losses of a training, or its other measures where it kept no losses.

    The training's loss is a mean since the line before, and is drawn at its middle.

    Args:
        history: Columns by name; the first is the horizontal axis.
        loss_title: Title of the vertical axis of losses.
    """
    progress, *others = [name for name in history if name != "seconds"]
    ends = history[progress]
    losses = [name for name in others if name in _LOSSES]
    figure = go.Figure()
    for name, color in zip(losses or others, itertools.cycle(_COLORS), strict=False):
        figure.add_trace(
            go.Scatter(
                x=middles(ends) if name == _TRAINING_LOSS else ends,
                y=history[name],
                name=_curve_name(name, progress),
                mode="lines+markers" if len(ends) < 40 else "lines",
                line={"color": color},
            )
        )
    xaxis: dict[str, Any] = {"title": progress.capitalize()}
    if progress == "epoch":
        xaxis |= {"range": [0, ends[-1] * 1.02], "dtick": math.ceil(ends[-1] / 10)}
    every = [loss for name in losses for loss in history[name]]
    return framed(
        figure,
        height=340,
        xaxis=xaxis,
        yaxis=loss_axis(loss_title, every) if losses else {"title": _PSNR},
        legend_y=1.02,
        showlegend=True,
    )


def _curve_name(name: str, progress: str) -> str:
    """The name of a column of a history in the legend.

    Example:
        >>> _curve_name("loss", "images"), _curve_name("psnr_15", "patches")
        ('Training, mean since the point before', 'Sigma 15')
    """
    is_epochs = progress == "epoch"
    if name == _TRAINING_LOSS:
        return MEAN_OF_THE_EPOCH if is_epochs else "Training, mean since the point before"
    if name in _LOSSES:
        return AFTER_THE_EPOCH if is_epochs else "Validation"
    return _CURVES.get(name) or name.replace("psnr_", "Sigma ")


def _loss_title(card: Card) -> str:
    """What a network's losses are, as the Trainer names it, where its settings say so.

    Example:
        >>> _loss_title(zoo.card("homework")), _loss_title(zoo.card("feature-loss"))
        ('Mean squared error', 'Loss')
    """
    found = re.search(r", loss (\w+)\.(?! The loss adds)", card.recipe_notes)
    if card.task is None or found is None or found[1] not in LOSS_TITLES:
        return "Loss"
    return card.task.loss_title(found[1])


def _show_figures(card: Card) -> None:
    """Measured and published figures side by side, and why they differ."""
    first = named_data(card.figures[0]["test_set"])
    measured = [
        {"Test set": named_data(row["test_set"]), "Condition": row["condition"], **_named(row)}
        for row in card.figures
    ]
    published = {name: value for name, value in card.published.items() if name != "originals"}
    if published:
        words = {"The source's words": published["said"]} if "said" in published else {}
        condition = {"Test set": first, "Condition": "published by the source"}
        measured.insert(0, {**condition, **_named(published), **words})
    st.dataframe(
        measured,
        hide_index=True,
        width="stretch",
        placeholder="–",
        column_config=number_columns(*sorted(set(_NAMES.values()) - set(_SHARES)))
        | {heading: st.column_config.NumberColumn(format="%.2f %%") for heading in _SHARES},
    )
    own = judge_own_accuracy(card.dataset)
    if own is not None and ACCURACY in card.figures[0]:
        theirs = card.published.get("originals")
        beside = f" (the source's judge: {format_share(theirs, 2)})" if theirs else ""
        st.caption(
            "The judge is an evaluation classifier, trained on the original images. Its accuracy "
            f"on these: {format_share(own, 2)}{beside}."
        )
    if card.difference:
        st.markdown(f"**Measured against published:** {plain(card.difference)}")


_NAMES = {
    "mse": "MSE",
    "mae": "MAE",
    "bits_per_pixel": "Bits per pixel",
    "psnr_noisy": "PSNR, noisy, dB",
    "psnr": _PSNR,
    "psnr_least": "Least PSNR, dB",
    "least_gain": "Least gain, dB",
    "ssim": "SSIM",
    ACCURACY: "Judge's accuracy",
    "accuracy": "Accuracy",
    "confidence": "Confidence",
    "ab_rmse": "a*b* error",
    "ciede2000": "CIEDE2000",
    "colorfulness": "Colourfulness",
    "images": "Images",
}


_SHARES = ("Judge's accuracy", "Accuracy", "Confidence")


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """The numbers of a figure by their headings, shares in per cent."""
    named = {heading: row[name] for name, heading in _NAMES.items() if name in row}
    return {
        heading: 100 * value if heading in _SHARES else value for heading, value in named.items()
    }


def _show_architecture(card: Card, architecture: Architecture) -> None:
    """The architecture's text, and links that open it on other pages."""
    st.code(str(architecture), language=None, wrap_lines=True)
    with st.container(horizontal=True):
        st.page_link(
            "pages/latent_size.py",
            label="Open in Latent size",
            icon=":material/calculate:",
            query_params=dict(latent_size_address(architecture, trained_as=card.name)),
        )
        st.page_link(
            "pages/trainer.py",
            label="Open in Trainer",
            icon=":material/model_training:",
            query_params=dict(trainer_address(architecture, task=card.task, dataset=card.dataset)),
        )


def _show_images(card: Card, architecture: Architecture) -> None:
    """Test images, the network's inputs and outputs, and the error."""
    st.markdown("**Images through the network**")
    if card.kept == NOT_KEPT:
        with np.load(zoo.FOLDER / card.name / IMAGES) as kept:
            way = kept["images"][:, :GRID_IMAGES]
        described = sample_check_name(architecture.input_shape)
    else:
        images, described = _images(card)
        way = _way_through(card.name, card.sha256, images)
    originals, inputs, outputs = way
    error = np.abs(outputs.astype(np.int16) - originals) * ERROR_AMPLIFIED
    rows = [(originals, f"Originals: {described}")]
    if not np.array_equal(originals, inputs) and card.task is not None:
        rows.append((inputs, card.task.input_caption))
    rows += [
        (outputs, OUTPUT_CAPTION),
        (np.minimum(error, 255).astype(np.uint8), f"The error, {ERROR_AMPLIFIED} times as bright"),
    ]
    for images, caption in rows:
        show_pixels(image_grid(images, columns=GRID_IMAGES), caption)


def _images(card: Card) -> tuple[np.ndarray, str]:
    """Test images of the card's data set, or sample images, and a text that says which."""
    dataset = card.dataset
    if is_available(dataset):
        return named_dataset(dataset).test_samples, f"test images of {dataset_title(dataset)}"
    shape = card.input_shape
    if card.task is not None and card.task.needs_color:
        shape = (*shape[:2], 3)  # the network takes their lightness
    described = sample_check_name(shape)
    if dataset:
        described += f"; {dataset_title(dataset)} is not on this machine"
    return sample_check_images(shape)[:GRID_IMAGES], described


@st.cache_data(show_spinner="The network works …", max_entries=64)
def _way_through(name: str, checksum: str, images: np.ndarray) -> np.ndarray:
    """Images, the network's inputs and its outputs; a new checksum is a new network."""
    from cae_core.training.evaluation import samples_of

    task = zoo.card(name).task
    assert task is not None  # noqa: S101 - asked for only where there is one
    way = samples_of(zoo.load(name), task, images)
    freeze_garbage_collector()
    return way


def _show_on_photo(card: Card, architecture: Architecture) -> None:
    """The network on a photo of the visitor, where its weights are kept."""
    if card.kept == NOT_KEPT or card.task is None:
        return
    if not st.toggle("Try it on your photo", key="zoo-try", bind="query-params"):
        return
    dataset = card.dataset
    network = TrainedNetwork(
        card.sha256, card.name, zoo.load(card.name), architecture, card.task, dataset
    )
    try_on_photo(network)
