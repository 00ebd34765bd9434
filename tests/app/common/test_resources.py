"""Resources that all sessions share."""

import gc

import keras

from cae_ui.common import resources
from cae_ui.common.whole_photo import work_memory


def test_what_is_loaded_is_taken_out_of_the_garbage_collectors_work():
    gc.unfreeze()
    resources.freeze_garbage_collector()
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()


def test_a_run_of_a_page_leaves_the_names_of_layers_alone_that_another_one_is_building(open_page):
    first = keras.layers.ReLU().name
    open_page("pages/latent_size.py")
    assert keras.layers.ReLU().name != first


def test_work_on_the_largest_photo_that_a_host_allows_has_the_memory_it_takes(monkeypatch):
    monkeypatch.setenv("CAE_MAX_MEGAPIXELS", "61")
    resources.image_memory.clear()
    try:
        with resources.image_memory().reserve(work_memory((6_100, 10_000)), is_long=True):
            pass
    finally:
        resources.image_memory.clear()
