"""Data sets: parts that share nothing, the same for the same seed, from whatever comes in."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae_core import datasets, downloads
from cae_core.datasets import (
    Dataset,
    blocks_of,
    deal,
    is_available,
    load_dataset,
    load_folder,
    load_uploads,
    patches_from_images,
)
from cae_core.errors import DatasetError
from cae_core.images import encode_png

PARTS = ("train", "validation", "test")


def pictures(count, height=64, width=64, seed=0):
    """Make `count` different float32 pictures of noise."""
    rng = np.random.default_rng(seed)
    return list(rng.random((count, height, width, 3), dtype=np.float32))


def parts_of(dataset):
    return [getattr(dataset, part) for part in PARTS]


def sizes_of(dataset):
    return [len(part) for part in parts_of(dataset)]


def zip_of(entries, method=zipfile.ZIP_DEFLATED):
    """Make a zip archive of (name, content) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def pngs(count, **kwargs):
    return [(f"{index}.png", encode_png(p)) for index, p in enumerate(pictures(count, **kwargs))]


def save(folder, entries):
    for name, content in entries:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# Dataset


def zeros(count=2, shape=(8, 8, 3), dtype=np.uint8):
    return np.zeros((count, *shape), dtype)


def test_a_dataset_knows_its_shape_and_describes_itself_in_one_line():
    dataset = Dataset("mine", zeros(4), zeros(), zeros(1))
    assert dataset.image_shape == (8, 8, 3)
    assert repr(dataset) == "Dataset('mine': 4 training, 2 validation, 1 test images of 8×8×3)"


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
        "import sys, cae_core.datasets as d; d.is_available('cifar10'); "
        "d.is_available('photo_patches'); "
        "print([m for m in ('keras', 'tensorflow', 'skimage', 'pandas') if m in sys.modules])"
    )
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script],
        cwd=Path(datasets.__file__).parents[1],
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
    assert (dataset.test.mean(axis=3).std(axis=(1, 2)) < datasets.FLAT_STD).mean() < 0.1


def test_photo_patches_is_the_same_for_the_same_seed_and_built_once():
    first = load_dataset("photo_patches", seed=3)
    assert load_dataset("photo_patches", seed=3) is first
    datasets._photo_patches.cache_clear()
    again = load_dataset("photo_patches", seed=3)
    assert again is not first
    for before, after in zip(parts_of(first), parts_of(again), strict=True):
        np.testing.assert_array_equal(before, after)
    assert (load_dataset("photo_patches", seed=4).test != first.test).any()


def test_photo_patches_are_cut_from_parts_of_the_photographs_that_share_no_block():
    """Cut numbered blocks of the photographs' sizes: no number appears in two parts."""
    sizes = [(512, 512), (300, 451), (400, 600), (427, 640), (500, 741)]
    numbered = [numbered_blocks(*size, first=35 * index) for index, size in enumerate(sizes)]
    rng = np.random.default_rng(0)
    parts = datasets._deal_blocks(numbered, 32, 0.1, 0.1, rng)
    cut = datasets._cut_parts(parts, (4000, 500, 500), 32, rng)
    assert_no_block_is_shared(cut)
    areas = [sum(block.shape[0] * block.shape[1] for block in part) for part in parts]
    np.testing.assert_allclose(np.array(areas) / sum(areas), [0.8, 0.1, 0.1], atol=0.03)


def test_without_the_photographs_there_is_a_remedy(monkeypatch):
    monkeypatch.setattr(datasets, "PHOTOGRAPHS", ("nothing.png",))
    datasets._photo_patches.cache_clear()
    assert not is_available("photo_patches")
    with pytest.raises(DatasetError, match="Install scikit-image"):
        load_dataset("photo_patches")


# Disjoint parts


