"""Files appear whole, or stay as they were."""

import contextlib

import numpy as np
import pytest

from cae_core.files import replacing, write_arrays


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    return path


def test_a_reader_sees_the_old_file_to_its_end_and_then_the_new_one(path):
    with path.open() as old:
        with replacing(path) as partial:
            partial.write_text("new")
            assert path.read_text() == "old"
            assert partial.name.startswith(".")
            assert partial.suffix == path.suffix  # NumPy adds its own where it is another
        assert old.read() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_two_writers_do_not_write_into_one_file(path):
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"  # it ended last


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_fails_leaves_nothing_behind(path, is_folder):
    target = path.with_name("run") if is_folder else path
    with pytest.raises(OSError, match="full"), replacing(target) as partial:
        if is_folder:
            partial.mkdir()
        (partial / "inside" if is_folder else partial).write_text("half of")
        raise OSError("the disk is full")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_arrays_are_written_whole_under_any_ending(tmp_path):
    path = tmp_path / "training.checkpoint"
    path.write_text("old")
    write_arrays(path, {"b": np.arange(3), "a": np.ones((2, 2))})
    with np.load(path) as found:
        assert found.files == ["b", "a"]
        np.testing.assert_array_equal(found["b"], [0, 1, 2])
    with pytest.raises(OSError, match="disk"):
        write_arrays(path, {"c": _FullDisk()})
    with np.load(path) as found:
        assert found.files == ["b", "a"]
    assert list(tmp_path.iterdir()) == [path]


class _FullDisk:
    def __array__(self, dtype=None, copy=None):
        raise OSError("the disk is full")


def test_nothing_takes_the_place_where_the_guard_raises(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    @contextlib.contextmanager
    def guard():
        assert target.read_text() == "old"
        raise PermissionError
        yield

    with pytest.raises(PermissionError), replacing(target, guard) as partial:
        partial.write_text("new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
