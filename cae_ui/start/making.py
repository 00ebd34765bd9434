"""Makes what the page shows at once: the sample photos' results, the doors' illustrations.

Run it, by ``python -m cae_ui``, after a network of the page was trained again.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from itertools import product

import numpy as np
from PIL import Image, ImageDraw

from cae_core import zoo
from cae_core.architecture.formulas import Shape
from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import to_uint8
from cae_core.photos.colorizing import colorize, grey_of
from cae_core.photos.denoising import denoise
from cae_ui.common.network_diagram import COLORS
from cae_ui.common.photo_input import SAMPLE_PHOTOS
from cae_ui.start.doors import DOORS
from cae_ui.start.squeezed import (
    FIGURES,
    LATENT_SIZES,
    STORED,
    compute,
    file_names,
    network_name,
    square_of,
)
from cae_ui.zoo.thumbnails import thumbnail

_DOOR = (720, 300)  # width and height in pixels
_SIGMA = 0.2  # of the noise on the cat's first strip
# Networks on the door to the evidence.
_EVIDENCE = (
    *("homework", "photo-denoiser", "pca-32-mnist", "pca-64"),
    *("vae2-mnist", "pca-256", zoo.DEFAULT_COLORIZER, "skip-0.3"),
)


def make_results() -> None:
    """Squeezes and rebuilds the sample photos with all networks of the page."""
    STORED.mkdir(exist_ok=True)
    figures: dict[str, dict[str, object]] = {}
    for sample, file in SAMPLE_PHOTOS.items():
        square = square_of(sample_photograph(file))
        for latent_size in LATENT_SIZES:
            result = compute(square, latent_size)
            contents = (result.original, result.latent, result.rebuilt)
            for name, content in zip(file_names(sample, latent_size), contents, strict=True):
                (STORED / name).write_bytes(content)
            numbers = {key: value for key, value in asdict(result).items() if key in _NUMBERS}
            figures.setdefault(sample, {})[str(latent_size)] = numbers
    made_of = {name: zoo.card(name).sha256 for name in map(network_name, LATENT_SIZES)}
    text = json.dumps({"made_of": made_of, "results": figures}, indent=1)
    (STORED / FIGURES).write_text(text + "\n")


_NUMBERS = ("side", "latent_bytes", "psnr")


def make_doors() -> None:
    """Draws the illustrations of the doors."""
    DOORS.mkdir(exist_ok=True)
    _save(_network(), "homework")
    _save(_strips(), "photo")
    _save(_mosaic(), "evidence")


def _save(image: Image.Image, name: str) -> None:
    """Saves the illustration of a door."""
    image.save(DOORS / f"{name}.webp", "WEBP", quality=90, method=6)


def _network() -> Image.Image:
    """The homework's network: a block for every tensor, its area the tensor's size."""
    report = analyze(get_preset("homework").architecture)
    latent = len(report.architecture.encoder)
    tensors: list[tuple[Shape, str]] = [(report.architecture.input_shape, COLORS["input"])]
    for row in report.rows:
        kind = "latent" if row.index == latent else row.part
        tensors.append((row.output_shape, COLORS[kind]))
    width, height = _DOOR
    image = Image.new("RGBA", _DOOR)
    draw = ImageDraw.Draw(image)
    gap, scale = 22, height / report.architecture.input_shape[0]
    sizes = [(shape[0] * scale, shape[1] * shape[2]) for shape, _ in tensors]
    unit = (width - gap * (len(tensors) + 1)) / sum(size for _, size in sizes)
    left = float(gap)
    for (tall, size), (_, color) in zip(sizes, tensors, strict=True):
        top, wide = (height - tall) / 2, size * unit
        draw.rounded_rectangle((left, top, left + wide, top + tall - 1), 6, color)
        left += wide + gap
    return image


def _strips() -> Image.Image:
    """The cat in four strips: noisy, denoised, grey, colorized."""
    photo = sample_photograph("chelsea.png")
    height = round(photo.shape[1] * _DOOR[1] / _DOOR[0])
    photo = photo[20 : 20 + height]
    noise = np.random.default_rng(0).standard_normal(photo.shape, dtype=np.float32)
    noisy = np.clip(photo + _SIGMA * noise, 0.0, 1.0)
    grey = grey_of(photo)
    whole = (noisy, denoise(noisy, _SIGMA), grey, colorize(grey))
    parts = np.array_split(np.arange(photo.shape[1]), len(whole))
    strips = [image[:, columns] for image, columns in zip(whole, parts, strict=True)]
    for strip in strips[1:]:
        strip[:, :2] = 1.0  # a line between them
    return Image.fromarray(to_uint8(np.concatenate(strips, axis=1))).resize(
        _DOOR, Image.Resampling.LANCZOS
    )


def _mosaic() -> Image.Image:
    """Thumbnails of some networks of the zoo, one after the other."""
    image = Image.new("RGBA", _DOOR)
    places = product(range(0, _DOOR[1], 150), range(0, _DOOR[0], 180))  # 2 rows of 4
    for (top, left), name in zip(places, _EVIDENCE, strict=True):
        content = thumbnail(name)
        assert content is not None  # noqa: S101 - made just before
        small = Image.open(io.BytesIO(content)).convert("RGB")
        image.paste(small.resize((174, 144), Image.Resampling.NEAREST), (left, top))
    return image
