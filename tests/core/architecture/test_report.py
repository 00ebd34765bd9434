"""The report's numbers on examples worked out by hand, its sentences, and its remedies."""

from __future__ import annotations

import re

import pytest

from cae_core import Architecture, analyze
from cae_core.architecture.presets import get_preset
from cae_core.architecture.receptive_field import MAX_OUTPUT_SIDE
from cae_core.architecture.report import crossing_marks
from cae_core.architecture.tokens import parse_layer

HOMEWORK = "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
STRIDED_BN = "conv32 bn conv32s2 conv32 bn | up conv32 bn conv3k1:sigmoid"


def report_of(text, **options):
    return analyze(Architecture.parse(text), **options)


# --- Published and hand-made numbers -------------------------------------------------------


def test_the_homework_network_has_its_published_numbers():
    report = report_of(HOMEWORK)
    assert report.latent_shape == (8, 8, 16)
    assert report.latent_size == 1024
    assert report.input_size == 3072
    assert report.compression_ratio == 3.0
    assert report.parameters == 4911
    assert (report.smallest.index, report.smallest.token, report.smallest.size) == (4, "pool", 768)
    assert report.output_shape == (32, 32, 3)
    assert report.problems == ()
    assert report.verdict == "latent 8x8x16 = 1,024 numbers, 3.0x smaller than the input"
    sizes = [row.size for row in report.rows]
    assert sizes == [8192, 2048, 3072, 768, 1024, 4096, 3072, 12288, 3072]
    assert [row.parameters for row in report.rows] == [224, 0, 876, 0, 1744, 0, 1740, 0, 327]


def test_the_first_layer_of_the_homework_follows_the_textbook_formula():
    row = report_of(HOMEWORK).rows[0]
    assert row.textbook.text == "((32 − 3 + 2·1)/1 + 1)² · 8 = 32² · 8 = 8,192"
    assert r"\frac{32 - 3 + 2 \cdot 1}{1} + 1\right)^2 \cdot 8" in row.textbook.latex
    assert "8{,}192" in row.textbook.latex
    assert row.textbook_note == ""
    assert row.formula.text == "⌈32 / 1⌉ = 32, so 32 × 32 × 8 = 8,192"
    assert row.parameters_formula == "3 · 3 · 3 · 8 weights + 8 biases"


def test_strided_bn_has_its_published_numbers_and_does_not_compress():
    report = report_of(STRIDED_BN)
    assert report.parameters == 29_123
    assert (report.latent_shape, report.latent_size) == ((16, 16, 32), 8192)
    assert report.compression_ratio == pytest.approx(0.375)
    assert report.warnings == (
        "This does not compress: the latent has 8,192 numbers, 2.67x more than the input's 3,072.",
    )
    assert report.verdict.endswith("2.67x LARGER than the input")


