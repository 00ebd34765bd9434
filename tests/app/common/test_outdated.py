"""A run of a page that another has overtaken ends within its work."""

from streamlit.testing.v1 import AppTest


def overtaken_once():
    """A page whose first run is overtaken while it works."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    from cae_ui.common.outdated import ends_if_outdated

    runs = st.session_state.setdefault("runs", [])
    runs.append("begun")
    if len(runs) == 1:
        get_script_run_ctx().script_requests.request_rerun(RerunData())
    runs.append(ends_if_outdated())


def test_a_run_that_another_has_overtaken_ends_when_it_is_asked():
    page = AppTest.from_function(overtaken_once, default_timeout=300).run()
    assert not page.exception
    assert page.session_state["runs"] == ["begun", "begun", False]
