"""``python -m cae_core denoise``: files and folders in, clean image files out."""

import re
import signal

import numpy as np
import pytest
from PIL import Image

import cae_core as cae
from cae_core import cli, zoo
from cae_core.cli import denoise as command
from cae_core.cli.terminal import Bar
from cae_core.data.samples import noisy_photograph_paths, sample_photograph
from cae_core.images.operations import to_uint8
from cae_core.models.builder import build
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.noise_kind import Choice, noise_of
from cae_core.zoo import cards

SIGMA = 25 / 255


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Every test works in a folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cat(tmp_path):
    """A noisy image in a file, 64 x 48 pixels."""
    return save_noisy(tmp_path / "cat.png")


def save_noisy(path, seed=0, grey=False):
    """Saves a piece of a photograph with noise."""
    photo = sample_photograph("chelsea.png")[100:148, 100:164]
    clean = photo.mean(axis=2) if grey else photo
    noise = SIGMA * np.random.default_rng(seed).standard_normal(clean.shape)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(to_uint8(clean + noise)).save(path)
    return path


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def ended(arguments):
    """The exit code, however the program ends."""
    try:
        return cli.main(["denoise", *map(str, arguments)])
    except SystemExit as exit_:
        return exit_.code


def complaint(arguments, capsys):
    """The one line on stderr that a user's mistake causes."""
    assert ended(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def complaint_at_the_end(arguments, capsys):
    """The last line that the parser of options writes."""
    assert ended(arguments) == 2
    return capsys.readouterr().err.splitlines()[-1]


# --- What is saved ---------------------------------------------------------------------------


def test_the_file_is_what_the_function_gives_rounded_to_8_bits(cat, tmp_path, capsys):
    assert ended(["cat.png", "--sigma", "25/255"]) == 0

    expected = to_uint8(cae.denoise(cae.open_image(cat), SIGMA))
    np.testing.assert_array_equal(pixels(tmp_path / "cat-denoised.png"), expected)
    captured = capsys.readouterr()
    assert re.fullmatch(
        r"saved in cat-denoised.png: 64 × 48 pixels, sigma 0.098 \(25.0/255\), \d+\.\d s\n",
        captured.out,
    )
    assert captured.err == ""
    assert names(tmp_path) == ["cat-denoised.png", "cat.png"]


def test_white_noise_is_estimated_and_said_where_sigma_is_not_given(cat, capsys):
    sigma = cae.estimate_sigma(cae.open_image(cat))

    assert ended([cat]) == 0

    expected = to_uint8(cae.denoise(cae.open_image(cat), sigma))
    np.testing.assert_array_equal(pixels("cat-denoised.png"), expected)
    said = capsys.readouterr().out
    assert "photo-denoiser, white noise: sigma " in said
    assert f"{255 * sigma:.1f} by the estimate for white noise" in said


def test_strength_multiplies_the_estimated_sigma(cat, capsys):
    sigma = cae.estimate_sigma(cae.open_image(cat))

    assert ended([cat, "--strength", "0.5"]) == 0

    expected = to_uint8(cae.denoise(cae.open_image(cat), 0.5 * sigma))
    np.testing.assert_array_equal(pixels("cat-denoised.png"), expected)
    assert ", 0.5 x, " in capsys.readouterr().out


def test_a_cameras_noise_goes_to_the_camera_denoiser_with_the_strength(cat, monkeypatch, capsys):
    choice = Choice(zoo.CAMERA_DENOISER, 0.02, "Noise as a camera's.")
    monkeypatch.setattr(command, "choose_denoiser", lambda image: choice)

    assert ended([cat, "--strength", "2"]) == 0

    expected = to_uint8(denoise_camera(cae.open_image(cat), 2.0, 2.0))
    np.testing.assert_array_equal(pixels("cat-denoised.png"), expected)
    assert "camera-denoiser, noise as a camera's, 2 x, " in capsys.readouterr().out


def test_colour_noise_has_a_strength_of_its_own_and_grain_is_put_back(cat, monkeypatch, capsys):
    choice = Choice(zoo.CAMERA_DENOISER, 0.02, "Noise as a camera's.")
    monkeypatch.setattr(command, "choose_denoiser", lambda image: choice)

    assert ended([cat, "--strength", "0.5", "--color", "1.5", "--grain", "0.25"]) == 0

    photo = cae.open_image(cat)
    expected = to_uint8(0.75 * denoise_camera(photo, 0.5, 1.5) + 0.25 * photo)
    np.testing.assert_allclose(pixels("cat-denoised.png"), expected, atol=1)
    assert "camera's, 0.5 x, colour noise 1.5 x, grain 0.25, " in capsys.readouterr().out


def test_a_strength_for_colour_noise_that_is_not_used_is_said(cat, monkeypatch, capsys):
    choice = Choice(zoo.PHOTO_DENOISER, 0.02, "White noise.")
    monkeypatch.setattr(command, "choose_denoiser", lambda image: choice)
    assert ended([cat, "--color", "1"]) == 0
    assert "--color not used: no camera noise" in capsys.readouterr().out


def test_at_strength_0_nothing_is_removed(cat):
    assert ended([cat, "--strength", "0"]) == 0
    np.testing.assert_array_equal(pixels("cat-denoised.png"), pixels(cat))


def test_the_photo_denoiser_is_told_what_a_cameras_noise_is(tmp_path, capsys):
    noisy, _ = noisy_photograph_paths("leaves")

    assert ended([noisy, "--model", zoo.PHOTO_DENOISER, "--out", "clean.png"]) == 0

    _, sigma = noise_of(cae.open_image(noisy))
    assert f"sigma {sigma:.3f} estimated" in capsys.readouterr().out
    assert sigma > 2 * cae.estimate_sigma(cae.open_image(noisy))


def test_an_image_without_noise_is_saved_as_it_is(cat, monkeypatch, capsys):
    monkeypatch.setattr(command, "choose_denoiser", lambda image: Choice(None, 0.0, "No noise."))

    assert ended([cat]) == 0

    np.testing.assert_array_equal(pixels("cat-denoised.png"), pixels(cat))
    assert "unchanged, no noise, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "sigma"), [("0", 0), ("0.1", 0.1), ("1e-1", 0.1), ("25/255", SIGMA), ("1/4", 0.25)]
)
def test_a_sigma_is_a_number_or_a_fraction(cat, monkeypatch, written, sigma):
    told = []

    def stub(image, sigma, model, on_progress):
        told.append(sigma)
        return image

    monkeypatch.setattr(command, "denoise", stub)

    assert ended([cat, "--sigma", written]) == 0

    assert told == [pytest.approx(sigma)]


