"""Links from page to page that carry in their address all that the other page is to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import DATASETS
from cae_core.training.tasks import TASKS, Denoise, Reconstruct, Task, settings_of
from cae_ui.common.architecture_text import TEXT_KEY

# Of the Trainer, as its address spells them.
_DEFAULTS = {
    "task": Reconstruct.title,
    "range": "false",
    "data": next(iter(DATASETS.values())).title,
}
# Of Latent size. Not the zoo's own name for it: Streamlit would take that out of a link.
TRAINED_AS = "trained"
# Of Denoise.
NOISY_MODE = "My photo is noisy"
Address = Mapping[str, str | Sequence[str]]
# A link that looks like Streamlit's primary button: a button would leave a second entry in the
# browser's history, and cannot be opened in a new tab.
_STYLE = """
<style>
[class*="st-key-button-link"] a, [class*="st-key-button-link"] a:hover { justify-content: center;
  padding: 0.35rem 0.9rem; border-radius: 0.5rem; background: var(--button); }
[class*="st-key-button-link"] a span { color: var(--button-text) !important; }
[class*="st-key-button-link"] a:focus-visible { outline: 3px solid currentColor; }
[class*="st-key-button-link"] {
  --button: light-dark(#0f766e, #2dd4bf); --button-text: light-dark(#ffffff, #171614); }
[class*="st-key-button-link"]:has(a[disabled], [aria-disabled="true"]) { opacity: 0.5; }
</style>
"""


def latent_size_address(architecture: Architecture, *, trained_as: str = "") -> Address:
    """The address that shows a network on the page Latent size.

    Args:
        architecture: The network.
        trained_as: The network of the zoo whose task and data the page takes along to the Trainer.

    Example:
        >>> latent_size_address(Architecture.parse("conv8 | conv3"), trained_as="homework")
        {'arch': 'conv8 | conv3', 'trained': 'homework'}
    """
    return {TEXT_KEY: str(architecture)} | ({TRAINED_AS: trained_as} if trained_as else {})


def trainer_address(
    architecture: Architecture, *, task: Task | None = None, dataset: str = ""
) -> Address:
    """The address that shows a network in the Trainer, with its task and its data.

    Values that the Trainer has by default are left out where the visitor cannot have set others:
    Streamlit takes them out of an address, which makes one more step for Back.

    Args:
        architecture: The network.
        task: Its task; None leaves the visitor's.
        dataset: A data set's name; one that the registry lacks is left out.

    Example:
        >>> network = Architecture.parse("conv8 | conv3")
        >>> trainer_address(network, dataset="mnist")
        {'arch': 'conv8 | conv3', 'data': 'MNIST'}
    """
    address: dict[str, str | Sequence[str]] = {TEXT_KEY: str(architecture)}
    if task is not None and task.name in TASKS:
        address["task"] = task.title
    if isinstance(task, Denoise):
        low, high = (str(round(255 * sigma)) for sigma in task.sigma_range)
        is_fixed = low == high
        address |= {"sigma": low} if is_fixed else {"sigmas": (low, high)}
        address["range"] = str(not is_fixed).lower()
    for name in settings_of(type(task)) if task is not None else ():
        address[name] = f"{getattr(task, name):g}"
    if dataset in DATASETS:
        address["data"] = DATASETS[dataset].title
    return {
        name: value
        for name, value in address.items()
        if value != _DEFAULTS.get(name) or name in st.session_state
    }


def button_link(
    page: str, label: str, address: Address, *, icon: str, disabled: bool = False
) -> None:
    """A link to a page that looks like a primary button.

    Args:
        page: The page's file.
        label: Its label.
        address: What the page is to show.
        icon: Its icon.
        disabled: True for a link that leads nowhere now.
    """
    st.html(_STYLE)
    with st.container(key=f"button-link-{page}-{label}", width="content"):
        st.page_link(page, label=label, icon=icon, query_params=dict(address), disabled=disabled)
