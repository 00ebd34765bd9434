"""What all tests have in common."""

import os

# Workers share the cores: threads of linear algebra would wait for one another. NumPy reads this
# when it is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# A slow machine fails no test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


class OneWorkerForTheBrowser(LoadFileScheduling):
    """Gives a worker whole files, and one of them all that a browser does.

    What a file's tests share is made once then, and one browser is enough, which mostly waits. It
    begins first, and then what takes longest in one file, since nobody can help there.
    """

    def __init__(self, config, log=None):
        config.option.loadscopereorder = False  # the order of `pytest_collection_modifyitems`
        super().__init__(config, log)

    def _split_scope(self, nodeid):
        return "browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return OneWorkerForTheBrowser(config, log)


LONGEST = (
    "tests/browser/",
    "tests/wheel/",
    "tests/core/zoo/test_cards.py",
    "tests/core/training/",
)


def pytest_collection_modifyitems(items):
    items.sort(
        key=lambda item: next(
            (place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)),
            len(LONGEST),
        )
    )
