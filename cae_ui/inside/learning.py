"""The part "Learning": a training replayed from its snapshots."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core import zoo
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.images.metrics import psnr_from_mse
from cae_core.images.operations import image_grid, to_uint8
from cae_core.jobs.job import RUN
from cae_core.training.runs import load_snapshots
from cae_core.training.snapshots import Snapshots
from cae_ui.common.charts import AMBER, TEAL, framed, show_chart
from cae_ui.common.network_choice import RUN_PREFIX
from cae_ui.common.pixels import show_pixels, show_tiles
from cae_ui.common.resources import job_queue
from cae_ui.inside.colors import scale_legend, signed_colors
from cae_ui.inside.opened import NETWORK_KEY, Opened, image_input, tile_factor

MOST_CHANNELS, MOST_NUMBERS = 32, 256
MOMENT_KEY, KEPT_KEY = "moment", "kept"
REPLAYED = "vae2-mnist"  # a network of the zoo whose training kept snapshots


def show_learning(opened: Opened) -> None:
    """The training of the network, replayed."""
    show_replay(opened.choice)


def show_replay(choice: str) -> None:
    """The snapshots of a network's training; a sentence where it kept none.

    Args:
        choice: The network as the address of the page Inside names it.

    Raises:
        CAEError: They cannot be read.
    """
    architecture: Architecture | None
    if choice.startswith(RUN_PREFIX):
        status = job_queue().status(choice.removeprefix(RUN_PREFIX))
        snapshots, architecture = load_snapshots(status.folder / RUN), status.request.architecture
        why = "This run kept no snapshots: it is older than they are, or its images are too large."
    else:
        snapshots, architecture = zoo.snapshots(choice), zoo.card(choice).architecture
        why = "This network was trained before trainings kept snapshots."
    if snapshots is None:
        st.info(
            f"{why} Train one on the Trainer, or open one that kept some.", icon=":material/movie:"
        )
        if not choice.startswith(RUN_PREFIX):
            st.button(f"Open {zoo.card(REPLAYED).title}", on_click=_open_replayed)
        return
    _show_snapshots(snapshots, choice, 0 if architecture is None else _first_kernels(architecture))


def _first_kernels(architecture: Architecture) -> int:
    """Kernels of a network's first layer with weights.

    Example:
        >>> _first_kernels(Architecture.parse("pool conv8 | up conv3"))
        8
    """
    rows = analyze(architecture).rows
    return next((row.output_shape[-1] for row in rows if row.parameters), 0)


def _open_replayed() -> None:
    """Opens the network that can be replayed, on the page Inside."""
    st.query_params[NETWORK_KEY] = REPLAYED


@st.fragment
def _show_snapshots(snapshots: Snapshots, name: str, kernels: int) -> None:
    """A slider through time, and what the network was then.

    Args:
        snapshots: The snapshots.
        name: Tells the charts of two trainings apart.
        kernels: Kernels of the first layer, of which the snapshots may have kept some only.
    """
    # By what they are called, as the address has them: a number of epochs.
    moments = [said_epochs(float(epochs)) for epochs in snapshots.epochs]
    if st.session_state.get(MOMENT_KEY) not in {None, *moments}:
        del st.session_state[MOMENT_KEY]  # of another network
    moment = moments.index(
        st.select_slider(
            "Epochs trained", moments, moments[-1], key=MOMENT_KEY, bind="query-params"
        )
    )
    errors = _errors(snapshots)
    left, right = st.columns([7, 5], gap="large")
    with left:
        count = len(snapshots.images)
        show_pixels(
            image_grid(snapshots.images, columns=count),
            "Images that the training kept, not trained on",
        )
        epochs = said_epochs(float(snapshots.epochs[moment]))
        show_pixels(
            image_grid(snapshots.outputs[moment], columns=count), f"The output, epoch {epochs}"
        )
        if snapshots.latents.ndim == 3:
            _show_vectors(snapshots, moment)
        show_chart(_error_figure(snapshots, errors, moment), key=f"replay-{name}")
    with right:
        if snapshots.latents.ndim == 5:
            _show_maps(snapshots, moment)
        _show_kernels(snapshots, moment, kernels)


def said_epochs(epochs: float) -> str:
    """Epochs done, as short as they can be told apart.

    Example:
        >>> said_epochs(0.0), said_epochs(0.0227), said_epochs(3.0), said_epochs(12.34)
        ('0', '0.023', '3', '12.3')
    """
    return f"{epochs:.1f}".removesuffix(".0") if epochs >= 10 else f"{epochs:.2g}"


def _errors(snapshots: Snapshots) -> np.ndarray:
    """PSNR of the images' outputs at every moment, dB."""
    differences = (snapshots.outputs.astype(np.float32) - snapshots.images) / 255
    return np.asarray(psnr_from_mse(np.maximum(np.square(differences).mean((1, 2, 3, 4)), 1e-10)))