def numbered_blocks(height, width, first=0):
    """Make a picture whose red is the number of the block, constant in it; green is noise."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 1] = np.random.default_rng(first).integers(0, 256, (height, width))
    for number, block in enumerate(blocks_of(height, width, datasets.BLOCK_SIDE * 32)):
        picture[..., 0][block] = first + number
    return picture


def assert_no_block_is_shared(parts):
    numbers = []
    for patches in parts:
        red = patches[..., 0].reshape(len(patches), -1)
        # One number in a patch, at every scale: it was cropped before it was scaled.
        assert (red == red[:, :1]).all()
        numbers.append(set(red[:, 0].tolist()))
    assert all(numbers)
    assert not numbers[0] & numbers[1]
    assert not numbers[0] & numbers[2]
    assert not numbers[1] & numbers[2]


@given(
    height=st.integers(1, 2000),
    width=st.integers(1, 2000),
    side=st.integers(24, 200),
)
def test_blocks_cover_a_picture_without_overlap(height, width, side):
    covered = np.zeros((height, width), np.uint8)
    for block in blocks_of(height, width, side):
        covered[block] += 1
    assert (covered == 1).all()


@given(
    count=st.integers(0, 500),
    validation_fraction=st.floats(0.01, 0.9),
    test_fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 100),
)
def test_dealing_gives_everything_away_once_and_leaves_no_part_empty(
    count, validation_fraction, test_fraction, seed
):
    parts = deal(count, validation_fraction, test_fraction, np.random.default_rng(seed))
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert all(len(part) for part in parts) == (count >= 3)


def test_no_pixel_of_a_picture_is_in_two_parts(monkeypatch):
    """A picture whose pixels say where they are, cut at scale 1."""
    monkeypatch.setattr(datasets, "SCALES", (1.0,))
    rows, columns = np.mgrid[:500, :500]
    located = np.stack([rows % 256, columns % 256, rows // 256 * 2 + columns // 256], axis=-1)
    dataset = patches_from_images([located.astype(np.uint8)])
    seen = []
    for patches in parts_of(dataset):
        red, green, blue = patches.reshape(-1, 3).astype(int).T
        where = (blue // 2 * 256 + red) * 500 + blue % 2 * 256 + green
        seen.append(set(where.tolist()))
    assert len(seen[0]) > 0.6 * 500 * 500
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_few_pictures_are_split_by_blocks_and_the_notes_say_so():
    dataset = patches_from_images([numbered_blocks(500, 400), numbered_blocks(300, 450, first=99)])
    assert_no_block_is_shared(parts_of(dataset))
    assert any("blocks" in note for note in dataset.notes)


def test_from_ten_pictures_on_whole_pictures_are_dealt():
    rng = np.random.default_rng(0)
    numbered = [rng.integers(0, 256, (120, 150, 3), np.uint8) for _ in range(20)]
    for number, picture in enumerate(numbered):
        picture[..., 0] = number
    dataset = patches_from_images(numbered)
    assert_no_block_is_shared(parts_of(dataset))
    dealt = [len(np.unique(part[..., 0])) for part in parts_of(dataset)]
    assert dealt == [16, 2, 2]
    assert dataset.notes == ()


def test_only_training_patches_are_mirrored():
    brighter_to_the_right = np.linspace(0, 1, 640, dtype=np.float32)[:, None]  # (640, 1)
    ramp = np.broadcast_to(brighter_to_the_right, (640, 640, 3))
    dataset = patches_from_images([ramp], validation_fraction=0.2, test_fraction=0.2)
    rising = [(p[..., -1, 0].astype(int) > p[..., 0, 0]).mean() for p in parts_of(dataset)]
    assert 0.4 < rising[0] < 0.6
    assert rising[1:] == [1, 1]


# Pictures of one's own


def test_pictures_of_the_size_of_a_patch_are_used_as_they_are():
    rng = np.random.default_rng(0)
    small = [rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(30)]
    small.append(np.zeros((32, 32, 3), np.uint8))  # flat, and yet the user's
    dataset = patches_from_images(small)
    cut = sorted(patch.tobytes() for part in parts_of(dataset) for patch in part)
    assert cut == sorted(picture.tobytes() for picture in small)


def test_thumbnails_give_patches_side_by_side_from_their_middle():
    picture = np.random.default_rng(0).integers(0, 256, (40, 70, 3), np.uint8)
    patches = datasets._cut_patches([picture], 10, 32, np.random.default_rng(0), mirror=True)
    expected = [picture[4:36, 3:35], picture[4:36, 35:67]]
    assert {p.tobytes() for p in patches} == {p.tobytes() for p in expected}


def test_the_same_seed_cuts_the_same_patches():
    images = pictures(12)
    first, again, other = (patches_from_images(images, seed=seed) for seed in (1, 1, 2))
    for part in PARTS:
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
    assert first.test.tobytes() != other.test.tobytes()


def test_small_pictures_for_training_keep_the_other_parts_in_proportion():
    small = [np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8) for _ in range(8)]
    large = [np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)]
    parts = datasets._cut_parts(
        (small, large, large), (800, 100, 100), 32, np.random.default_rng(0)
    )
    assert [len(part) for part in parts] == [8, 1, 1]


def test_the_number_of_patches_is_bounded():
    dataset = patches_from_images(pictures(10, 128, 128), max_patches=100)
    assert sizes_of(dataset) == [80, 10, 10]
    little = patches_from_images(pictures(10, 64, 64))
    assert sum(sizes_of(little)) <= datasets.OVERLAP * 10 * 4


def test_another_size_of_patch_is_possible():
    dataset = patches_from_images(pictures(10, 200, 200), patch=64, max_patches=50)
    assert dataset.image_shape == (64, 64, 3)


def test_large_pictures_are_shrunk_and_long_ones_keep_room_for_a_patch():
    shrunk = datasets._shrunk(pictures(1, 300, 1200)[0], 1024, 32)
    assert shrunk.shape == (256, 1024, 3)
    assert datasets._shrunk(pictures(1, 40, 2000)[0], 256, 32).shape == (32, 1600, 3)
    assert datasets._shrunk(pictures(1, 40, 50)[0], 256, 32).shape == (40, 50, 3)


def test_pictures_beyond_what_memory_may_hold_are_left_out_with_a_note(monkeypatch):
    monkeypatch.setattr(datasets, "MAX_KEPT_PIXELS", 15 * 64 * 64)
    dataset = patches_from_images(pictures(40))
    assert dataset.source.startswith("Patches of 15 pictures")
    assert dataset.notes == ("Left out 25 pictures: the others are as many as memory allows.",)


def test_a_picture_that_comes_twice_is_used_once():
    images = pictures(12)
    dataset = patches_from_images([*images, images[3].copy()])
    assert len(dataset.notes) == 1
    assert "equals another picture" in dataset.notes[0]


def test_pictures_smaller_than_a_patch_are_skipped_with_a_note():
    dataset = patches_from_images([*pictures(10), *pictures(1, 20, 90)], notes=["Mine."])
    assert dataset.notes == ("Mine.", "Skipped picture 11: 20×90 is smaller than a patch.")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one picture"),
        (pictures(12, 20, 20), "smaller than a patch"),
        (pictures(2), "Give at least 10, or one of at least 192×192 pixels"),
        ([np.zeros((40, 40, 3), np.uint8)] * 20, "equals another picture.*Give at least 10"),
    ],
    ids=["none", "too small", "too few", "all alike"],
)
def test_too_little_material_is_refused_with_a_remedy(images, message):
    with pytest.raises(DatasetError, match=message):
        patches_from_images(images)


def test_one_picture_of_the_size_in_the_remedy_is_enough():
    assert sum(sizes_of(patches_from_images(pictures(1, 192, 192)))) > 100


@pytest.mark.parametrize(
    "settings",
    [{"patch": 7}, {"patch": 32.5}, {"max_patches": 2}, {"seed": -1}, {"test_fraction": 1}],
)
def test_settings_of_the_cutting_out_of_range_are_refused(settings):
    with pytest.raises(DatasetError, match="Received: "):
        patches_from_images(pictures(10), **settings)


# Folders


def test_a_folder_is_searched_with_its_subfolders_and_bad_files_are_named(tmp_path):
    save(tmp_path, pngs(10))
    save(tmp_path, [("deep/er/one.PNG", pngs(1, seed=1)[0][1])])
    save(tmp_path, [("broken.png", b"no picture"), ("notes.txt", b"not meant as one")])
    dataset = load_dataset(tmp_path)
    assert dataset.name == tmp_path.name
    assert dataset.source.startswith("Patches of 11 pictures")
    (note,) = dataset.notes
    assert note.startswith("Skipped broken.png: ")
    assert sum(sizes_of(dataset)) > 100


def test_many_bad_files_are_counted_after_the_first_few(tmp_path):
    save(tmp_path, pngs(10))
    save(tmp_path, [(f"bad{index}.png", b"") for index in range(8)])
    notes = load_folder(tmp_path).notes
    assert len(notes) == datasets.MAX_NAMED_PROBLEMS + 1
    assert notes[0].startswith("Skipped bad0.png: ")
    assert notes[-1] == "Skipped 3 more pictures."


def test_a_folder_without_a_usable_image_is_refused_with_the_reason(tmp_path):
    with pytest.raises(DatasetError, match="Received: 0 pictures"):
        load_folder(tmp_path)
    save(tmp_path, [("broken.png", b"no picture")])
    with pytest.raises(DatasetError, match=r"Skipped broken\.png: "):
        load_folder(tmp_path)
    with pytest.raises(DatasetError, match="has to exist"):
        load_folder(tmp_path / "nowhere")


def test_loading_a_folder_reports_its_progress_and_can_be_stopped(tmp_path):
    save(tmp_path, pngs(12))
    progress = []
    load_dataset(tmp_path, on_progress=lambda *now: progress.append(now))
    assert progress == [(done, 12) for done in range(13)]
    with pytest.raises(downloads.LoadingCancelledError, match="after 0 of 12"):
        load_dataset(tmp_path, cancelled=lambda: True)


def test_the_broken_images_of_a_test_suite_are_all_skipped_or_used():
    folder = os.environ.get("CAE_TEST_IMAGES")
    if not folder:
        pytest.skip("CAE_TEST_IMAGES names no folder of bad images")
    dataset = load_folder(folder)
    assert any("broken" in note or "more pictures" in note for note in dataset.notes)


# Uploads


def test_images_and_archives_can_be_uploaded_together():
    archive = zip_of(
        [
            *((f"photos/{name}", content) for name, content in pngs(9, seed=1)),
            ("photos/", b""),
            ("__MACOSX/photos/0.png", b"shadow"),
            ("photos/._1.png", b"shadow"),
            ("more.zip", zip_of(pngs(1, seed=2))),
            ("read me.txt", b"hello"),
        ]
    )
    dataset = load_uploads([*pngs(3), ("photos.zip", archive)])
    assert dataset.source.startswith("Patches of 12 pictures")
    assert dataset.notes == ()


def test_a_bad_upload_is_noted_with_its_name():
    archive = zip_of([*pngs(12), ("broken.png", b"no picture")])
    dataset = load_uploads([("photos.ZIP", archive), ("nothing.png", b"")])
    assert [note.split(": ")[0] for note in dataset.notes] == [
        "Skipped nothing.png",
        "Skipped photos.ZIP/broken.png",
    ]


@pytest.mark.parametrize("content", [b"", b"no archive", zip_of(pngs(3))[:-30]])
def test_a_broken_archive_is_refused_by_name(content):
    with pytest.raises(DatasetError, match=r"has to be complete\. Received: photos\.zip"):
        load_uploads([("photos.zip", content)])


def test_damage_inside_an_archive_costs_only_the_picture_it_hit():
    content = bytearray(zip_of(pngs(11), zipfile.ZIP_STORED))
    content[500] ^= 0xFF
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert "has to be complete. Received: Bad CRC-32" in note


def test_an_encrypted_picture_is_noted():
    content = bytearray(zip_of(pngs(11)))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of the first entry
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert "encrypted" in note


def test_a_compression_that_cannot_be_bounded_is_noted():
    archives = [("a.zip", zip_of(pngs(11))), ("b.zip", zip_of(pngs(1, seed=1), zipfile.ZIP_BZIP2))]
    (note,) = load_uploads(archives).notes
    assert "compression method 12" in note


def test_an_entry_over_the_size_limit_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(datasets, "MAX_FILE_BYTES", 100_000)
    archive = zip_of([*pngs(11), ("huge.png", bytes(100_001))])
    (note,) = load_uploads([("photos.zip", archive)]).notes
    assert "has up to 100,000 bytes. Received: 100,001" in note


def test_archives_that_unpack_to_too_much_are_refused_together():
    bombs = [(f"{index}.png", bytes(60 * 2**20)) for index in range(5)]
    archive = zip_of(bombs)
    assert len(archive) < 2**20
    with pytest.raises(DatasetError, match=r"up to 512 MB of pictures\. Received: 600 MB"):
        load_uploads([("one.zip", archive), ("two.zip", archive)])


def test_an_entry_that_is_larger_than_it_says_is_read_only_as_far_as_it_says():
    content = bytearray(zip_of([("liar.png", bytes(10 * 2**20)), *pngs(11)]))
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")  # its uncompressed size
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert note.startswith("Skipped photos.zip/liar.png: ")
    assert "has to be complete" in note


def test_an_archive_with_too_many_entries_is_refused_before_they_are_listed(monkeypatch):
    monkeypatch.setattr(datasets, "MAX_ZIP_ENTRIES", 10)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # listing them would fail
    with pytest.raises(DatasetError, match="up to 10 entries"):
        load_uploads([("photos.zip", ELEVEN)])


ELEVEN = zip_of(pngs(11))


def test_the_work_that_one_upload_can_cause_is_bounded(monkeypatch):
    monkeypatch.setattr(datasets, "MAX_UPLOADED_PIXELS", 12 * 64 * 64)
    dataset = load_uploads(pngs(20))
    assert dataset.source.startswith("Patches of 12 pictures")
    assert dataset.notes == ("Left out 8 pictures: the others are as many as memory allows.",)


def test_nothing_that_is_uploaded_touches_the_disk(monkeypatch):
    archive = zip_of(pngs(11))
    load_uploads([("photos.zip", archive)])  # Pillow imports its plugins once

    def refuse(*arguments, **_):
        raise AssertionError(arguments)

    for opener in ("builtins.open", "io.open", "os.open", "os.mkdir"):
        monkeypatch.setattr(opener, refuse)
    assert sum(sizes_of(load_uploads([("../../photos.zip", archive)]))) > 0
