"""An image that was made of a photo, as a download."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import encode_like
from cae_ui.common.file_names import photo_name
from cae_ui.common.photo_input import Photo


def show_download(photo: Photo, opened: OpenedImage, image: np.ndarray, made: str) -> None:
    """An image as a PNG file, and as a JPEG file where the photo is one.

    Made in every run, not on demand: a press while the page reruns would ask for an image that is
    gone.

    Args:
        photo: The photo.
        opened: The photo as its file has it.
        image: What was made of it.
        made: What was done, such as "denoised".
    """
    endings = (".png", ".jpg") if opened.is_jpeg and not photo.is_sample else (".png",)
    for ending in endings:
        as_jpeg = ending == ".jpg"
        st.download_button(
            f"{made.capitalize()}{', JPEG' if as_jpeg else ''}",
            encode_like(opened, image, as_jpeg=as_jpeg),
            photo_name(photo.name, made, ending),
            icon=":material/download:",
            on_click="ignore",
        )