def _error_figure(snapshots: Snapshots, errors: np.ndarray, moment: int) -> go.Figure:
    """PSNR against epochs, a point for every snapshot, with a mark at the chosen one."""
    epochs = snapshots.epochs
    figure = go.Figure(
        go.Scatter(
            x=epochs,
            y=errors,
            mode="lines+markers",
            line={"color": TEAL},
            name="PSNR",
            hovertemplate="epoch %{x:.3g}: %{y:.2f} dB<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[epochs[moment]],
            y=[errors[moment]],
            mode="markers",
            marker={"size": 14, "color": AMBER},
            hoverinfo="skip",
        )
    )
    return framed(
        figure,
        height=200,
        xaxis={"title": "Epochs trained"},
        yaxis={"title": "PSNR of these images, dB"},
        showlegend=False,
    )


def _show_vectors(snapshots: Snapshots, moment: int) -> None:
    """The latents of all images, each in a column under its image."""
    latents = snapshots.latents.astype(np.float32)
    limit = float(np.abs(latents).max()) or 1.0
    now = latents[moment, :, :MOST_NUMBERS].T  # (n, N)
    # Flat cells where there are many rows, so that the whole is a third as high as wide.
    flatness = -(-3 * now.shape[0] // now.shape[1])
    show_pixels(
        signed_colors(now.repeat(flatness, axis=1), limit),
        f"The latent: a row for each of its {_counted(latents.shape[2], MOST_NUMBERS)} numbers, "
        "under the image",
    )
    st.html(scale_legend(limit, bool(latents.min() < 0)))


def _show_maps(snapshots: Snapshots, moment: int) -> None:
    """The latent of one of the kept images, channel by channel."""
    st.markdown("**The latent**")
    number = 0
    if len(snapshots.images) > 1:
        number = image_input(KEPT_KEY, snapshots.images, 0, "Kept image")
    latents = snapshots.latents[:, number].astype(np.float32)
    limit = float(np.abs(latents).max()) or 1.0
    # (h, w, c) -> (c, h, w, 3)
    tiles = np.moveaxis(signed_colors(latents[moment], limit), 2, 0)[:MOST_CHANNELS]
    side = tile_factor(tiles.shape[2]) * tiles.shape[2]
    show_tiles(tiles, [str(each) for each in range(len(tiles))], side, "Channel")
    st.html(scale_legend(limit, bool(latents.min() < 0)))
    st.caption(f"Of kept image {number + 1}, {_counted(latents.shape[3], MOST_CHANNELS)} channels.")


def _counted(count: int, most: int) -> str:
    """How many are shown."""
    return f"{count:,}" if count <= most else f"the first {most} of {count:,}"


def _show_kernels(snapshots: Snapshots, moment: int, count: int) -> None:
    """The first layer's kernels, or the first of them where fewer than `count` were kept."""
    kernels = snapshots.kernels.astype(np.float32)
    if not kernels.size:
        return
    limit = float(np.abs(kernels).max()) or 1.0
    # (H, W, C, M) -> (M, H, W, C)
    images = np.moveaxis(kernels[moment], 3, 0)
    is_color = images.shape[3] == 3
    shown = (
        to_uint8(0.5 + images / (2 * limit))
        if is_color
        else signed_colors(images.mean(axis=3), limit)
    )
    st.markdown("**Kernels of the first layer**")
    side = tile_factor(shown.shape[2]) * shown.shape[2]
    show_tiles(shown, [str(each) for each in range(len(shown))], side // 2, "Kernel")
    st.caption(
        f"What each channel looks for, {'grey is 0' if is_color else 'dark is 0'}; one scale for "
        "all moments."
        + (f" These are the first {len(shown)} of {count:,}." if count > len(shown) else "")
    )
