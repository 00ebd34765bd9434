"""The part "Latent": a latent changed in the address or by its controls, and what comes of it."""

import pytest

import cae_core as cae
from cae_core.inspection import Edit
from cae_ui.inside import latent
from tests.app.finding import decibels, labelled, pickers, press, said

DENSE = "32x32x3 flatten dense6:linear | dense3072:sigmoid reshape32x32x3"
SKIP = "conv4 @a pool conv5 | up cat@a conv3:sigmoid"
PSNR = "PSNR of the decoded image"


def number(text):
    """A change in decibels, which is written with a true minus."""
    return float(text.removesuffix(" dB").replace("−", "-"))


def delta(page):
    return labelled(page.metric, PSNR).delta


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("network", "task", "label", "count"),
    [
        (SKIP, cae.Denoise(0.1), "Channels of the latent", 5),
        (DENSE, cae.Reconstruct(), "Numbers of the latent", 6),
    ],
)
def test_the_latent_of_ones_own_run_is_changed_and_decoded_again(
    inside_page, finished, network, task, label, count
):
    page = inside_page(network=f"run:{finished(network, task)}", part="Latent")
    assert not page.error
    assert len(pickers(page)[label]["choices"]) == count
    assert len(pickers(page)["Ranking"]["choices"]) == count
    assert ("Skip connections" in said(page.caption)) == (network == SKIP)
    assert delta(page) == ""
    unchanged = decibels(page, PSNR)
    dearest = pickers(page)["Ranking"]["choices"][0]
    page.query_params["number"] = dearest["value"]
    page.run()
    page.button_group(f"edit-{dearest['value']}").set_value("mute").run()
    assert page.query_params["edits"] == f"{dearest['value']}-mute"
    assert dearest["title"].endswith(delta(page))
    lost = decibels(page, PSNR) - unchanged
    assert lost == pytest.approx(number(delta(page)), abs=0.011)
    press(page, "Undo all")
    assert "edits" not in page.query_params
    assert delta(page) == ""


def test_a_factor_a_second_image_and_fewer_bits_each_change_the_image(inside_page):
    page = inside_page(network="homework", part="Latent", number="3")
    page.button_group("edit-3").set_value("scale").run()
    assert page.query_params["edits"] == "3-scale2"
    doubled = decibels(page, PSNR)
    page.slider("factor-3").set_value(-1.0).run()
    assert page.query_params["edits"] == "3-scale-1"
    page.slider("factor-3").set_value(-1e-16).run()  # a step from 0.1 to 0 may end there
    assert page.query_params["edits"] == "3-scale0"
    assert decibels(page, PSNR) != doubled
    page.button_group("edit-3").set_value("swap").run()
    assert "Second image" in pickers(page)
    swapped = decibels(page, PSNR)
    page.query_params["with"] = "5"
    assert decibels(page.run(), PSNR) != swapped
    press(page, "Undo all")
    page.select_slider("bits").set_value(2).run()
    assert delta(page).startswith("−")
    assert "1,024 numbers of 2 bits are 256 bytes; the image is 3,072, " in said(page.caption)


def test_edits_of_an_address_are_read_and_nonsense_in_it_is_left_out(monkeypatch):
    address = {}
    monkeypatch.setattr(latent.st, "query_params", address)
    address["edits"] = "0-mute,2-scale-0.5,1-swap,7-mean,9-mute,3-explode,x,4-scale1e9,5-scale"
    found = latent.kept_edits(8)
    assert found == {0: Edit("mute"), 2: Edit("scale", -0.5), 1: Edit("swap"), 7: Edit("mean")}
    latent.keep_edits(found)
    assert latent.kept_edits(8) == found
    latent.keep_edits({})
    assert address == {}


def test_a_ranking_of_many_numbers_waits_to_be_asked_for(inside_page, monkeypatch):
    monkeypatch.setattr(latent, "QUICK_MACS", 1)
    page = inside_page(network="homework", part="Latent")
    assert "Ranking" not in pickers(page)
    page.toggle("ranking").set_value(True).run()
    costs = pickers(page)["Ranking"]["heights"]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 0