def test_a_sigma_beyond_those_of_the_training_is_said(cat, capsys):
    ended([cat, "--sigma", "0.5"])

    assert "beyond the 0.392 that the network was trained on" in capsys.readouterr().out


def test_a_grey_image_is_saved_in_grey(tmp_path):
    source = save_noisy(tmp_path / "grey.png", grey=True)

    assert ended([source, "--sigma", "0.1"]) == 0

    clean = pixels("grey-denoised.png")
    expected = to_uint8(cae.denoise(cae.open_image(source)[..., 0], 0.1))
    np.testing.assert_array_equal(clean, expected)
    assert clean.shape == (48, 64)


def test_transparency_precision_and_metadata_are_kept_and_the_rest_is_named(tmp_path, capsys):
    words = np.random.default_rng(0).integers(0, 4096, (48, 64), dtype=np.uint16)
    Image.fromarray(words).save("deep.tif", dpi=(300, 300), save_all=True, append_images=[
        Image.new("L", (64, 48))
    ])  # fmt: skip
    clear = Image.new("RGBA", (64, 48), (200, 100, 50, 51))
    clear.save("clear.png")

    assert ended(["deep.tif", "clear.png", "--sigma", "0"]) == 0

    deep = cae.images.read_image("deep-denoised.png")
    assert (deep.bits, deep.pixels.ndim) == (16, 2)
    assert deep.dpi == pytest.approx((300, 300), abs=0.1)
    np.testing.assert_allclose(pixels("clear-denoised.png")[..., 3], 51)
    said = capsys.readouterr().out
    assert "\n  not kept: 1 other page\n" in said
    assert "\n  its values are 12-bit numbers in 16 bits: --stretch brings them to white\n" in said
    assert ended(["deep.tif", "--sigma", "0", "--stretch", "--force"]) == 0
    assert cae.images.read_image("deep-denoised.png").pixels.max() > 0.8


