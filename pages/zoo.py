"""The page Zoo: the networks of four sources, trained and measured beside what they published."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from cae_core import zoo
from cae_core.errors import CAEError
from cae_core.zoo.table import Row
from cae_ui.common.section import section
from cae_ui.common.shell import page_header
from cae_ui.common.wording import plain, show_error, source_links
from cae_ui.zoo.card import show_card
from cae_ui.zoo.claims import show_claims
from cae_ui.zoo.gallery import show_gallery
from cae_ui.zoo.rate_distortion import show_rate_distortion
from cae_ui.zoo.table import (
    filtered_rows,
    network_input,
    open_network,
    show_from_the_top,
    show_table,
)

page_header(
    "Zoo",
    f"The networks of {source_links()}, trained on their real data and measured here beside what "
    "was published. Open one to see its card and curves, and to try it on your photo.",
)
for reason in zoo.unreadable_cards().values():
    st.caption(f":material/broken_image: {plain(reason)}")


@section
def show_networks(listed: list[Row]) -> None:
    """Networks as cards, then as a table."""
    if not listed:
        st.info("No network fits all three filters: remove one.", icon=":material/filter_alt:")
        return
    show_gallery(listed)
    show_table(listed)


parts: list[Callable[[], None]]
with st.container(horizontal=True, vertical_alignment="bottom"):
    name = network_input()
    if name is None:
        parts = [partial(show_networks, filtered_rows()), show_rate_distortion, show_claims]
    else:
        st.button("All networks", icon=":material/arrow_back:", on_click=open_network, args=(None,))
        parts = [partial(show_card, name)]
show_from_the_top()
for show_part in parts:
    try:
        show_part()
    except CAEError as error:
        show_error(error)
