"""The report's numbers on examples worked out by hand, its sentences, and its remedies."""

from __future__ import annotations

import math
import re

import pytest

from cae_core import Architecture, analyze
from cae_core.architecture.presets import get_preset
from cae_core.architecture.receptive_field import MAX_OUTPUT_SIDE
from cae_core.architecture.report import crossing_marks, last_activation
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
    assert report.verdict == "latent 8x8x16 = 1,024 numbers, 3.0 times smaller than the input"
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
        "This does not compress: the latent has 8,192 numbers, "
        "2.67 times more than the input's 3,072.",
    )
    assert report.verdict.endswith("2.67 times LARGER than the input")


@pytest.mark.parametrize(
    ("token", "shape", "out", "parameters", "macs"),
    [
        ("conv8", (32, 32, 3), (32, 32, 8), 224, 221_184),
        ("conv4k5s2:valid", (11, 9, 2), (4, 3, 4), 204, 2_400),
        ("conv4k2s3", (10, 11, 1), (4, 4, 4), 20, 256),
        ("deconv3k4", (5, 6, 2), (10, 12, 3), 99, 2_880),
        ("deconv3k5s2:valid", (5, 6, 2), (13, 15, 3), 153, 4_500),
        ("deconv3k2s3:valid", (5, 6, 2), (15, 18, 3), 27, 720),
        # 4·2 + 3 - 2 + 0 = 9; 4·3 + 4 - 4 + 2 = 14; 4·3 + 2 + 2 = 16
        ("deconv3o0", (5, 6, 2), (9, 11, 3), 57, 1_620),
        ("deconv3k4s3o2", (5, 6, 2), (14, 17, 3), 99, 2_880),
        ("deconv3k2s3o2:valid", (5, 6, 2), (16, 19, 3), 27, 720),
        # A kernel of 3 whose weights stand 3 apart covers 7 pixels.
        ("conv4d3", (9, 8, 2), (9, 8, 4), 76, 5_184),
        ("conv4d3:valid", (9, 8, 2), (3, 2, 4), 76, 432),
        ("sepconv8", (9, 8, 4), (9, 8, 8), 76, 4_896),
        ("sepconv8k5s2:valid", (9, 8, 4), (3, 2, 8), 140, 792),
        ("dwconv3s2", (9, 8, 4), (5, 4, 4), 40, 720),
        ("dropout0.2", (9, 8, 4), (9, 8, 4), 0, 0),
        ("rounding4", (9, 8, 4), (9, 8, 4), 0, 0),
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
    assert calculated(found.macs_formula or "0") == macs


@pytest.mark.parametrize("preset", ["homework", "strided-bn", "resnet34"])
def test_a_formulas_letters_have_the_values_that_give_its_result(preset):
    for row in analyze(get_preset(preset).architecture).rows:
        for formula in filter(None, (row.formula, row.textbook)):
            text = formula.general
            for symbol in formula.symbols:
                text = text.replace(symbol.letter, f"({symbol.value})")
            if text:
                expected = row.size if formula is row.textbook else row.output_shape[0]
                assert calculated(text) == expected or row.textbook_note


def test_the_letters_are_those_of_the_homework():
    row = report_of(HOMEWORK).rows[0]
    assert row.textbook.general == "((W − K + 2P)/S + 1)² · C"
    values = {symbol.letter: symbol.value for symbol in row.textbook.symbols}
    assert values == {"W": "32", "K": "3", "P": "1", "S": "1", "C": "8"}
    assert [symbol.letter for symbol in row.formula.symbols] == ["W", "S"]


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


def calculated(formula):
    """The value of a formula that is written with numbers."""
    python = re.sub(r"(?<=\d),(?=\d{3})|[a-z]+", "", formula)
    for symbol, operator in (("·", "*"), ("−", "-"), ("²", "**2"), ("2(", "2*(")):
        python = python.replace(symbol, operator)
    python = re.sub("⌈(.*?)⌉", r"math.ceil(\1)", python)
    python = re.sub("⌊(.*?)⌋", r"math.floor(\1)", python)
    return eval(python, {"math": math})  # noqa: S307 - our own formula


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


def test_the_homework_is_warned_that_its_narrowest_point_is_not_the_latent():
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


def test_an_input_with_the_channels_first_is_warned_of():
    warnings = report_of("1x28x28 conv8 | conv28").warnings
    assert any("begin with 28x28x1" in warning for warning in warnings)
    assert not report_of("28x28x1 conv8:linear pool8 | up8 conv1:sigmoid").warnings


@pytest.mark.parametrize(
    ("text", "activation"),
    [
        ("conv8 | conv3:sigmoid", "sigmoid"),
        ("conv8 | conv3 sigmoid crop1 pad1 @a", "sigmoid"),
        ("flatten | dense3072:tanh reshape32x32x3", "tanh"),
        ("conv8 pool | subpixel3", "relu"),
        ("conv8 | sepconv3:elu", "elu"),
        ("conv8:sigmoid | bn", None),
        ("@a conv3:sigmoid | add@a", None),
    ],
)
def test_the_last_activation_is_that_of_the_outputs_numbers(text, activation):
    assert last_activation(Architecture.parse(text)) == activation


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
    assert "add brings back another tensor than the current one" in problem
    assert not analyze(Architecture.parse("conv8 @a conv8 add@a | conv3")).problems
