"""Controls keep their places and values on a page, whatever is shown above them.

Streamlit draws anew what changes its place, and no longer writes its value to the address. A value
that a run assigns takes back what a hand has done meanwhile.
"""

import pytest

from cae_ui.denoise.scene import IS_NOISY
from tests.app.finding import labelled, write

PAGES = (
    "start", "latent_size", "trainer", "inside", "zoo", "denoise", "colorize", "compress", "sweep",
)  # fmt: skip


def places(page):
    """The place of each control that is in the address or is a component, by its key."""
    found = {}

    def look(block, place):
        shown = [
            child
            for _, child in sorted(block.children.items())
            # As in a browser, where a container with nothing in it has no place.
            if getattr(child, "children", None) != {}
        ]
        for number, child in enumerate(shown):
            if hasattr(child, "children"):
                look(child, (*place, number))
            elif getattr(child, "key", None) and child.type != "button":
                found[child.key] = (*place, number)

    look(page._tree, ())
    return found


def assert_in_place(page, before):
    """That what was on the page before and still is, is where it was."""
    after = places(page)
    kept = before.keys() & after.keys()
    assert kept
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}


def arrive(start, name):
    """A page as the menu of the first one opens it."""
    return start.switch_page(f"pages/{name}.py").run()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_runs_again_has_its_controls_in_the_same_places(start_page, name):
    page = arrive(start_page(), name)
    before = places(page)
    assert_in_place(page.run(), before)


def test_a_network_that_cannot_be_built_leaves_the_form_in_its_place(start_page):
    page = arrive(start_page(), "latent_size")
    before = places(page)
    assert_in_place(write(page, "conv7 pool pool pool pool pool pool pool | up conv3"), before)


def test_other_noise_leaves_the_buttons_of_the_comparison_in_their_place(start_page):
    page = arrive(start_page(), "denoise")
    before = places(page)
    for label, value in (("Damage", "Salt and pepper"), ("Noise", IS_NOISY)):
        page = labelled(page.segmented_control, label).set_value(value).run()
        assert_in_place(page, before)


def test_filters_that_no_network_fits_leave_the_charts_in_their_place(start_page):
    page = arrive(start_page(), "zoo")
    before = places(page)
    for label, value in {"Data": "MNIST", "Task": "colorize"}.items():
        page = labelled(page.multiselect, label).set_value([value]).run()
    assert "No network fits" in page.info[0].value
    assert_in_place(page, before)


# Lists whose entries the browser knows by their labels, which can change, and the text that pages
# share.
ASSIGNED = {"network", "beside", "layer", "arch"}


def controls(block):
    """The page's controls."""
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from controls(child)
        elif hasattr(getattr(child, "proto", None), "set_value"):
            yield child


@pytest.mark.parametrize(
    ("name", "address"),
    [
        *((name, {}) for name in PAGES),
        ("latent_size", {"layer": "3"}),
        ("latent_size", {"layer": "latent"}),
        ("latent_size", {"layer": "input"}),
        ("inside", {"part": "Latent", "network": "dense-mnist", "edits": "3-scale1.5"}),
        ("inside", {"part": "Map", "network": "dense-mnist", "at": "0.1234,0.4321"}),
    ],
)
def test_a_run_assigns_nothing_to_a_control_that_has_its_value(start_page, name, address):
    page = start_page()
    page.query_params.update(address)
    page = arrive(page, name).run()
    found = list(controls(page._tree))
    assert found
    assert {control.key for control in found if control.proto.set_value} <= ASSIGNED
