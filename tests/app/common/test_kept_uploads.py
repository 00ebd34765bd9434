"""A visitor's photos: there again when he comes back to a page, and on the other pages."""

import hashlib

import pytest
from streamlit.testing.v1 import AppTest

from cae_ui.colorize import hints
from cae_ui.common import full_size, kept_uploads, photo_choice, photo_input
from tests.app.finding import finished, labels_of, pickers, press, said, upload
from tests.app.images import png

MINE, OTHER = ("mine.png", png(40, 30)), ("other.png", png(50, 30))


def _pages():
    """Two pages that take photos and one that does not; the last line says which is shown."""
    import streamlit as st

    from cae_ui.common.photo_choice import photo_choice, photos_choice

    shown = st.session_state.get("shown", "several")
    if shown == "several":
        photo, photos = photos_choice("several")
        st.text(" ".join([photo.name, "of", *(each.name for each in photos)]))
        st.text(photo.identity)
    elif shown == "single":
        st.text(photo_choice("single", in_address=True).name)


@pytest.fixture
def page():
    opened = AppTest.from_function(_pages, default_timeout=60).run()
    yield opened
    assert not opened.exception


def visit(page, shown):
    """Goes to another page, as the menu does."""
    page.session_state["shown"] = shown
    page.query_params.clear()
    return page.run()


def tiles(page):
    """The names of the photos that can be chosen, and that of the chosen one."""
    photos = pickers(page).get("Your photos", {"choices": [], "chosen": None})
    names = {choice["value"]: choice["title"] for choice in photos["choices"]}
    return list(names.values()), names.get(photos["chosen"])


def pick(page, key, name):
    """Chooses one of the visitor's photos."""
    (number,) = [
        choice["value"]
        for choice in pickers(page)["Your photos"]["choices"]
        if choice["title"] == name
    ]
    page.session_state[f"{key}-chosen"] = number
    return page.run()


def test_photos_are_there_again_when_the_visitor_comes_back(page):
    upload(page, "several-upload", MINE, OTHER)
    identity = pick(page, "several", "other.png").text[1].value
    visit(page, "nothing").run()
    visit(page, "several")
    assert page.text[0].value == "other.png of mine.png other.png"
    assert page.text[1].value == identity
    assert tiles(page) == (["mine.png", "other.png"], "other.png")
    assert "until you close or reload the page" in said(page.caption)


@pytest.mark.heavy
def test_a_sample_that_was_chosen_is_not_left_for_the_photos(page):
    upload(page, "several-upload", MINE)
    page.button_group("several-photo-instead").set_value("Rocket").run()
    visit(page, "nothing")
    visit(page, "several")
    assert page.text[0].value.endswith(" of mine.png")
    assert tiles(page) == (["mine.png"], None)


def test_photos_are_offered_on_another_page_and_shown_there_once_they_are_chosen(page):
    upload(page, "several-upload", MINE, OTHER)
    visit(page, "single")
    assert page.text[0].value == "Cat"
    assert tiles(page) == (["mine.png", "other.png"], None)
    pick(page, "single", "other.png")
    assert page.text[0].value == "other.png"
    assert page.query_params["upload"] == "2"
    upload(page, "single-upload", ("new.png", png(20, 20)))
    assert page.text[0].value == "new.png"
    visit(page, "several")
    assert page.text[0].value == "mine.png of mine.png other.png new.png"


def test_what_is_taken_off_the_list_is_gone_and_what_is_kept_is_not(page):
    upload(page, "several-upload", MINE)
    visit(page, "nothing")
    visit(page, "several")
    upload(page, "several-upload", OTHER)
    assert page.text[0].value == "other.png of mine.png other.png"
    page.file_uploader("several-upload").set_value([]).run()
    assert page.text[0].value == "mine.png of mine.png"


@pytest.mark.heavy
def test_photos_that_no_widget_lists_can_be_taken_away_one_by_one_or_all(page):
    upload(page, "several-upload", MINE, OTHER, ("third.png", png(60, 30)))
    assert not labels_of(page.button)  # the widget's list has a cross for each
    visit(page, "single")
    assert labels_of(page.button) == ["Remove all 3 kept photos"]
    pick(page, "single", "other.png")
    press(page, "Remove other.png")
    assert tiles(page) == (["mine.png", "third.png"], "mine.png")
    press(page, "Remove all 2 kept photos")
    assert tiles(page) == ([], None)
    assert page.text[0].value == "Cat"
    assert "upload" not in page.query_params
    assert visit(page, "several").text[0].value == "Cat of"


