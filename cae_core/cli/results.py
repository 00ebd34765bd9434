"""``docs/results.md``: all results in Markdown, from the cards and the tables of the studies."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from cae_core import zoo
from cae_core.architecture.presets import SOURCES
from cae_core.cli.arguments import PROGRAM
from cae_core.compression import comparison
from cae_core.data.registry import DATASETS
from cae_core.formats import format_share
from cae_core.studies import claims, latent_size, tables
from cae_core.studies.pca import load_pca_line, pca_weights
from cae_core.studies.sweep import read_table
from cae_core.studies.tables import DATASETS_WITH_LATENTS
from cae_core.zoo.cards import COLORIZED, GREY, Card
from cae_core.zoo.judge import ACCURACY, JUDGES
from cae_core.zoo.table import Row, below_pca, judge_own_accuracy, rows

COMMAND = f"{PROGRAM} zoo --markdown"
_WIDTH = 100


def results_markdown() -> str:
    """The whole page; sections whose networks or tables are missing are left out."""
    sections = (
        _head(),
        _sources(),
        _latent_size(),
        _below_pca(),
        _claims(),
        _photos(),
        _camera(),
        _compression(),
        _cifar10(),
        _colors(),
    )
    blocks = "\n\n".join(filter(None, sections)).split("\n\n")
    return "\n\n".join(map(_wrapped, blocks)) + "\n"


def _wrapped(block: str) -> str:
    """A paragraph in lines of even width; tables, lists, headings and images as they are."""
    if block.startswith(("|", "-", "#", "!")):
        return block
    return textwrap.fill(block, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _head() -> str:
    return f"""\
# Results

`{COMMAND} > docs/results.md` writes this page from the cards in `pretrained/` and the tables in
`studies/`: change those, not this. Errors are of test images in [0, 1], PSNR is in dB, a mean over
images. `{PROGRAM} make NAME` trains a network again, `{PROGRAM} zoo NAME` prints its card."""


def _sources() -> str:
    judges = " and ".join(
        f"{_share(judge_own_accuracy(name))} of {name}'s original images" for name in JUDGES
    )
    titles = "\n".join(f"- {letter}: {source.link}" for letter, source in SOURCES.items())
    return f"""\
## The networks of the four sources

{titles}

Every network is trained on all of its data for as long as its source says, with one split and
seed, and measured on the 10,000 test images of its data set. The judge is an evaluation classifier
that was trained on original images: its column is its accuracy on the network's outputs. It
recognises {judges}. "Published" is the source's figure, or its words.

{networks_table(row for row in rows() if row.card.section)}

`homework` follows its source: Adam at a constant 0.001. With the laboratory's own default settings,
a larger rate with warm-up and cosine decay, the same network has a smaller error, see
[performance](performance.md)."""


def networks_table(chosen: Iterable[Row]) -> str:
    """Measured beside published figures.

    Args:
        chosen: Rows of the zoo.
    """
    headings = "network|source|data|condition|latent|parameters|MSE|published|PSNR|judge|published"
    return _table(
        headings.split("|"),
        [
            (
                f"`{row.card.name}`",
                row.card.section or "-",
                row.dataset,
                row.condition,
                _number(row.card.latent_size, "{:,}"),
                f"{row.card.parameters:,}",
                _number(row.measured("mse"), "{:.6f}"),
                f'"{row.words}"' if row.words else _number(row.published("mse"), "{:.6f}"),
                _number(row.measured("psnr"), "{:.2f}"),
                _share(row.measured(ACCURACY)),
                _share(row.published(ACCURACY)),
            )
            for row in chosen
        ],
    )


def _latent_size() -> str:
    results = tuple(read_table(tables.table_path(tables.LATENT_SIZE)))
    answer = latent_size.latent_size_answer(results)
    if answer is None:
        return ""
    return f"""\
## Is latent size correlated with the error?

The question of the homework's second exercise. {answer.sentence}

![Latent size against test error on CIFAR-10: the zoo, a sweep, and PCA](rate_distortion.png)

A network is worth its latent where it lies below the line: PCA with as many components is the best
that a linear autoencoder can do. `{PROGRAM} sweep --study {tables.LATENT_SIZE}` trains what is not
in `studies/` and prints all architectures."""


def _below_pca() -> str:
    pca = {name: load_pca_line(tables.pca_path(name)) or {} for name in DATASETS_WITH_LATENTS}
    lines = [
        (
            DATASETS[dataset].title,
            f"{row.card.latent_size:,}",
            f"{line[row.card.latent_size or 0]:.6f}",
            f"{row.figure['mse']:.6f}",
            f"`{row.card.name}`",
            f"{row.card.parameters:,}",
            f"{row.card.seconds:,.0f} s",
        )
        for dataset, line in pca.items()
        for row in below_pca(dataset, line)
    ]
    if not lines:
        return ""
    return f"""\
