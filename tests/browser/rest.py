"""A page at rest, which is when a person acts on it."""

from playwright.sync_api import Locator, expect


def at_rest(part: Locator) -> Locator:
    """A part of a page, once the page's run has ended.

    A run that is still going on may draw a field anew that was changed meanwhile, or close a list.
    """
    app = part.page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    return part
