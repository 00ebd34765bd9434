"""What several packages' tests share."""

import os

import pytest


@pytest.fixture
def whole_data():
    """Skips where the whole data sets are not on this machine."""
    if not os.environ.get("CAE_DATA_DIR"):
        pytest.skip("The whole test sets are in the folder that CAE_DATA_DIR names; it is not set.")