@pytest.mark.heavy
def test_beyond_what_is_kept_the_oldest_are_let_go_which_is_said(page, monkeypatch):
    monkeypatch.setattr(kept_uploads, "most_bytes", lambda: len(MINE[1]) + len(OTHER[1]))
    upload(page, "several-upload", MINE, OTHER, ("third.png", MINE[1]))
    assert page.text[0].value == "mine.png of mine.png other.png third.png"
    assert "Not among them: mine.png." in said(page.caption)
    for shown in ("nothing", "several"):
        visit(page, shown)
    assert tiles(page)[0] == ["other.png", "third.png"]
    assert "Not among them: mine.png." in said(page.caption)
    upload(page, "several-upload", ("fourth.png", OTHER[1]))
    assert tiles(page)[0] == ["third.png", "fourth.png"]
    assert "Not among them: other.png." in said(page.caption)
    press(page, "Remove third.png")
    assert "Not among them" not in said(page.caption)


@pytest.mark.heavy
def test_no_more_photos_are_kept_than_a_page_takes(page, monkeypatch):
    monkeypatch.setattr(photo_choice, "MOST_PHOTOS", 2)
    upload(page, "several-upload", MINE, OTHER)
    visit(page, "single")
    upload(page, "single-upload", ("new.png", png(20, 20)))
    assert tiles(page)[0] == ["other.png", "new.png"]


@pytest.fixture
def go_back(page, monkeypatch):
    """Follows the browser's Back or Forward to an address."""

    def follow(**query):
        page.query_params.clear()
        page.query_params.update(query)
        with monkeypatch.context() as browser:
            browser.setattr(photo_choice, "is_back_or_forward", lambda: True)
            page.run()
        return page.run()

    return follow


def test_back_leads_to_the_photo_that_the_address_names_and_forward_to_the_sample(page, go_back):
    upload(page, "several-upload", MINE, OTHER)
    pick(page, "several", "other.png")
    page.button_group("several-photo-instead").set_value("Rocket").run()
    assert "upload" not in page.query_params
    assert go_back(upload="2").text[0].value.startswith("other.png")
    assert go_back(upload="1").text[0].value.startswith("mine.png")
    assert go_back(**{"several-photo": "Rocket"}).text[0].value.startswith("Rocket")
    assert go_back(upload="1").text[0].value.startswith("mine.png")
    assert go_back().text[0].value.startswith("Cat")  # as the page was before the uploads


@pytest.mark.heavy
def test_back_to_a_photo_that_was_taken_away_shows_what_is_there(page, go_back):
    upload(page, "several-upload", MINE, OTHER)
    upload(page, "several-upload", OTHER)
    assert go_back(upload="1").text[0].value.startswith("other.png")
    assert page.query_params["upload"] != "1"


@pytest.mark.heavy
def test_an_address_that_names_a_sample_counts_more_than_the_photo_shown_last(page):
    upload(page, "several-upload", MINE)
    visit(page, "nothing")
    page.session_state["shown"] = "several"
    page.query_params["several-photo"] = "Rocket"
    page.run()
    assert page.text[0].value == "Rocket of mine.png"


@pytest.mark.heavy
def test_work_on_a_whole_photo_is_found_again(denoise_page, monkeypatch):
    for module in (photo_input, full_size):
        monkeypatch.setattr(module, "FAST_PIXELS", 10_000)
    monkeypatch.setattr(full_size, "WHOLE_PIXELS", 20_000)
    page = upload(denoise_page(), "denoise-upload", ("large.png", png(1300, 100)))
    press(page, "Denoise all 0.1 megapixels")
    finished(page)
    page.switch_page("pages/start.py").query_params.clear()
    page.run()
    page.switch_page("pages/denoise.py").query_params.clear()
    page.run()
    assert "1,300 × 100 pixels, done in" in said(page.caption)
    assert "That is not what is set now" not in said(page.caption)


@pytest.mark.heavy
def test_hints_of_an_upload_are_found_again_by_back(colorize_page, monkeypatch):
    page = upload(colorize_page(), "colorize-upload", MINE)
    page.query_params["hints"] = "500,500,60,30"
    page.query_params["hints-of"] = hashlib.blake2b(MINE[1], digest_size=4).hexdigest()
    for module in (photo_choice, hints):
        monkeypatch.setattr(module, "is_back_or_forward", lambda: True)
    page.run()
    left = dict(page.query_params)
    page.switch_page("pages/start.py").query_params.clear()
    page.run()
    page.switch_page("pages/colorize.py").query_params.update(left)
    page.run()
    assert page.query_params["hints"] == left["hints"]
    assert page.query_params["upload"] == left["upload"]
    assert not page.warning