@pytest.mark.parametrize(
    ("token", "shape", "out", "parameters", "macs"),
    [
        ("conv8", (32, 32, 3), (32, 32, 8), 224, 221_184),
        ("conv4k5s2:valid", (11, 9, 2), (4, 3, 4), 204, 2_400),
        ("conv4k2s3", (10, 11, 1), (4, 4, 4), 20, 256),
        ("deconv3k4", (5, 6, 2), (10, 12, 3), 99, 2_880),
        ("deconv3k5s2:valid", (5, 6, 2), (13, 15, 3), 153, 4_500),
        ("deconv3k2s3:valid", (5, 6, 2), (15, 18, 3), 27, 720),
        ("dense10", (48,), (10,), 490, 480),
        ("res8s2", (8, 8, 4), (4, 4, 8), 992, 14_336),
        ("res4", (5, 5, 4), (5, 5, 4), 320, 7_200),
        ("subpixel3", (4, 5, 6), (8, 10, 3), 96, 1_440),
        ("bn", (4, 4, 7), (4, 4, 7), 28, 0),
        ("bn", (9,), (9,), 36, 0),
        ("pool3s2:same", (7, 8, 2), (4, 4, 2), 0, 0),
        ("avgpool3s2", (7, 8, 2), (3, 3, 2), 0, 0),
        ("shuffle3", (2, 3, 18), (6, 9, 2), 0, 0),
        ("unshuffle2", (4, 6, 3), (2, 3, 12), 0, 0),
        ("flatten", (2, 3, 4), (24,), 0, 0),
        ("reshape4x3x2", (24,), (4, 3, 2), 0, 0),
        ("pad3", (4, 5, 1), (10, 11, 1), 0, 0),
        ("crop2", (9, 5, 1), (5, 1, 1), 0, 0),
        ("up3:bilinear", (4, 5, 2), (12, 15, 2), 0, 0),
        ("blur", (4, 5, 2), (4, 5, 2), 0, 0),
        ("gelu", (4, 5, 2), (4, 5, 2), 0, 0),
    ],
)
def test_one_layer_has_the_numbers_worked_out_by_hand(token, shape, out, parameters, macs):
    found = parse_layer(token).measure(shape)
    assert (found.output_shape, found.parameters, found.macs) == (out, parameters, macs)


@pytest.mark.parametrize("preset", ["homework", "strided-bn", "dense-1", "pixel-shuffle"])
def test_a_typeset_formula_is_its_text_in_latex(preset):
    for row in analyze(get_preset(preset).architecture).rows:
        for formula in filter(None, (row.formula, row.textbook)):
            latex = formula.latex
            assert latex.isascii()
            assert latex.count("{") == latex.count("}")
            assert latex.count(r"\left") == latex.count(r"\right")
            written = formula.text.replace(",", "").replace("²", "^2")
            assert re.findall(r"\d+", latex.replace("{,}", "")) == re.findall(r"\d+", written)


def test_work_and_memory_are_added_up_over_the_layers():
    report = report_of("conv8 pool | up conv3", batch_size=16)
    assert [row.macs for row in report.rows] == [221_184, 0, 0, 221_184]
    assert report.macs == 442_368
    sizes = [8192, 2048, 8192, 3072]
    assert [row.activation_bytes for row in report.rows] == [4 * 16 * size for size in sizes]
    assert report.activation_bytes == 4 * 16 * 21_504
    assert report_of("conv8 pool | up conv3").activation_bytes == 4 * 21_504


def test_skip_connections_add_channels_or_nothing():
    report = report_of("conv8 @a conv4 cat@a | conv12 @b conv12 add@b conv3")
    assert [row.output_shape[2] for row in report.rows] == [8, 8, 4, 12, 12, 12, 12, 12, 3]
    assert report.rows[3].formula.text == "4 + 8 = 12 channels, so 32x32x12 = 12,288"
    assert report.rows[2].part == "encoder"
    assert report.rows[4].part == "decoder"


# --- The textbook beside Keras -------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "side", "textbook", "note"),
    [
        ("conv8", 32, "((32 − 3 + 2·1)/1 + 1)² · 8 = 32² · 8 = 8,192", ""),
        (
            "conv4s2",
            32,
            "((32 − 3 + 2·1)/2 + 1)² · 4 = 16.5² · 4 = 1,089",
            "The textbook gives 16.5 a side; Keras pads 0 before and 1 after, and gets 16.",
        ),
        ("conv4s2", 33, "((33 − 3 + 2·1)/2 + 1)² · 4 = 17² · 4 = 1,156", ""),
        (
            "conv1k4",
            32,
            "((32 − 4 + 2·1.5)/1 + 1)² · 1 = 32² · 1 = 1,024",
            "P = 1.5 is a mean: Keras pads 1 before and 2 after.",
        ),
        (
            "conv1k4s2:valid",
            9,
            "((9 − 4 + 2·0)/2 + 1)² · 1 = 3.5² · 1 = 12.25",
            "The textbook gives 3.5 a side; Keras rounds down to 3: the last pixels are not "
            "covered.",
        ),
        ("conv1k5:valid", 9, "((9 − 5 + 2·0)/1 + 1)² · 1 = 5² · 1 = 25", ""),
    ],
)
def test_the_textbook_formula_says_where_keras_differs(token, side, textbook, note):
    row = report_of(f"{side}x{side}x3 {token} | linear").rows[0]
    assert (row.textbook.text, row.textbook_note) == (textbook, note)


