"""Resources that all sessions share."""

import gc

import keras

from cae_ui.common import resources


def test_what_is_loaded_is_taken_out_of_the_garbage_collectors_work():
    gc.unfreeze()
    resources.freeze_garbage_collector()
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()


def test_a_run_of_a_page_leaves_the_names_of_layers_alone_that_another_one_is_building(open_page):
    first = keras.layers.ReLU().name
    open_page("pages/latent_size.py")
    assert keras.layers.ReLU().name != first
