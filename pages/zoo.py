"""The page Zoo: the networks of four sources, trained and measured beside what they published."""

import streamlit as st

from cae_core import zoo
from cae_core.errors import CAEError
from cae_ui.common.shell import page_header
from cae_ui.common.wording import plain, show_error, source_links
from cae_ui.zoo.card import show_card
from cae_ui.zoo.claims import show_claims
from cae_ui.zoo.rate_distortion import show_rate_distortion
from cae_ui.zoo.table import filtered_rows, network_input

page_header(
    "Zoo",
    f"The networks of {source_links()}, trained on their real data and measured here beside what "
    "was published. Choose one to see its card and curves, and to try it on your photo.",
)
for reason in zoo.unreadable_cards().values():
    st.caption(f":material/broken_image: {plain(reason)}")


def show_chosen() -> None:
    """The table of networks, and the card of the chosen one."""
    name = network_input(filtered_rows())
    if name is not None:
        show_card(name)


for show_part in (show_chosen, show_rate_distortion, show_claims):
    try:
        show_part()
    except CAEError as error:
        show_error(error)