def test_images_that_are_not_square_get_no_textbook_formula_but_one_line_per_side():
    row = report_of("30x21x1 conv4s2 | linear").rows[0]
    assert row.textbook is None
    assert "square" in row.textbook_note
    assert row.formula.text == "height ⌈30 / 2⌉ = 15, width ⌈21 / 2⌉ = 11, so 15 × 11 × 4 = 660"


def test_a_size_that_rounds_to_a_whole_number_is_written_without_a_point():
    # (17 / 16)² · 31 = 34.996
    row = report_of("17x17x31 pool16 | linear").rows[0]
    assert row.textbook.text == "((17 − 16 + 2·0)/16 + 1)² · 31 = 1.06² · 31 = 35"


# --- Misfits and their remedies ------------------------------------------------------------


def test_a_misfit_is_shown_at_its_row_and_the_other_rows_stay():
    report = report_of("conv8 dense10 pool | up conv3")
    problems = [row.problem for row in report.rows]
    assert [problem is None for problem in problems] == [True, False, True, True, True]
    assert "Received: a map of 32x32x8" in problems[1]
    assert report.rows[1].output_shape == report.rows[1].input_shape == (32, 32, 8)
    assert report.rows[1].parameters == report.rows[1].macs == 0
    assert [row.output_shape for row in report.rows[2:]] == [(16, 16, 8), (32, 32, 8), (32, 32, 3)]
    assert report.problems == (f"Layer 2 (dense10): {problems[1]}",)


@pytest.mark.parametrize(
    ("text", "row", "parts", "repaired"),
    [
        # (misfit, its row, what the sentence contains, the text after its remedy)
        (
            "conv8 | dense3072 reshape32x32x3",
            2,
            ["works on a vector", "a map of 32x32x8", "Put flatten before it", "conv3072k1"],
            "conv8 | flatten dense3072 reshape32x32x3",
        ),
        (
            "conv8 | dense3",
            2,
            ["or use conv3k1 for a dense layer at every pixel"],
            "conv8 | conv3k1",
        ),
        (
            "flatten dense64 | up8 conv3",
            3,
            ["works on a map", "a vector of 64 numbers", "Put a reshape before it"],
            "flatten dense64 | reshape4x4x4 up8 conv3",
        ),
        (
            "conv9 pool shuffle | conv3",
            3,
            ["multiple of 4 channels", "16x16x9", "Give the layer before it 12 channels"],
            "conv12 pool shuffle | conv3",
        ),
        (
            "31x31x1 unshuffle | shuffle",
            1,
            ["multiples of 2", "31x31x1", "Pad the image first, or choose another factor"],
            "33x33x1 unshuffle3 | shuffle3",
        ),
        (
            "flatten dense100 | reshape8x8x2 up4 conv3",
            3,
            ["100 here", "8x8x2 = 128", "the layer before it to 128 units"],
            "flatten dense128 | reshape8x8x2 up4 conv3",
        ),
        (
            "4x4x1 conv8k5:valid | conv1",
            1,
            ["at least 5 pixels", "4x4x1", "smaller kernel", "same padding", "':valid'"],
            "4x4x1 conv8k5 | conv1",
        ),
        (
            "4x4x1 pool pool pool | conv8 up4 conv1",
            3,
            ["at least 2 pixels", "1x1x1", "Remove this pooling"],
            "4x4x1 pool pool | conv8 up4 conv1",
        ),
        (
            "4x4x1 crop2 | conv1",
            1,
            ["more than 4 pixels", "4x4x1", "Crop less, or leave it out"],
            "4x4x1 linear | conv1",
        ),
        (
            "conv8 @a pool | up cat@b conv3",
            5,
            ["a mark that stands before it", "cat@b", "marks so far: @a", "Put @b where"],
            "conv8 @a pool @b | cat@b up conv3",
        ),
        (
            "conv8 add@a | conv3",
            2,
            ["marks so far: none", "Put @a where the skip begins"],
            "@a conv3 add@a | conv3",
        ),
        (
            "conv8 @a @a | conv3",
            3,
            ["a name of its own", "@a a second time", "another letter"],
            "conv8 @a @b | conv3",
        ),
        (
            "conv8 @a conv4 | add@a conv3",
            4,
            ["one shape", "32x32x4 here and 32x32x8 at @a", "Make them equal, or use cat@a"],
            "conv8 @a conv4 | cat@a conv3",
        ),
        (
            "conv8 @a pool | cat@a up conv3",
            4,
            ["one height and width", "16x16x8 here and 32x32x8 at @a", "behind an up"],
            "conv8 @a pool | up cat@a conv3",
        ),
    ],
)
def test_the_remedy_of_a_misfit_is_right(text, row, parts, repaired):
    first = next(found for found in report_of(text).rows if found.problem)
    assert first.index == row
    for part in ["Received: ", *parts]:
        assert part in first.problem, first.problem
    assert report_of(repaired).problems == ()


