"""The address of a page, and the texts that an architecture had."""

import pytest
from streamlit.testing.v1 import AppTest

from cae_ui.common import address
from cae_ui.common.text_history import MOST_TEXTS, TextHistory
from tests.app.finding import labelled, press, said, text_of, write

FIRST, SECOND, THIRD = (f"conv{count} pool | up conv3:sigmoid" for count in (4, 5, 6))


@pytest.fixture
def go_to(monkeypatch):
    """Opens an address as the browser's Back and Forward do."""

    def go(page, text):
        page.query_params.clear()
        if text is not None:
            page.query_params["arch"] = text
        with monkeypatch.context() as browser:
            browser.setattr(address, "is_back_or_forward", lambda: True)
            return page.run()

    return go


def test_back_and_forward_restore_the_network_of_their_address(latent_page, go_to):
    page = latent_page()
    original = text_of(page)
    for text in (FIRST, SECOND):
        write(page, text)
        assert page.query_params["arch"] == text
    assert text_of(go_to(page, FIRST)) == FIRST
    assert text_of(go_to(page, None)) == original
    assert text_of(go_to(page, SECOND)) == SECOND
    # The page goes on from there.
    labelled(page.slider, "Channels").set_value(7).run()
    assert page.query_params["arch"] == SECOND.replace("conv5", "conv7")


def test_an_address_that_the_browser_has_not_got_yet_takes_nothing_back(latent_page):
    page = write(latent_page(arch=FIRST), SECOND)
    page.query_params["arch"] = FIRST  # the run that it asked for before it heard of the second
    assert text_of(page.run()) == SECOND
    assert page.query_params["arch"] == SECOND


def test_back_to_a_page_that_the_menu_opened_shows_the_network_it_was_opened_with(
    latent_page, go_to
):
    page = latent_page(arch=FIRST)
    page.switch_page("pages/trainer.py").query_params.clear()  # as the menu does
    page.run()
    assert page.query_params["arch"] == FIRST
    write(page, SECOND)
    assert text_of(go_to(page, None)) == FIRST
    assert page.query_params["arch"] == FIRST


def test_every_change_can_be_undone_and_done_again(latent_page):
    page = latent_page(arch=FIRST)
    labelled(page.slider, "Channels").set_value(5).run()
    write(page, "no network")
    press(page, "Undo")
    assert (text_of(page), page.query_params["arch"]) == (SECOND, SECOND)
    press(page, "Undo")
    assert text_of(page) == FIRST
    assert labelled(page.button, "Undo").disabled
    press(page, "Redo")
    assert text_of(page) == SECOND
    write(page, THIRD)
    assert labelled(page.button, "Redo").disabled
    press(page, "Reset")
    assert text_of(page) == FIRST
    assert text_of(press(page, "Undo")) == THIRD


def test_a_link_means_its_values_whatever_was_set_before():
    def script():
        import streamlit as st

        from cae_ui.common.address import arrive, asked, leave

        page = st.query_params["page"]
        arrive(page, asked())
        if page == "first":
            st.selectbox("Letter", ["a", "b"], key="letter", bind="query-params")
            st.selectbox("Digit", ["1", "2"], key="digit", bind="query-params")
        leave()

    app = AppTest.from_function(script, default_timeout=300)
    app.query_params.update(page="first", letter="b", digit="2")
    app.run()
    app.query_params = {"page": "second"}
    app.run()
    # "a" is the default, which Streamlit alone would not take from an address.
    app.query_params = {"page": "first", "letter": "a"}
    app.run()
    assert (app.selectbox("letter").value, app.selectbox("digit").value) == ("a", "2")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("trainer", {"seed": "inf", "task": ""}),
        ("trainer", {"seed": "nan", "loss": ""}),
        ("sweep", {"epochs": "inf", "images": "-inf", "mode": ""}),
        ("denoise", {"seed": "1e400", "damage": ""}),
        ("denoise", {"sigma": "Infinity", "mode": ""}),
        ("inside", {"layer": "", "source": ""}),
        ("inside", {"part": ""}),
        ("compress", {"quality": "", "curves": ""}),
    ],
)
def test_nothing_and_numbers_without_end_are_named_and_left_out(open_page, path, query):
    page = open_page(f"pages/{path}.py", **query)
    assert not page.query_params.keys() & query.keys()
    warnings = said(page.warning)
    assert "An address names what its page offers." in warnings
    for name, value in query.items():
        assert f"Received: {name}={value}. The page shows " in warnings
    assert not said(page.run().warning)


def test_texts_of_an_address_may_be_empty_or_any(open_page):
    page = open_page("pages/sweep.py", channels="", reduce="", seed="inf")
    assert page.text_input("channels").value == ""
    assert page.multiselect("reduce").value == []
    assert page.text_input("seed").value == "inf"
    assert text_of(open_page("pages/latent_size.py", arch="")) == ""


def test_old_texts_are_forgotten_but_the_first():
    history = TextHistory("first")
    for number in range(2 * MOST_TEXTS):
        history.visit(str(number))
    assert len(history.texts) == MOST_TEXTS
    assert (history.first, history.before) == ("first", str(2 * MOST_TEXTS - 2))
