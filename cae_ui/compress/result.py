"""One photo at one number of bytes: by our network, and by other codecs in as many."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.compression.codec import DEFAULT_QUALITY, QUALITIES
from cae_core.compression.comparison import Coded, at_same_size, verdict
from cae_core.compression.container import read_container
from cae_core.formats import format_size
from cae_core.images.decoding import OpenedImage
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name
from cae_ui.common.image_views import View, pixels, show_views
from cae_ui.common.photo_input import SAMPLE_PHOTOS, Photo, admitted, overview
from cae_ui.common.photo_output import say_lost
from cae_ui.common.pixels import show_image
from cae_ui.common.resources import freeze_garbage_collector
from cae_ui.common.section import section
from cae_ui.common.wording import number_columns, plain
from cae_ui.compress.samples import LONGEST_SIDE, stored_results

BYTES_PER_PIXEL = 300
"""Memory that coding and decoding an image takes, at most."""


def quality_input() -> int:
    """The slider of our network's quality, which the number of bytes follows from."""
    quality = st.slider(
        "Quality of our network", QUALITIES[0], QUALITIES[-1], DEFAULT_QUALITY,
        key="quality", bind="query-params",
        help="It says how finely the latent is rounded, and which network makes it. The others get "
        "as many bytes as it takes.",
    )  # fmt: skip
    return int(quality)


@section
def show_result(photo: Photo, quality: int) -> np.ndarray:
    """Our image beside the others' under the comparison slider, all figures, our file.

    Returns:
        The photo, a large one reduced, over white where it is transparent: uint8 (H, W, 3), a grey
        one (H, W).

    Raises:
        ImageError: The photo cannot be opened.
    """
    opened = overview(photo, LONGEST_SIDE)
    image = pixels(opened.pixels, opened)
    place = st.empty()  # in every run, because elements that change their place would be drawn anew
    if photo.identity in SAMPLE_PHOTOS and quality == DEFAULT_QUALITY:
        results = stored_results(photo.name)
    else:
        if "keras" not in sys.modules:
            with place.container():
                show_image(image, plain(photo.name))
        with admitted(BYTES_PER_PIXEL * image.shape[0] * image.shape[1]):
            results = _results(image, quality)
        place.empty()
    st.markdown(f"**{plain(verdict(results))}**")
    _show_views(image, results, replace(opened, opacity=None))
    _show_figures(results, image)
    _show_file(photo, opened, results[0], quality)
    return image


@st.cache_data(max_entries=8, show_spinner="The network and the other codecs work …")
def _results(image: np.ndarray, quality: int) -> list[Coded]:
    """Keeps the last results for all visitors."""
    results = at_same_size(image, quality)
    freeze_garbage_collector()
    return results


def _show_views(image: np.ndarray, results: list[Coded], opened: OpenedImage) -> None:
    """Our image on the left, one of the others or the original on the right."""
    ours, *others = results
    left = ours.image / np.float32(255), f"Our network, {ours.psnr:.2f} dB"
    views: dict[str, View] = {
        other.codec: (left, (partial(_floats, other.image), f"{other.codec}, {other.psnr:.2f} dB"))
        for other in others
    }
    views["Original"] = (left, (partial(_floats, image), "Original"))
    show_views(views, opened, key="compressed", choice="beside")


def _floats(image: np.ndarray) -> np.ndarray:
    """An image of bytes in [0, 1]."""
    return image / np.float32(255)


def _show_figures(results: list[Coded], image: np.ndarray) -> None:
    """A row for every codec, the nearest to the original first."""
    st.dataframe(
        [
            {
                "Codec": result.codec,
                "Bytes": len(result.data),
                "Bits per pixel": result.bits_per_pixel,
                "PSNR, dB": result.psnr,
                "SSIM": result.ssim,
            }
            for result in sorted(results, key=lambda result: -result.psnr)
        ],
        hide_index=True,
        width="stretch",
        column_config=number_columns("PSNR, dB", "SSIM")
        | {
            "Bytes": st.column_config.NumberColumn(format="localized"),
            "Bits per pixel": st.column_config.NumberColumn(format="%.3f"),
        },
    )


def _show_file(photo: Photo, opened: OpenedImage, ours: Coded, quality: int) -> None:
    """Our file as a download, and what it is."""
    height, width = ours.image.shape[:2]
    title = zoo.card(read_container(ours.data).network).title
    said = f"{format_size(width, height)} pixels by {title}."
    if (height, width) != opened.full_size:
        said += f" Reduced from {format_size(opened.full_size[1], opened.full_size[0])} pixels."
    st.caption(
        f"{plain(said)} The others get their largest file that is no larger, or their smallest; "
        "PCA's components and the network's weights are in no file. `cae-lab decompress FILE.cae` "
        "gives the same pixels on every machine, `cae-lab compress PHOTO` takes a photo of any "
        "size."
    )
    name = photo_name(photo.name, f"quality-{quality}", ".cae")
    show_download("Compressed, .cae", lambda: ours.data, name)
    say_lost(photo, opened, ".cae")