def test_a_dense_layer_too_wide_for_a_convolution_is_not_offered_one():
    assert "conv" not in report_of("conv8 | dense65536").rows[1].problem


@pytest.mark.parametrize(
    ("text", "remedy", "repaired"),
    [
        (
            "conv8 pool | up conv4",
            "Give the last layer 3 channels, for example conv3:sigmoid.",
            "conv8 pool | up conv3:sigmoid",
        ),
        ("conv8 pool | conv3", "Add up2 to the decoder.", "conv8 pool | up2 conv3"),
        ("conv8 pool8 | up conv3", "Add up4 to the decoder.", "conv8 pool8 | up up4 conv3"),
        (
            "conv8 pool16 pool | conv3",
            "Add several up to the decoder, 32 times in all.",
            "conv8 pool16 pool | up16 up2 conv3",
        ),
        ("conv8 | up conv3", "Take out an up", "conv8 | conv3"),
        ("conv8 | up conv3", "or shrink by 2 more in the encoder.", "conv8 pool | up conv3"),
        ("conv8:valid pool | up conv3", "Use same padding", "conv8 pool | up conv3"),
        (
            "conv8:valid pool | up conv3",
            "or add pad1 behind the last layer that changes height and width.",
            "conv8:valid pool | up pad1 conv3",
        ),
        ("conv8 pool | up conv3k5:valid", "add pad2 behind", "conv8 pool | up conv3k5:valid pad2"),
        ("conv8 pool | deconv3k4:valid", "add crop1 behind", "conv8 pool | deconv3k4:valid crop1"),
        (
            "30x30x3 pool pool | up up conv3",
            "Add pad1 behind the last layer that changes",
            "30x30x3 pool pool | up up pad1 conv3",
        ),
        (
            "31x29x1 pool | up conv1",
            "use sides that the poolings divide",
            "32x28x1 pool | up conv1",
        ),
        ("flatten dense10 | dense3072", "Add reshape32x32x3 at the end.", None),
        (
            "conv8 flatten | dense10",
            "End with dense3072:sigmoid reshape32x32x3.",
            "conv8 flatten | dense10 dense3072:sigmoid reshape32x32x3",
        ),
        (
            "300x300x3 pool10 flatten dense9 | dense9",
            "Put a reshape behind the dense layers, then convolutions and ups.",
            "300x300x3 pool10 flatten dense9 | dense9 reshape3x3x1 up10 up10 conv3",
        ),
    ],
)
def test_the_remedy_of_a_wrong_output_is_right(text, remedy, repaired):
    report = report_of(text)
    assert remedy in report.output_problem
    assert report.problems == (report.output_problem,)
    if repaired is None:
        repaired = f"{text} reshape32x32x3"
    assert report_of(repaired).problems == ()