## Networks below PCA

All networks of the zoo with less error than PCA with as many numbers, on the test images. Those
named `pca-` are principal components, trained further, between two residual networks from image to
image (`pca` and `unpca` in the [notation](notation.md)); `KERAS_BACKEND=jax {PROGRAM} make pca-64`
trains one of photographs again, on a GPU as its card says, `{PROGRAM} make pca-64-mnist` one of the
small ones on any machine. The gain costs weights: PCA with 64 components has
{pca_weights("cifar10", 64):,} of them on CIFAR-10, {pca_weights("mnist", 64):,} on the other two.

{_table(("data", "numbers", "PCA", "network's error", "network", "weights", "training"), lines)}"""


def _claims() -> str:
    return f"""\
## The claims of {SOURCES["A"].title}, tested

Its author calls his samples far too small to be sure. Here every claim is a few pairs of trainings
on CIFAR-10, each with {len(claims.SEEDS)} seeds. A claim holds where every seed of every pair
agrees with it, and depends where some pairs or seeds do not. The last column has a ratio for every
pair: the error of the network that should be worse over the error of the one that should be better.
`{PROGRAM} sweep --study {tables.CLAIMS_STUDY}` trains what is not in `studies/`.

{claims_table(claims.verdicts())}"""


def claims_table(verdicts: Iterable[claims.Verdict]) -> str:
    """Claims and verdicts.

    Args:
        verdicts: Of `cae_core.studies.claims.verdicts`.
    """
    return _table(
        ("claim", "verdict", "ratios of errors"),
        [
            (
                verdict.claim.statement,
                verdict.word,
                ", ".join(f"{item.ratio:.2f}" for item in verdict.evidence) or "-",
            )
            for verdict in verdicts
        ],
    )


def _photos() -> str:
    card = zoo.card(zoo.PHOTO_DENOISER)
    levels = [f"sigma {sigma}" for sigma in (15, 25, 50)]
    ours = [f"{_figure(card, f'{level} of 255, not clipped')['psnr']:.2f}" for level in levels]
    with tables.table_path(tables.CBSD68).open(newline="") as file:
        others = [
            (
                f"{row['method']}{', published' if row['origin'] == 'published' else ''}",
                _number(row["parameters"] and int(row["parameters"]), "{:,}"),
                row["networks"],
                *(row[level] for level in levels),
            )
            for row in csv.DictReader(file)
        ]
    return f"""\
## Noise off photographs

PSNR on CBSD68, noise not clipped, sigma in units of 0-255. The photo denoiser: {card.recipe_notes}
Its data: {card.data}.
`python benchmarks/denoise.py --photos BSDS500` measures every row that is not published.

{
        _table(
            ("", "parameters", "networks", *levels),
            [(card.title, f"{card.parameters:,}", "one for all", *ours), *others],
        )
    }"""


def _compression() -> str:
    test_sets = comparison.stored_curves()
    if not test_sets:
        return ""
    codecs = list(next(iter(test_sets.values())))
    qualities = comparison.codecs()[comparison.NETWORK].some
    lines = [
        (
            test_set,
            str(quality),
            f"{point.bits_per_pixel:.3f}",
            *(_at_bits(curves[codec], point.bits_per_pixel) for codec in codecs),
        )
        for test_set, curves in test_sets.items()
        for quality, point in zip(qualities, curves[comparison.NETWORK], strict=True)
    ]
    return f"""\
## Photographs as bytes

PSNR and SSIM of `cae.compress` beside JPEG, WebP and AVIF (Pillow) and PCA by blocks with the same
coder, at the same bits per pixel (bpp), headers counted: read off the curves through the means over
the middle 256 × 256 pixels of the photographs at some qualities each; a dash is beyond a curve's
end. See [compression](compression.md); `python benchmarks/compression.py` measures the curves.

{_table(("photographs", "quality", "bpp", *codecs), lines)}"""


def _at_bits(points: Sequence[comparison.Point], bits_per_pixel: float) -> str:
    """The figures of a curve at one place."""
    found = comparison.at_bits(points, bits_per_pixel)
    return "-" if found is None else f"{found[0]:.2f}, {found[1]:.3f}"


def _camera() -> str:
    card = zoo.card(zoo.CAMERA_DENOISER)
    lines = [
        (
            f"{row['test_set']}, {row['condition']}",
            _number(row.get("psnr_noisy"), "{:.2f}"),
            f"{row['psnr']:.2f}",
            _number(row.get("least_gain"), "{:.2f}"),
            _number(row.get("psnr_least"), "{:.2f}"),
        )
        for row in card.figures
    ]
    return f"""\
## Noise of cameras

PSNR of the camera denoiser ({card.parameters:,} parameters), which estimates the noise itself. The
goal for crops noisy below 36 dB, a gain of 2.5 dB, is not reached beside the clean images as they
are. Each of them is the mean of many shots, between which the camera moved by parts of a pixel and
the light changed, which no denoiser can know; aligned, they are moved onto the noisy image and have
its brightness. Its data: {card.data}.

