"""The address of a page, and the texts that an architecture had."""

import pytest
from streamlit.testing.v1 import AppTest

from cae_ui.common import address
from cae_ui.common.shell import _texts
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


def test_an_address_may_name_a_widget_that_an_earlier_page_had():
    def script():
        import streamlit as st

        from cae_ui.common.address import asked, drop_the_impossible, name_the_unusable

        page, given, notes = st.query_params["page"], asked(), st.container()
        drop_the_impossible(page, given, ())
        if page == "with the widget":
            st.number_input("Guess", key="guess")
        name_the_unusable(notes, page, given)

    app = AppTest.from_function(script, default_timeout=300)
    for page, guess in [("with the widget", "0"), ("without", "1"), ("without, too", "2")]:
        app.query_params = {"page": page, "guess": guess}
        app.run()
        assert not app.exception
        assert not app.warning


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
        ("colorize", {"hints": "", "hint-at": "nan"}),
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


# Every page with everything that its address can open; without settings where that is most.
OPENED = [
    (None, {}),
    ("latent_size", {"compare": "true"}),
    ("latent_size", {"homework": "2"}),
    ("inside", {}),
    ("inside", {"part": "Latent", "edits": "0-swap"}),
    ("inside", {"part": "Between two images"}),
    ("inside", {"part": "Map", "network": "vae2-mnist"}),
    ("inside", {"source": "A photo"}),
    ("trainer", {}),
    ("trainer", {"task": "Remove noise"}),
    ("trainer", {"task": "Remove noise", "range": "true"}),
    *(("trainer", {"homework": step}) for step in "134"),
    ("sweep", {}),
    ("sweep", {"order": "Random: settings drawn from the grid"}),
    ("sweep", {"mode": "Test a claim"}),
    ("denoise", {}),
    ("denoise", {"lie": "true"}),
    pytest.param("denoise", {"methods": "true"}, marks=pytest.mark.heavy),
    ("denoise", {"mode": "My photo is noisy"}),
    ("colorize", {}),
    ("compress", {}),
    ("zoo", {}),
]


@pytest.mark.parametrize(("path", "query"), OPENED)
def test_junk_in_any_parameter_of_any_page_is_named_once(open_page, path, query):
    file = path and f"pages/{path}.py"
    page = open_page(file, **query)
    bound = page.session_state[address._NAMES]
    names = {name for of_page in bound.values() for name in of_page}
    names |= page.session_state[address._UNBOUND].keys()
    names -= query.keys() | _texts(path)
    assert names
    junk = dict.fromkeys(names, "junk")
    page = open_page(file, **junk, **query)
    warnings = [text_in(warning.value) for warning in page.warning if "address" in warning.value]
    for name in names:
        assert f"Received: {name}=junk. The page shows " in "\n".join(warnings), name
    assert len(warnings) == len(names), warnings
    assert "address" not in said(page.run().warning)
    assert "junk" not in page.query_params.values()


@pytest.mark.parametrize(
    ("path", "query", "used"),
    [
        ("colorize", {"hints": "500,20,-7,60;junk;1,2,3"}, "500,20,-7,60"),
        ("colorize", {"hints": "500,20,900,60"}, "500,20,128,60"),
        ("colorize", {"hint-at": "9999999,0"}, "the middle"),
        ("colorize", {"hint-at": f"{'9' * 5000},1"}, "the middle"),
        ("inside", {"part": "Latent", "edits": "0-mute,junk,99999-mute"}, "0-mute"),
        ("inside", {"part": "Latent", "number": "-1"}, "0"),
        ("inside", {"image": "9" * 5000}, "1"),
        ("inside", {"part": "Map", "network": "vae2-mnist", "at": "9" * 5000}, "the chosen image"),
        ("latent_size", {"homework": "5"}, "no exercise"),
    ],
)
def test_what_is_used_of_a_value_is_said_and_stays_in_the_address(open_page, path, query, used):
    name, value = list(query.items())[-1]
    page = open_page(f"pages/{path}.py", **query)
    (warning,) = [text_in(warning.value) for warning in page.warning if "address" in warning.value]
    assert f"Received: {name}={value}. The page shows {used} there" in warning
    assert "address" not in said(page.run().warning)
    assert page.query_params.get(name) == (used if name in ("hints", "edits") else None)


def text_in(markdown):
    """A message without the signs that keep it from being Markdown."""
    return markdown.replace("\\", "").replace("\N{WORD JOINER}", "")


def test_a_place_outside_the_map_is_named_with_the_one_that_is_shown(open_page):
    query = {"part": "Map", "network": "vae2-mnist"}
    page = open_page("pages/inside.py", **query, at="999,-999")
    assert "Received: at=999,-999. The page shows " in said(page.warning)
    used = page.run().query_params["at"]
    assert used not in ("999,-999", "1")
    assert not open_page("pages/inside.py", **query, at=used).warning


def test_a_pair_of_trainings_that_is_not_here_is_named(open_page):
    page = open_page("pages/trainer.py", homework="3", trained_stride=["junk", "more"])
    assert "Received: trained\\_stride=junk, more. The page shows no trainings" in said(
        page.warning
    )


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
