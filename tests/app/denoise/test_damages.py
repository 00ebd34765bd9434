"""Damages other than Gaussian noise."""

import numpy as np
import pytest

from cae_core import zoo
from cae_core.training.tasks import RemoveJpeg, SaltAndPepper, ShotNoise
from cae_ui.common import full_size, photo_input
from cae_ui.denoise import damages
from cae_ui.denoise.damages import INTACT_NEIGHBOURS, JPEG, SHOT, damaged
from tests.app.finding import decibels, labels_of, said, upload
from tests.app.images import png


@pytest.mark.parametrize("damage", [SaltAndPepper(0.3), ShotNoise(20.0), RemoveJpeg(15.0)])
def test_a_damage_is_drawn_by_rows_that_differ_and_anew_with_another_seed(damage):
    photo = np.random.default_rng(0).uniform(0.3, 0.7, (130, 40, 3)).astype(np.float32)
    photo[64:128] = photo[:64]
    first, again = damaged(photo, damage, 1), damaged(photo, damage, 1)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - photo).max() > 0.05
    is_drawn = not isinstance(damage, RemoveJpeg)
    assert (first[:64] != first[64:128]).any() == is_drawn
    assert (damaged(photo, damage, 2) != first).any() == is_drawn
    assert damaged(photo[..., 0], damage, 1).shape == (130, 40)
    assert damaged(photo[:1, :1], damage, 1).shape == (1, 1, 3)


def test_every_damage_has_its_slider_its_method_and_what_that_was_trained_on(denoise_page):
    page = upload(
        denoise_page(damage="Salt and pepper"), "denoise-upload", ("small.png", png(96, 64))
    )
    assert page.selectbox("against-salt").value == INTACT_NEIGHBOURS
    assert decibels(page, "PSNR, repaired") > decibels(page, "PSNR, damaged") + 10
    assert labels_of(page.get("download_button")) == ["Repaired", "Damaged"]
    by_medians = decibels(page, "PSNR, repaired")
    page.selectbox("against-salt").set_value(zoo.PHOTO_DENOISER).run()
    assert "trained on Gaussian noise only" in said(page.caption)
    assert decibels(page, "PSNR, repaired") < by_medians - 5
    for kind, method, spoilt, made in (
        (SHOT, "against-shot", "noisy", "denoised"),
        (JPEG, "against-jpeg", "damaged", "repaired"),
    ):
        page.button_group("damage").set_value(kind).run()
        assert page.selectbox(method).value == zoo.PHOTO_DENOISER
        assert decibels(page, f"PSNR, {made}") > decibels(page, f"PSNR, {spoilt}")
        assert page.button_group("show").value == made.capitalize()
    assert "curve" not in [toggle.key for toggle in page.toggle]


@pytest.mark.parametrize(("kind", "verb"), [(SHOT, "Denoise"), (JPEG, "Repair")])
def test_the_button_for_a_large_photo_says_what_is_done_to_it(
    denoise_page, monkeypatch, kind, verb
):
    monkeypatch.setattr(photo_input, "FAST_PIXELS", 10_000)
    monkeypatch.setattr(full_size, "WHOLE_PIXELS", 20_000)
    page = upload(denoise_page(), "denoise-upload", ("large.png", png(1300, 100)))
    page.button_group("damage").set_value(kind).run()
    assert f"{verb} all 0.1 megapixels" in labels_of(page.button)


@pytest.mark.heavy
@pytest.mark.parametrize("damage", [SaltAndPepper(0.3), ShotNoise(20.0), RemoveJpeg(15.0)])
def test_all_methods_for_a_damage_work(damage):
    photo = np.random.default_rng(0).random((40, 30, 3)).astype(np.float32)
    for method in damages.other_methods(damage).values():
        assert method(damaged(photo, damage, 0), 0.1).shape == photo.shape
