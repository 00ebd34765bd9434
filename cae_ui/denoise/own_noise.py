"""A note on a photo to which noise is added and that has noise of its own."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from cae_core.errors import ImageError
from cae_ui.common.links import NOISY_MODE
from cae_ui.denoise.scene import Scene, noise_of_photo

VISIBLE = 3 / 255  # a sigma that is seen without looking for it


def own_noise_note(place: DeltaGenerator, scene: Scene) -> None:
    """Says that an upload is noisy as it is, and how to take that noise off.

    Args:
        place: Where to say it.
        scene: The scene of a photo, with noise that was added to it or without.
    """
    if scene.clean is None or scene.photo.is_sample:
        return
    try:
        choice, _ = noise_of_photo(scene.photo, scene.opened)
    except ImageError:  # too small a photo to tell
        return
    if choice.name is None or choice.sigma < VISIBLE:
        return
    place.caption(
        f":material/grain: This photo has noise of its own, about {255 * choice.sigma:.1f} of 255. "
        f"To take that off, choose *{NOISY_MODE}*."
    )
