"""Names of downloads."""

import pytest

from cae_ui.common.file_names import photo_name


@pytest.mark.parametrize(
    ("photo", "stem"),
    [
        ("beach 12MP.jpg", "beach 12MP"),
        ("IMG_1234 (Ferien) Ü.JPG", "IMG_1234 (Ferien) Ü"),
        ("写真.png", "写真"),
        ("a.b.tar.png", "a.b.tar"),
        ("folder/cat.png", "cat"),
        ("C:\\me\\cat.png", "Cmecat"),
        ("cat\u202egnp.exe.png", "catgnp.exe"),
        ("\x1b[2Jcat\n.png", "[2Jcat"),
        ("what? *.png", "what"),
        (".hidden.png", "hidden"),
        ("???.png", "unnamed"),
        ("", "unnamed"),
        ("half \ud83d.png", "half"),
    ],
)
def test_a_download_has_the_photos_own_name_without_what_no_file_system_takes(photo, stem):
    assert photo_name(photo, "denoised") == f"{stem}-denoised.png"


@pytest.mark.parametrize("letter", ["a", "ü", "写", "🐈"])
def test_a_long_name_is_cut_between_characters_to_what_file_systems_take(letter):
    name = photo_name(f"{300 * letter}.png", "denoised")
    assert 140 < len(name.encode()) < 255
    assert set(name.removesuffix("-denoised.png")) == {letter}
