"""Images of one's own: folders, uploads and archives, whatever is in them."""

import io
import os
import zipfile

import numpy as np
import pytest

from cae_core.data import patches, uploads
from cae_core.data.registry import load_dataset
from cae_core.data.uploads import load_folder, load_uploads
from cae_core.errors import DatasetError, StoppedError
from cae_core.images.encoding import encode_jpeg, encode_png


def pngs(count, seed=0):
    """Name and encode `count` different images of noise, 64×64."""
    images = np.random.default_rng(seed).random((count, 64, 64, 3), dtype=np.float32)
    return [(f"{index}.png", encode_png(image)) for index, image in enumerate(images)]


def number_of_patches(dataset):
    return len(dataset.train) + len(dataset.validation) + len(dataset.test)


def zip_of(entries, method=zipfile.ZIP_DEFLATED):
    """Make a zip archive of (name, content) pairs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def save(folder, entries):
    for name, content in entries:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


# Folders


def test_a_folder_is_searched_with_its_subfolders_and_bad_files_are_named(tmp_path):
    save(tmp_path, pngs(10))
    save(tmp_path, [("deep/er/one.PNG", pngs(1, seed=1)[0][1])])
    save(tmp_path, [("broken.png", b"no image"), ("notes.txt", b"not meant as one")])
    dataset = load_dataset(tmp_path)
    assert dataset.name == tmp_path.name
    assert dataset.source.startswith("Patches of 11 images")
    (note,) = dataset.notes
    assert note.startswith("Skipped broken.png: ")
    assert number_of_patches(dataset) > 100


def test_many_bad_files_are_counted_after_the_first_few(tmp_path):
    save(tmp_path, pngs(10))
    save(tmp_path, [(f"bad{index}.png", b"") for index in range(8)])
    notes = load_folder(tmp_path).notes
    assert len(notes) == patches.MAX_NAMED_PROBLEMS + 1
    assert notes[0].startswith("Skipped bad0.png: ")
    assert notes[-1] == "Skipped 3 more images."


def test_a_folder_without_a_usable_image_is_refused_with_the_reason(tmp_path):
    with pytest.raises(DatasetError, match=r"Received: no images\. Use"):
        load_folder(tmp_path)
    save(tmp_path, [("broken.png", b"no image")])
    with pytest.raises(DatasetError, match=r"Skipped broken\.png: "):
        load_folder(tmp_path)
    with pytest.raises(DatasetError, match="has to exist"):
        load_folder(tmp_path / "nowhere")


def test_loading_a_folder_reports_its_progress_and_can_be_stopped(tmp_path):
    save(tmp_path, pngs(12))
    progress = []
    load_dataset(tmp_path, on_progress=lambda *now: progress.append(now))
    assert progress == [(done, 12) for done in range(13)]
    with pytest.raises(StoppedError, match="after 0 of 12"):
        load_dataset(tmp_path, should_stop=lambda: True)


def test_the_broken_images_of_a_test_suite_are_all_skipped_or_used():
    folder = os.environ.get("CAE_TEST_IMAGES")
    if not folder:
        pytest.skip("CAE_TEST_IMAGES names no folder of bad images")
    dataset = load_folder(folder)
    assert any("broken" in note or "more images" in note for note in dataset.notes)


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
    assert dataset.source.startswith("Patches of 12 images")
    assert dataset.notes == ()


def test_a_bad_upload_is_noted_with_its_name():
    archive = zip_of([*pngs(12), ("broken.png", b"no image")])
    dataset = load_uploads([("photos.ZIP", archive), ("nothing.png", b"")])
    assert [note.split(": ")[0] for note in dataset.notes] == [
        "Skipped nothing.png",
        "Skipped photos.ZIP/broken.png",
    ]


@pytest.mark.parametrize("content", [b"", b"no archive", zip_of(pngs(3))[:-30]])
def test_a_broken_archive_is_refused_by_name(content):
    with pytest.raises(DatasetError, match=r"has to be complete\. Received: photos\.zip"):
        load_uploads([("photos.zip", content)])


def test_damage_inside_an_archive_costs_only_the_image_it_hit():
    content = bytearray(zip_of(pngs(11), zipfile.ZIP_STORED))
    content[500] ^= 0xFF
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert "has to be complete. Received: Bad CRC-32" in note


def test_an_encrypted_image_is_noted():
    content = bytearray(zip_of(pngs(11)))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of the first entry
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert "encrypted" in note


def test_a_compression_that_cannot_be_bounded_is_noted():
    archives = [("a.zip", zip_of(pngs(11))), ("b.zip", zip_of(pngs(1, seed=1), zipfile.ZIP_BZIP2))]
    (note,) = load_uploads(archives).notes
    assert "compression method 12" in note


def test_an_entry_over_the_size_limit_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 100_000)
    archive = zip_of([*pngs(11), ("huge.png", bytes(100_001))])
    (note,) = load_uploads([("photos.zip", archive)]).notes
    assert "has up to 100,000 bytes. Received: 100,001" in note


def test_archives_that_unpack_to_too_much_are_refused_together():
    bombs = [(f"{index}.png", bytes(60 * 2**20)) for index in range(5)]
    archive = zip_of(bombs)
    assert len(archive) < 2**20
    with pytest.raises(DatasetError, match=r"up to 512 MB of images\. Received: 600 MB"):
        load_uploads([("one.zip", archive), ("two.zip", archive)])


def test_an_entry_that_is_larger_than_it_says_is_read_only_as_far_as_it_says():
    content = bytearray(zip_of([("liar.png", bytes(10 * 2**20)), *pngs(11)]))
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")  # its uncompressed size
    (note,) = load_uploads([("photos.zip", bytes(content))]).notes
    assert note.startswith("Skipped photos.zip/liar.png: ")
    assert "has to be complete" in note


def test_an_archive_with_too_many_entries_is_refused_before_they_are_listed(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_ZIP_ENTRIES", 10)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # listing them would fail
    with pytest.raises(DatasetError, match="up to 10 entries"):
        load_uploads([("photos.zip", ELEVEN)])


ELEVEN = zip_of(pngs(11))


def test_the_work_that_one_upload_can_cause_is_bounded(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_WORK", 12 * 64 * 64)
    dataset = load_uploads(pngs(20))
    assert dataset.source.startswith("Patches of 12 images")
    assert dataset.notes == ("Left out 8 images: the others are as many as are worked on here.",)


def test_images_that_are_decoded_in_vain_are_work_too(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_WORK", 5 * 64 * 64)
    names, read = [], uploads.read_image

    def counted(source, **options):
        names.append(source)
        return read(source, **options)

    monkeypatch.setattr(uploads, "read_image", counted)
    truncated = [(name, content[: len(content) // 2]) for name, content in pngs(20)]
    with pytest.raises(DatasetError):
        load_uploads(truncated)
    assert len(names) == 5


def test_large_images_are_opened_small_and_long_ones_keep_room_for_a_patch(monkeypatch):
    sizes, read = [], uploads.read_image

    def measured(source, **options):
        opened = read(source, **options)
        sizes.append((opened.pixels.shape[:2], opened.work))
        return opened

    monkeypatch.setattr(uploads, "read_image", measured)
    noise = np.random.default_rng(0).random((40, 3000, 3), dtype=np.float32)
    load_uploads(
        [("long.png", encode_png(noise)), ("large.jpg", encode_jpeg(np.ones((2400, 4800))))]
    )
    assert sorted(sizes) == [
        ((32, 2400), 40 * 3000),
        ((512, 1024), 1200 * 2400 + (2400 * 4800 - 1200 * 2400) // 8),
    ]


def test_an_upload_reports_its_progress_and_can_be_stopped():
    progress = []
    load_uploads([("photos.zip", ELEVEN)], on_progress=lambda *now: progress.append(now))
    assert progress == [(done, 11) for done in range(12)]
    with pytest.raises(StoppedError, match="after 0 of 11"):
        load_uploads([("photos.zip", ELEVEN)], should_stop=lambda: True)


def test_nothing_that_is_uploaded_touches_the_disk(monkeypatch):
    archive = zip_of(pngs(11))
    load_uploads([("photos.zip", archive)])  # Pillow imports its plugins once

    def refuse(*arguments, **_):
        raise AssertionError(arguments)

    for opener in ("builtins.open", "io.open", "os.open", "os.mkdir"):
        monkeypatch.setattr(opener, refuse)
    assert number_of_patches(load_uploads([("../../photos.zip", archive)])) > 0