def test_another_output_shape_can_be_wanted():
    text = "32x32x1 conv8 pool | up conv2:linear"
    assert report_of(text, output_shape=(32, 32, 2)).problems == ()
    assert "The output must be 32x32x3. Received: 32x32x2." in (
        report_of(text, output_shape=(32, 32, 3)).output_problem
    )


def test_an_image_that_grows_beyond_every_screen_is_refused_at_its_row():
    report = report_of(" ".join(["up16"] * 100) + " | conv3")
    assert [row.problem is None for row in report.rows[:4]] == [True, True, False, False]
    assert f"at most {MAX_OUTPUT_SIDE:,} pixels a side" in report.rows[2].problem
    assert max(report.output_shape) <= MAX_OUTPUT_SIDE


# --- Warnings ------------------------------------------------------------------------------


def test_the_homework_is_warned_that_its_narrowest_point_is_not_the_code():
    assert report_of(HOMEWORK).warnings == (
        "The narrowest point is not the latent: layer 4 (pool) has 768 numbers, the latent 1,024.",
    )


def test_a_latent_as_large_as_the_input_is_no_compression():
    report = report_of("unshuffle2 | shuffle2 conv3:sigmoid")
    assert report.warnings == (
        "This does not compress: the latent has as many numbers as the input, 3,072.",
    )
    assert report.verdict == "latent 16x16x12 = 3,072 numbers, as large as the input"


def test_a_skip_around_the_latent_is_warned_of_and_one_inside_a_half_is_not():
    around = report_of("conv8 @a pool8 conv4 | up8 cat@a conv3:sigmoid")
    assert len(around.warnings) == 1
    assert "@a leads around it" in around.warnings[0]
    inside = report_of("conv8 @a conv8 add@a pool8 conv4 | up8 @b conv4 add@b conv3:sigmoid")
    assert inside.warnings == ()


def test_crossing_marks_come_in_the_order_in_which_they_are_set():
    architecture = Architecture.parse("@b conv8 @a conv8 @c add@a | cat@a add@b @d cat@d conv3")
    assert crossing_marks(architecture) == ("b", "a")


@pytest.mark.parametrize("ending", ["conv3", "conv3:linear relu", "deconv3s1"])
def test_an_output_behind_a_relu_is_warned_of(ending):
    assert any("ends in ReLU" in warning for warning in report_of(f"pool2 | up {ending}").warnings)
    assert report_of("pool2 | up conv3:sigmoid").warnings == ()


def test_an_architecture_of_marks_alone_has_a_report():
    report = report_of("@a | @b")
    assert (report.smallest.size, report.parameters, report.latent_shape) == (3072, 0, (32, 32, 3))


def test_a_transposed_convolution_of_single_pixels_is_refused_with_the_remedy():
    report = analyze(Architecture.parse("conv8 pool | deconv3k1s2"))
    assert "kernel of 2 or more" in report.rows[-1].problem
    assert not analyze(Architecture.parse("conv8 pool | deconv3k2s2")).problems


@pytest.mark.parametrize("text", ["conv8 @a add@a | conv3", "conv8 @a linear @b add@a | conv3"])
def test_a_tensor_is_not_added_to_itself(text):
    problem = analyze(Architecture.parse(text)).problems[0]
    assert "Put a layer between" in problem
    assert not analyze(Architecture.parse("conv8 @a conv8 add@a | conv3")).problems