def test_the_largest_image_is_what_the_caller_says(tmp_path, capsys):
    Image.new("L", (1500, 1000)).save("large.png")

    said = complaint(["large.png", "--max-megapixels", "1"], capsys)
    assert "at most 1,000,000 pixels" in said
    assert said.rstrip().endswith("Or allow a larger one with --max-megapixels.")
    assert "from 1 to 178" in complaint_at_the_end(["large.png", "--max-megapixels", "0"], capsys)


def test_another_network_of_the_zoo_is_applied_without_a_sigma(cat, tmp_path, monkeypatch, capsys):
    architecture = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
    card = zoo.Card(
        **{
            **vars(zoo.card(zoo.PHOTO_DENOISER)),
            "name": "tiny",
            "network": str(architecture),
            "input_shape": architecture.input_shape,
        }
    )
    for module in (zoo, cards):  # the package's names, and those that the module itself uses
        monkeypatch.setattr(module, "card", lambda name: card)
        monkeypatch.setattr(module, "load", lambda name: build(architecture))

    assert ended([cat, "--model", "tiny"]) == 0

    expected = to_uint8(cae.denoise(cae.open_image(cat), 0.0, "tiny"))
    np.testing.assert_array_equal(pixels("cat-denoised.png"), expected)
    assert "64 × 48 pixels, tiny as it is, which takes no sigma, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "saved", "kind", "mode"),
    [
        (["--out", "clean.TIF"], "clean.TIF", "TIFF", "I;16"),
        (["--out", "clean.jpeg"], "clean.jpeg", "JPEG", "L"),
        (["--out", "clean.jpg", "--format", "jpeg"], "clean.jpg", "JPEG", "L"),
        (["--format", "tiff"], "deep-denoised.tif", "TIFF", "I;16"),
        (["--format", "jpeg", "--out", "clean"], "clean/deep-denoised.jpg", "JPEG", "L"),
        (["--format", "png"], "deep-denoised.png", "PNG", "I;16"),
    ],
)
def test_a_file_has_the_format_that_its_name_or_the_option_says(
    tmp_path, capsys, arguments, saved, kind, mode
):
    words = np.random.default_rng(0).integers(0, 65536, (48, 64), dtype=np.uint16)
    Image.fromarray(words).save("deep.tif")

    assert ended(["deep.tif", "--sigma", "0", *arguments]) == 0

    with Image.open(tmp_path / saved) as image:
        assert (image.format, image.mode) == (kind, mode)
    is_said = "not kept: all but 8 of its 16 bits a channel" in capsys.readouterr().out
    assert is_said == (kind == "JPEG")


# --- Where it is saved -----------------------------------------------------------------------