{_table(("test images", "noisy", "denoised", "least gain", "least"), lines)}"""


def _cifar10() -> str:
    from cae_core.recipes.table import RECIPES

    pairs = ("denoise-0.3", "skip-0.3", "denoise-1.0", "skip-1.0")
    cards = [zoo.card(name) for name in pairs]
    bottleneck = zoo.card("homework-denoise")
    noisy = [
        f"{row['psnr']:.2f} dB at {row['condition'].removesuffix(', not clipped')}"
        for row in _own_figures(bottleneck)
        if row["condition"] != "clean-through"
    ]
    clean = f"{_figure(bottleneck, 'clean-through')['psnr']:.2f} dB"
    size = _number(bottleneck.latent_size, "{:,}")
    return f"""\
## Noise off CIFAR-10

The denoisers of {SOURCES["A"].title} beside networks of their size with a skip connection and two
scales; noise not clipped. Clean-through: the input has no noise.

{
        _table(
            ("network", "parameters", "epochs", "sigma", "PSNR", "clean-through"),
            [
                (
                    f"`{card.name}`",
                    f"{card.parameters:,}",
                    str(RECIPES[card.name].config.epochs),
                    str((card.noise_range or (0,))[0]),
                    f"{_own_figures(card)[0]['psnr']:.2f}",
                    f"{_figure(card, 'clean-through')['psnr']:.2f}",
                )
                for card in cards
            ],
        )
    }

The smaller networks win by what they leave out: no bottleneck (a skip connection carries the finer
scale past the coarser one), and normalisation before every activation. Predicting the noise, as
DnCNN does, is no help at these levels: so much noise is harder to reproduce than the image.

What a bottleneck costs: `homework-denoise`, whose latent has {size} numbers, was trained at every
sigma from 0 to 100 and reaches {", ".join(noisy)}, and {clean} without any noise."""


def _colors() -> str:
    small = ("colorize-rgb", "colorize-chroma", "colorize-classes")
    photo, seeing = map(zoo.card, (zoo.PHOTO_COLORIZER, zoo.IMAGENET_COLORIZER))
    beside = zoo.card("colorize-chroma")
    cifar10 = [(card.title, card, COLORIZED) for card in map(zoo.card, small)]
    photos = [
        (photo.title, photo, COLORIZED),
        (seeing.title, seeing, COLORIZED),
        ("`colorize-chroma` in its place", photo, "colorize-chroma applied in the same way"),
        ("grey", photo, GREY),
    ]
    return f"""\
## Colour

SSIM and PSNR are means over images; the a\\*b\\* error is the root mean square distance of
(a\\*, b\\*); colourfulness (Hasler & Suesstrunk) is a share of the originals'. Grey images, the
lightness alone, are hard to beat on PSNR and worthless to look at. `python benchmarks/colorize.py
--photos BSDS500` measures the same figures.

{_color_table("CIFAR-10, test images", [*cifar10, ("grey", beside, GREY)], "cifar10 test")}

{_color_table("BSDS500 val, 100 photographs", photos, "BSDS500 val")}"""


def _color_table(title: str, lines: Sequence[tuple[str, Card, str]], test_set: str) -> str:
    """Figures of colour: heading of the line, card and condition of each."""
    measures = {
        "psnr": "{:.2f}",
        "ssim": "{:.3f}",
        "ab_rmse": "{:.2f}",
        "ciede2000": "{:.2f}",
        "colorfulness": "{:.2f}",
    }
    return _table(
        (title, "PSNR", "SSIM", "a\\*b\\* error", "CIEDE2000", "colourfulness"),
        [
            (
                name,
                *(
                    _number(_figure(card, condition, test_set)[measure], form)
                    for measure, form in measures.items()
                ),
            )
            for name, card, condition in lines
        ],
    )


def _own_figures(card: Card) -> list[dict[str, Any]]:
    """Figures of the card's first test set."""
    return [row for row in card.figures if row["test_set"] == card.figures[0]["test_set"]]


def _figure(card: Card, condition: str, test_set: str | None = None) -> dict[str, Any]:
    """A figure by its condition, by default of the card's first test set."""
    wanted = test_set or card.figures[0]["test_set"]
    (found,) = [
        row for row in card.figures if (row["test_set"], row["condition"]) == (wanted, condition)
    ]
    return found


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    rule = ["---"] * len(headings)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *lines))


def _share(value: Any) -> str:
    """A part of 1 as a percentage, or a dash where there is none."""
    return "-" if value is None else format_share(value, 2)


def _number(value: Any, form: str) -> str:
    """A formatted number, or a dash where there is none."""
    return "-" if value is None or value == "" else form.format(value)
