"""CAE Lab: ``streamlit run app.py``. This file only routes; every page is in ``pages/``."""

import streamlit as st

pages = [
    st.Page("pages/latent_size.py", title="Latent size", icon=":material/calculate:", default=True),
    st.Page("pages/trainer.py", title="Trainer", icon=":material/model_training:"),
]
st.set_page_config(page_title="CAE Lab", page_icon=":material/filter_center_focus:", layout="wide")
st.navigation(pages, position="top").run()
