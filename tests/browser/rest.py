"""A page at rest, which is when a person acts on it."""

import contextlib

from playwright.sync_api import Locator, Page, TimeoutError, expect

LIST_OPENS = 10_000  # milliseconds
OPENINGS = 20
STYLED = "56px"  # as in cae_ui/common/shell.css


def at_rest(part: Locator) -> Locator:
    """A part of a page, once the page has its style and its run has ended.

    A run that is still going on may draw a field anew that was changed meanwhile, or close a list.
    The browser still draws a page that opens when its run has ended, and has the style last: what
    sticks to the window then jumps to its place, perhaps from under the mouse.
    """
    app = part.page.get_by_test_id("stApp")
    expect(app.get_by_test_id("stMainBlockContainer")).to_have_css("padding-top", STYLED)
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    return part


def choose(page: Page, label: str, option: str) -> None:
    """Chooses from a list, which is opened again as a person would if the page closed it."""
    field = page.get_by_role("combobox", name=label)
    wanted = page.get_by_role("option", name=option)
    for _ in range(OPENINGS):
        at_rest(field).click()
        with contextlib.suppress(TimeoutError):
            wanted.click(timeout=LIST_OPENS)
            return
    raise AssertionError(f"{label!r} never offered {option!r}.")
