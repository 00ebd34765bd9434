"""A trained network tried on a photo of any size."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core.errors import ImageError
from cae_core.images import encode_png, fit_within, to_uint8
from cae_core.jobs import JobStatus
from cae_core.metrics import psnr
from cae_core.photos import apply_to_photo, plan_photo
from cae_core.runs import Run
from cae_core.tasks import LUMA, Denoise, Reconstruct
from cae_ui.messages import plain
from cae_ui.pictures import BUNDLED_PHOTOS, photo_input
from cae_ui.resources import trained_run

PREVIEW_SIDE = 1200
PHOTO_PATCHES = "photo_patches"


def try_on_photo(status: JobStatus) -> None:
    """An upload, what a finished job's network makes of it, and how close that is."""
    if status.run_folder is None:
        return
    folder = str(status.run_folder)
    st.subheader("Try it on your photo")
    chosen = photo_input("try")
    if chosen is None:
        return
    photo, name = chosen
    height, width = photo.shape[:2]
    if max(height, width) > PREVIEW_SIDE and not st.toggle(
        f"Work on all of its {height * width / 1e6:.1f} megapixels (slower)", key="try-whole"
    ):
        photo = fit_within(photo, PREVIEW_SIDE)
        st.caption(f"Shrunk from {width} x {height} to {photo.shape[1]} x {photo.shape[0]}.")
    run = trained_run(folder, status.run_folder.stat().st_mtime)
    if run.architecture.input_shape[2] == 1 and isinstance(run.task, Reconstruct | Denoise):
        photo = _grey(photo)
    try:
        shown, result = _returned(folder, run, photo)
    except ImageError as error:
        st.error(plain(error), icon=":material/broken_image:")
        return
    pictures = [(photo, f"{plain(name)}, {photo.shape[1]} x {photo.shape[0]}")]
    if not isinstance(run.task, Reconstruct):
        damage = "With noise" if isinstance(run.task, Denoise) else "In grey"
        pictures.append((shown, f"{damage}: {psnr(shown, photo):.2f} dB"))
    pictures.append((result, f"From the network: {psnr(result, photo):.2f} dB"))
    for column, (picture, caption) in zip(st.columns(len(pictures)), pictures, strict=True):
        _picture(column, picture, caption)
    how = f"Done {plan_photo(run.architecture, *photo.shape[:2])}. PSNR against the original."
    if run.dataset == PHOTO_PATCHES and name in BUNDLED_PHOTOS:
        how += " Parts of this photo were among the training patches: upload one of your own."
    st.caption(how)
    st.download_button(
        "Download the result", encode_png(result), "result.png", icon=":material/download:"
    )


def _returned(folder: str, run: Run, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the network is shown of a photo, cut to [0, 1], and the picture it makes of it.

    Kept in the session, so that a rerun of the page costs nothing.
    """
    key = (folder, photo.shape, hash(photo.tobytes()))
    kept = st.session_state.get("try-result")
    if kept is None or kept[0] != key:
        bar = st.progress(0.0, "The network works …")

        def advance(done: int, total: int) -> None:
            bar.progress(done / total, "The network works …")

        # (H, W, C) -> (1, H, W, C) and back: tasks work on batches.
        shown = np.asarray(run.task.corrupt(photo[np.newaxis], run.config.seed))[0]
        output = apply_to_photo(run.model, run.architecture, shown, clip=False, on_progress=advance)
        result = np.asarray(run.task.picture(output[np.newaxis], photo[np.newaxis]))[0]
        bar.empty()
        visible = np.broadcast_to(np.clip(shown, 0, 1), photo.shape)
        st.session_state["try-result"] = kept = (key, (visible, result))
    return kept[1]


def _grey(photo: np.ndarray) -> np.ndarray:
    """Luma, which is what a network for grey pictures is compared with."""
    return photo @ np.array(LUMA, np.float32)[:, np.newaxis]


def _picture(column: st.delta_generator.DeltaGenerator, image: np.ndarray, caption: str) -> None:
    """A photo as wide as its column."""
    pixels = to_uint8(image)
    column.image(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels, caption, width="stretch")
