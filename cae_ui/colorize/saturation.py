"""A saturation that falls by itself where sRGB has too few of the colours, unless it is to stay."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cae_core.formats import format_share
from cae_core.images.color import lightness_of
from cae_core.images.operations import as_image
from cae_core.photos.saturation import MOST_OUTSIDE
from cae_ui.colorize.scene import fitting, guess_of
from cae_ui.colorize.settings import Settings, returns_rgb
from cae_ui.common.photo_input import Photo, reduced
from cae_ui.common.section import section


@section
def saturation_note(photo: Photo, settings: Settings) -> Settings:
    """Says where the saturation falls and why, with a way to keep it; returns the settings.

    Args:
        photo: The photo.
        settings: The settings, whose saturation is what the slider has.

    Raises:
        ImageError: The photo cannot be opened.
    """
    if returns_rgb(settings.model):
        return settings
    lightness = lightness_of(as_image(reduced(photo).pixels))
    found = fitting(guess_of(lightness, settings.model), replace(settings, is_exact=False))
    if found.value == settings.saturation:
        return settings
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        is_exact = st.toggle(
            f"Keep {settings.saturation:.2f}", key="exact", bind="query-params",
            help=f"The saturation falls where more than {format_share(MOST_OUTSIDE)} of the pixels "
            "that are neither black nor white would leave the gamut of sRGB; what is still outside "
            "loses chroma.",
        )  # fmt: skip
        does = "leave" if is_exact else "would leave"
        said = f"At saturation {settings.saturation:.2f}, {format_share(found.outside)} of the "
        said += f"pixels {does} the gamut of sRGB"
        said += "." if is_exact else f": it falls to **{found.value:.2f}** by itself."
        st.caption(said, width="stretch")
    return replace(settings, is_exact=is_exact)
