"""The parts of the page, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Callable

from cae_ui.inside.between import show_between
from cae_ui.inside.latent import show_latent
from cae_ui.inside.layers import show_layers
from cae_ui.inside.learning import show_learning
from cae_ui.inside.map import show_map
from cae_ui.inside.opened import Opened

PARTS: dict[str, Callable[[Opened], None]] = {
    "Layers": show_layers,
    "Latent": show_latent,
    "Between two images": show_between,
    "Map": show_map,
    "Learning": show_learning,
}
