"""Every network of the sources, trained and measured, beside what was published."""

import streamlit as st

from cae_core.errors import CAEError
from cae_ui.common.messages import plain
from cae_ui.common.shell import page_header
from cae_ui.zoo.card import show_card
from cae_ui.zoo.networks import filtered_rows, network_input
from cae_ui.zoo.studies import show_claims, show_rate_distortion

page_header(
    "Zoo",
    "Every network of the sources, trained on its real data and measured here, beside what was "
    "published. Open one to see its card and curves, and to try it on a photo of yours.",
)
try:
    name = network_input(filtered_rows())
    if name is not None:
        show_card(name)
    show_rate_distortion()
    show_claims()
except CAEError as error:
    st.error(plain(error), icon=":material/error:")
