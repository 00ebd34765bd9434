"""The latent of one image on other pages."""

import numpy as np
import pytest

from cae_ui.inside.panel import latent_tiles


@pytest.mark.parametrize(("size", "shape"), [(2, (1, 2)), (97, (1, 97)), (64, (4, 16))])
def test_a_vector_is_drawn_in_rows_without_a_number_that_it_has_not(size, shape):
    (tile,) = latent_tiles(np.ones(size, np.float32))
    assert tile.shape == (*shape, 3)
