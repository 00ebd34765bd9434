"""CAE Lab: ``streamlit run app.py``. This file only routes; every page is in ``pages/``."""

from cae_ui.common.shell import route

route()
