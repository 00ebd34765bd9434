"""Resources that all sessions share."""

import gc

from cae_ui.common import resources


def test_what_is_loaded_is_taken_out_of_the_garbage_collectors_work():
    gc.unfreeze()
    resources.freeze_garbage_collector()
    assert gc.get_freeze_count() > 1000
    gc.unfreeze()