def test_a_folders_images_are_saved_beside_them_and_not_taken_again(tmp_path, capsys):
    for name in ("b.png", "a.jpg"):
        save_noisy(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("no image")
    save_noisy(tmp_path / "photos" / "sub.png" / "below.png")

    assert ended(["photos", "--sigma", "0.1"]) == 0
    assert ended(["photos", "--sigma", "0.1", "--force"]) == 0

    expected = ["a-denoised.png", "a.jpg", "b-denoised.png", "b.png", "notes.txt", "sub.png"]
    assert names(tmp_path / "photos") == expected
    assert names(tmp_path / "photos" / "sub.png") == ["below.png"]
    saved = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert saved == 2 * ["saved in photos/a-denoised.png", "saved in photos/b-denoised.png"]


@pytest.mark.parametrize(
    ("out", "saved"),
    [
        ("clean.png", "clean.png"),
        ("new/clean.PNG", "new/clean.PNG"),
        ("new/folder", "new/folder/cat-denoised.png"),
        ("there.png", "there.png/cat-denoised.png"),
    ],
)
def test_out_is_a_file_by_its_name_or_else_a_folder(cat, tmp_path, out, saved):
    (tmp_path / "there.png").mkdir()

    assert ended([cat, "--sigma", "0.1", "--out", out]) == 0

    assert (tmp_path / saved).is_file()


def test_files_and_folders_go_to_one_folder_each_image_once(cat, tmp_path, capsys):
    save_noisy(tmp_path / "more" / "dog.png")

    assert ended(["more", "cat.png", "more/dog.png", "--sigma", "0.1", "--out", "clean"]) == 0

    assert names(tmp_path / "clean") == ["cat-denoised.png", "dog-denoised.png"]
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_folders_images_are_known_by_any_of_their_endings(tmp_path):
    (tmp_path / "more").mkdir()
    for ending in ("jfif", "JPEG", "webp", "bmp"):
        kind = "JPEG" if ending == "jfif" else ending
        Image.new("RGB", (40, 30), "grey").save(tmp_path / "more" / f"a{ending}.{ending}", kind)
    assert ended(["more", "--sigma", "0.1", "--out", "clean"]) == 0
    assert len(names(tmp_path / "clean")) == 4


def test_nothing_is_written_over_unless_forced(cat, tmp_path, capsys):
    dog = save_noisy(tmp_path / "dog.png")
    before = b"what was there"
    (tmp_path / "dog-denoised.png").write_bytes(before)

    line = complaint(["dog.png", "--sigma", "0.1"], capsys)
    assert line.startswith("An image that exists is not written over. Received: dog-denoised.png")
    assert ended(["dog.png", "cat.png", "--sigma", "0.1"]) == 1  # the other one is saved
    assert capsys.readouterr().err.endswith("Not saved: dog.png\n")
    assert (tmp_path / "dog-denoised.png").read_bytes() == before
    assert (tmp_path / "cat-denoised.png").exists()

    assert ended([dog, "--sigma", "0.1", "--force"]) == 0
    assert pixels(tmp_path / "dog-denoised.png").shape == (48, 64, 3)


def test_an_output_never_takes_the_place_of_another_input(cat, tmp_path):
    other = save_noisy(tmp_path / "cat-denoised.png", seed=1)
    before = other.read_bytes()
    assert ended([cat, other, "--sigma", "0.1", "--force"]) == 0
    assert other.read_bytes() == before
    assert "cat-denoised-2.png" in names(tmp_path)


def test_two_images_for_one_name_are_numbered_and_a_pattern_is_expanded(cat, tmp_path):
    save_noisy(tmp_path / "cat.webp")

    assert ended(["c*.*", "--sigma", "0.1"]) == 0
    assert ended(["c*.*", "--sigma", "0.1", "--force"]) == 0

    expected = ["cat-denoised-2.png", "cat-denoised.png", "cat.png", "cat.webp"]
    assert names(tmp_path) == expected


def test_a_file_name_that_would_steer_the_terminal_is_shown_and_not_obeyed(tmp_path, capsys):
    save_noisy(tmp_path / "\x1b[2Jcat.png")
    assert ended([".", "--sigma", "0.1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(r"saved in \x1b[2Jcat-denoised.png")
    assert "\x1b" not in captured.out + captured.err


# --- What goes wrong -------------------------------------------------------------------------


def test_a_broken_file_is_said_and_the_others_are_saved(tmp_path, capsys):
    for name in ("a.png", "c.png"):
        save_noisy(tmp_path / "photos" / name)
    (tmp_path / "photos" / "b.png").write_bytes(b"\x89PNG and no more")

    (tmp_path / "none").mkdir()

    assert ended(["photos", "nothing.png", "none", "--sigma", "0.1", "--out", "clean"]) == 1

    captured = capsys.readouterr()
    assert names(tmp_path / "clean") == ["a-denoised.png", "c-denoised.png"]
    assert len(captured.out.splitlines()) == 2
    empty, broken, missing, summary = captured.err.splitlines()
    assert empty.startswith("none: A folder of images has images")
    assert broken.startswith("photos/b.png: An image must be a PNG")
    assert missing.startswith("nothing.png: An image is opened from a file that can be read.")
    assert summary == (
        "2 of 5 images were saved; what is wrong is said above. "
        "Not saved: none, photos/b.png, nothing.png"
    )


def test_a_pattern_that_fits_a_folder_without_images_takes_the_others(tmp_path, capsys):
    save_noisy(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "none").mkdir()

    assert ended(["photos/*", "--sigma", "0.1", "--out", "clean"]) == 1

    assert names(tmp_path / "clean") == ["a-denoised.png"]
    assert "Not saved: photos/none" in capsys.readouterr().err


def test_where_none_of_several_could_be_saved_the_exit_code_is_2(tmp_path, capsys):
    assert ended(["a.png", "b.png"]) == 2
    assert "0 of 2 images were saved" in capsys.readouterr().err


def test_an_image_that_memory_is_too_small_for_does_not_stop_the_batch(
    tmp_path, monkeypatch, capsys
):
    for name in ("a.png", "b.png"):
        save_noisy(tmp_path / name)

    given = []

    def stub(image, *arguments, **options):
        given.append(image)
        if len(given) == 1:
            raise MemoryError
        return image

    monkeypatch.setattr(command, "denoise", stub)
    assert ended(["a.png", "b.png", "--sigma", "0.1"]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("saved in b-denoised.png")
    assert names(tmp_path) == ["a.png", "b-denoised.png", "b.png"]
    assert captured.err.startswith("a.png: An image is worked on in the memory that there is.")


def test_an_image_too_small_for_an_estimate_is_said_and_works_with_a_sigma(tmp_path, capsys):
    Image.new("RGB", (3, 2)).save(tmp_path / "dot.png")

    assert complaint(["dot.png"], capsys).startswith("dot.png: Noise can be estimated in")

    assert ended(["dot.png", "--sigma", "0.1"]) == 0
    assert pixels("dot-denoised.png").shape == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.png"], "nothing.png: An image is opened from a file that can be read."),
        (["cat.png", "--sigma", "25"], "25/255 for 25 of 255, not '25'"),
        (["cat.png", "--sigma", "-0.1"], "a number from 0 to 1 such as 0.1"),
        (["cat.png", "--sigma", "1/0"], "not '1/0'"),
        (["cat.png", "--sigma", "25/255/2"], "not '25/255/2'"),
        (["cat.png", "--sigma", "nan"], "not 'nan'"),
        (["cat.png", "--sigma", "loud"], "not 'loud'"),
        (["cat.png", "--strength", "-1"], "a number from 0 to 2 such as 0.5 or 1.5, not '-1'"),
        (["cat.png", "--strength", "2.5"], "not '2.5'"),
        (["cat.png", "--color", "3"], "a strength is a number from 0 to 2"),
        (["cat.png", "--grain", "2"], "a grain is a number from 0 to 1 such as 0.2, not '2'"),
        (["cat.png", "--strength", "inf"], "not 'inf'"),
        (["cat.png", "--strength", "much"], "not 'much'"),
        (["cat.png", "--sigma", "0.1", "--strength", "2"], "not allowed with argument --sigma"),
        (["cat.png", "--model", "bogus"], "photo-denoiser"),
        (["cat.png", "--model", "bogus"], "Received: 'bogus'"),
        (["cat.png", "--color", "1", "--sigma", "0.1"], "Received: --sigma. Leave one"),
        (["cat.png", "--color", "1", "--model", "photo-denoiser"], "--model photo-denoiser. Leave"),
        (
            ["cat.png", "--out", "clean.webp"],
            "is saved as PNG, JPEG or TIFF. Received: --out clean",
        ),
        (["cat.png", "--out", "clean.webp"], "Write clean.png."),
        (["cat.png", "--out", "a.png", "--format", "jpeg"], "--out a.png with --format jpeg."),
        (["cat.png", "cat2.png", "--out", "clean.png"], "--out clean.png for 2 images"),
        ([""], "it is empty"),
        (["cat.png", "--out", ""], "it is empty"),
        (["*.tif"], "Received: *.tif, which fits none to denoise."),
        (["\x1b[31mred\u202e.png"], r"\x1b[31mred\u202e.png: An image is opened"),
        (["cat.png", "--out", "cat.png"], "is not written over. Received: cat.png."),
        (["cat.png", "--out", "cat.png/folder"], "nothing can be made in"),
        (["empty"], "Received: empty, which has none to denoise."),
        (["n" * 300], "(File name too long)"),
        (["n" * 250 + ".png"], "(File name too long)"),
    ],
)
def test_a_mistake_is_said_in_one_line_and_nothing_is_saved(cat, arguments, said, tmp_path, capsys):
    (tmp_path / "empty").mkdir()

    assert said in complaint(arguments, capsys)

    assert names(tmp_path) == ["cat.png", "empty"]


def test_a_sigma_for_a_network_that_is_told_none_is_refused(cat, monkeypatch, capsys):
    fields = {**vars(zoo.card(zoo.PHOTO_DENOISER)), "name": "tiny"}
    monkeypatch.setattr(zoo, "card", lambda name: zoo.Card(**fields))

    for option in ("--sigma", "--strength"):
        line = complaint([cat, "--model", "tiny", option, "0.1"], capsys)
        assert line.startswith(f"{option} belongs to photo-denoiser")


def test_a_network_that_never_saw_noise_is_refused(cat, monkeypatch, capsys):
    fields = {**vars(zoo.card(zoo.PHOTO_DENOISER)), "name": "tiny", "noise_range": None}
    monkeypatch.setattr(zoo, "card", lambda name: zoo.Card(**fields))

    line = complaint([cat, "--model", "tiny"], capsys)

    assert line.startswith("A network that denoises was trained on noise. Received: tiny")


def test_a_full_disk_is_said_and_what_was_there_is_kept(cat, tmp_path, monkeypatch, capsys):
    (tmp_path / "cat-denoised.png").write_bytes(b"what was there")

    def write_some(path, content):
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", write_some)

    line = complaint([cat, "--sigma", "0.1", "--force"], capsys)

    assert "cat-denoised.png (No space left on device). Choose another place." in line
    assert (tmp_path / "cat-denoised.png").read_bytes() == b"what was there"
    assert names(tmp_path) == ["cat-denoised.png", "cat.png"]


def test_ctrl_c_keeps_what_is_saved_and_leaves_nothing_half_done(tmp_path, monkeypatch, capsys):
    for name in ("a.png", "b.png", "c.png"):
        save_noisy(tmp_path / "photos" / name)

    def interrupt_in_the_second(bar, fraction, said):
        if said.startswith("2 of 3: b.png"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Bar, "show", interrupt_in_the_second)

    # The tests' own process may have been started to ignore it, in the background of a shell.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert ended(["photos", "--sigma", "0.1", "--out", "clean"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)

    captured = capsys.readouterr()
    assert captured.err == "Stopped. 1 of 3 images were saved.\n"
    assert names(tmp_path / "clean") == ["a-denoised.png"]


# --- What is shown meanwhile -----------------------------------------------------------------


def test_a_large_image_is_shown_part_by_part(cat, monkeypatch):
    def stub(image, sigma, model, on_progress):
        for done in range(1, 5):
            on_progress(done, 4)
        return image

    shown = []
    monkeypatch.setattr(command, "denoise", stub)
    monkeypatch.setattr(Bar, "show", lambda bar, fraction, said: shown.append((fraction, said)))

    ended([cat, "--sigma", "0.1"])

    assert [fraction for fraction, _ in shown] == [0, 0.25, 0.5, 0.75, 1]
    assert shown[0][1] == "cat.png"
    assert re.fullmatch(r"cat\.png, part 1 of 4 done, \d+ s left", shown[1][1])


def test_several_images_are_counted(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        save_noisy(tmp_path / name)
    shown = []
    monkeypatch.setattr(Bar, "show", lambda bar, fraction, said: shown.append((fraction, said)))

    ended([".", "--sigma", "0.1"])

    first, second = "1 of 2: a.png", "2 of 2: b.png"
    assert shown == [(0, first), (0.5, first), (0.5, second), (1, second)]


def test_help_teaches_with_examples(capsys):
    assert ended(["--help"]) == 0

    out = capsys.readouterr().out
    assert "examples:\n  python -m cae_core denoise photo.jpg" in out
    assert "--sigma 25/255" in out
