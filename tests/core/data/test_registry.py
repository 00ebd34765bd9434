"""Data sets by name: parts that share nothing, the same for the same seed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cae_core.data import cutting, downloads, samples
from cae_core.data import registry as datasets
from cae_core.data.registry import Dataset, is_available, load_dataset, load_labels
from cae_core.data.samples import sample_check_images
from cae_core.errors import DatasetError

PARTS = ("train", "validation", "test")


def parts_of(dataset):
    return [getattr(dataset, part) for part in PARTS]


def sizes_of(dataset):
    return [len(part) for part in parts_of(dataset)]


# Dataset


def zeros(count=2, shape=(8, 8, 3), dtype=np.uint8):
    return np.zeros((count, *shape), dtype)


def test_a_dataset_knows_its_shape_and_describes_itself_in_one_line():
    dataset = Dataset("mine", zeros(4), zeros(), zeros(1))
    assert dataset.image_shape == (8, 8, 3)
    assert repr(dataset) == "Dataset('mine': 4 training, 2 validation, 1 test images of 8×8×3)"


def test_a_preview_counts_the_images_and_keeps_copies_of_a_few():
    parts = [np.full((count, 8, 8, 3), count, np.uint8) for count in (20, 12, 3)]
    preview = Dataset("levels", *parts, notes=("One.",)).preview()
    assert (preview.counts, preview.image_shape) == ((20, 12, 3), (8, 8, 3))
    assert (preview.name, preview.notes) == ("levels", ("One.",))
    assert (preview.samples == 12).all()
    assert preview.samples.shape == (8, 8, 8, 3)
    assert preview.test_samples.shape == (3, 8, 8, 3)
    assert not any(np.shares_memory(preview.samples, part) for part in parts)


def test_the_images_of_a_dataset_are_read_only_and_the_givers_array_is_not():
    images = zeros()
    dataset = Dataset("mine", images, images, images)
    with pytest.raises(ValueError, match="read-only"):
        dataset.train[0] = 1
    images[0] = 1
    assert dataset.train[0].max() == 1


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (zeros(dtype=np.float32), "uint8"),
        (zeros(shape=(8, 8)), "shape"),
        (zeros(shape=(8, 8, 4)), "1 or 3"),
        (zeros(count=0), "at least one image"),
        (zeros(shape=(8, 9, 3)), "one shape"),
        (zeros(shape=(8, 8, 1)), "one shape"),
    ],
)
@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_part_that_does_not_fit_is_refused(part, bad, message):
    parts = {"train": zeros(), "validation": zeros(), "test": zeros(), part: bad}
    with pytest.raises(DatasetError, match=rf"(?s){message}.*Received: "):
        Dataset("mine", **parts)


# Names and settings


def test_importing_datasets_loads_nothing_heavy():
    script = (
        "import sys, cae_core.data.registry as d; d.is_available('cifar10'); "
        "d.is_available('photo_patches'); "
        "print([m for m in ('keras', 'tensorflow', 'skimage', 'pandas') if m in sys.modules])"
    )
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=Path(datasets.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("cifar-10", "Did you mean 'cifar10'?"),
        ("MNIST", "Did you mean 'mnist'?"),
        ("fashion-mnist", "Did you mean 'fashion_mnist'?"),
        ("zzz", "Check its spelling."),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(name, remedy):
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    assert f"Received: {name!r}. {remedy}" in str(caught.value)
    assert all(known in str(caught.value) for known in datasets.DATASET_NAMES)


@pytest.mark.parametrize(
    "settings",
    [
        {"seed": -1},
        {"seed": 0.5},
        {"validation_fraction": 0},
        {"test_fraction": -0.1},
        {"validation_fraction": 0.5, "test_fraction": 0.5},
        {"validation_fraction": float("nan")},
        {"limit": 0},
        {"limit": True},
        {"limit": 1.5},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(DatasetError, match="Received: "):
        load_dataset("photo_patches", **settings)


def test_every_name_has_its_row_for_the_select_box():
    assert datasets.DATASET_NAMES == ("photo_patches", "cifar10", "mnist", "fashion_mnist")
    assert set(downloads.REMOTE_FILES) == set(datasets.DATASET_NAMES) - {"photo_patches"}


def test_what_is_on_this_machine_is_known_without_loading_it(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    assert is_available("photo_patches")
    assert is_available(tmp_path)
    assert not is_available("mnist")
    assert not is_available("imagenet")
    (tmp_path / "mnist.npz").touch()
    assert is_available("mnist")


# Public data sets


def write_npz(folder, name, shape, *, train=50, test=10, **replaced):
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (train, *shape), np.uint8),
        "x_test": rng.integers(0, 256, (test, *shape), np.uint8),
        **replaced,
    }
    np.savez(folder / f"{name}.npz", **arrays)
    return arrays


def test_the_original_test_part_is_kept_whole_and_validation_is_drawn_from_training(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    arrays = write_npz(tmp_path, "cifar10", (32, 32, 3))
    dataset = load_dataset("cifar10", seed=1)
    assert sizes_of(dataset) == [45, 5, 10]
    np.testing.assert_array_equal(dataset.test, arrays["x_test"])
    drawn = {image.tobytes() for part in parts_of(dataset)[:2] for image in part}
    assert drawn == {image.tobytes() for image in arrays["x_train"]}
    assert (dataset.validation != load_dataset("cifar10", seed=2).validation).any()
    np.testing.assert_array_equal(dataset.train, load_dataset("cifar10", seed=1).train)


def test_classes_belong_to_the_images_of_the_same_split(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    classes = np.arange(200, dtype=np.uint8)
    images = np.tile(classes[:, None, None], (1, 28, 28))  # every image is its class
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=classes, x_test=images, y_test=classes)
    for seed in (0, 3):
        data = load_dataset("mnist", seed=seed, validation_fraction=0.2)
        labels = load_labels("mnist", seed=seed, validation_fraction=0.2)
        for part in ("train", "validation", "test"):
            np.testing.assert_array_equal(getattr(data, part)[:, 0, 0, 0], getattr(labels, part))


def test_grey_images_get_a_channel_axis(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    arrays = write_npz(tmp_path, "mnist", (28, 28))
    dataset = load_dataset("mnist")
    assert dataset.image_shape == (28, 28, 1)
    np.testing.assert_array_equal(dataset.test[..., 0], arrays["x_test"])


@pytest.mark.parametrize(
    "replaced",
    [
        {"x_train": np.zeros((50, 28, 28), np.float32)},
        {"x_test": np.zeros((10, 32, 32, 3), np.uint8)},
    ],
    ids=["dtype", "shape"],
)
def test_an_npz_with_something_else_in_it_is_refused(tmp_path, monkeypatch, replaced):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    write_npz(tmp_path, "mnist", (28, 28), **replaced)
    with pytest.raises(DatasetError, match=r"Received: .*eplace"):
        load_dataset("mnist")


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_an_npz_is_never_unpickled(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    made = tmp_path / "made"
    trap = np.array([Trap(str(made))], dtype=object)
    write_npz(tmp_path, "mnist", (28, 28), x_train=trap)
    with pytest.raises(DatasetError, match="x_train and x_test"):
        load_dataset("mnist")
    assert not made.exists()


def test_an_npz_cut_short_or_without_the_arrays_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    path = tmp_path / "mnist.npz"
    np.savez(path, images=zeros())
    with pytest.raises(DatasetError, match="x_train and x_test"):
        load_dataset("mnist")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DatasetError, match="x_train and x_test"):
        load_dataset("mnist")


def test_a_limit_draws_a_subset_of_every_part_in_proportion(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_DATA_DIR", str(tmp_path))
    write_npz(tmp_path, "cifar10", (32, 32, 3), train=500, test=100)
    whole = load_dataset("cifar10")
    limited = load_dataset("cifar10", limit=90)
    assert sizes_of(limited) == [90, 10, 20]
    for some, every in zip(parts_of(limited), parts_of(whole), strict=True):
        chosen = {image.tobytes() for image in some}
        assert len(chosen) == len(some)
        assert chosen < {image.tobytes() for image in every}
    np.testing.assert_array_equal(limited.train, load_dataset("cifar10", limit=90).train)
    assert (limited.train != load_dataset("cifar10", limit=90, seed=1).train).any()
    assert sizes_of(load_dataset("cifar10", limit=1)) == [1, 1, 1]
    assert sizes_of(load_dataset("cifar10", limit=10_000)) == sizes_of(whole)
    assert any("90 of 450" in note for note in limited.notes)


def test_the_environment_limits_every_data_set_but_not_the_sample_images(monkeypatch):
    monkeypatch.setenv("CAE_DATA_LIMIT", "40")
    assert sizes_of(load_dataset("photo_patches")) == [40, 5, 5]
    assert sizes_of(load_dataset("photo_patches", limit=80)) == [40, 5, 5]
    assert sizes_of(load_dataset("photo_patches", limit=8)) == [8, 1, 1]
    assert len(sample_check_images()) == 200
    for wrong in ("0", "-1", "many", "1.5"):
        monkeypatch.setenv("CAE_DATA_LIMIT", wrong)
        with pytest.raises(DatasetError, match=r"CAE_DATA_LIMIT .*Received"):
            load_dataset("photo_patches")


@pytest.mark.parametrize("name", ["cifar10", "mnist", "fashion_mnist"])
def test_the_real_sets_have_the_sizes_in_the_table_and_their_own_test_part(name):
    folder = os.environ.get("CAE_DATA_DIR")
    if not folder or not (Path(folder) / f"{name}.npz").is_file():
        pytest.skip(f"CAE_DATA_DIR names no folder with {name}.npz")
    dataset = load_dataset(name)
    info = datasets.DATASETS[name]
    assert dataset.image_shape == info.image_shape
    assert sizes_of(dataset) == list(info.sizes)
    with np.load(Path(folder) / f"{name}.npz") as arrays:
        np.testing.assert_array_equal(
            dataset.test.reshape(arrays["x_test"].shape), arrays["x_test"]
        )
        assert len(dataset.train) + len(dataset.validation) == len(arrays["x_train"])


# photo_patches


@pytest.mark.parametrize("seed", [0, 7])
def test_photo_patches_has_exactly_the_promised_sizes_and_hardly_any_flat_patch(seed):
    dataset = load_dataset("photo_patches", seed=seed)
    info = datasets.DATASETS["photo_patches"]
    assert sizes_of(dataset) == list(info.sizes) == [20_000, 2_500, 2_500]
    assert dataset.image_shape == info.image_shape
    distinct = {image.tobytes() for part in parts_of(dataset) for image in part}
    assert len(distinct) > 24_900
    assert (dataset.test.mean(axis=3).std(axis=(1, 2)) < cutting.FLAT_STD).mean() < 0.1


def test_photo_patches_is_the_same_for_the_same_seed_and_built_once():
    first = load_dataset("photo_patches", seed=3)
    assert load_dataset("photo_patches", seed=3) is first
    samples.photo_patches.cache_clear()
    again = load_dataset("photo_patches", seed=3)
    assert again is not first
    for before, after in zip(parts_of(first), parts_of(again), strict=True):
        np.testing.assert_array_equal(before, after)
    assert (load_dataset("photo_patches", seed=4).test != first.test).any()


def test_without_the_photographs_there_is_a_remedy(monkeypatch):
    monkeypatch.setattr(samples, "PHOTOGRAPHS", ("nothing.png",))
    samples.photo_patches.cache_clear()
    assert not is_available("photo_patches")
    with pytest.raises(DatasetError, match="Install scikit-image"):
        load_dataset("photo_patches")
