"""How the photo denoiser was trained: one network for every sigma from 0 to 100/255.

    python -m cae_core make photo-denoiser train --photos BSDS500 --minutes 100
    python -m cae_core make photo-denoiser card --photos BSDS500

`train` goes on from the checkpoint in its folder (``--out``, by default this one) where one is,
else from the weights there, else from a random start: a training may take several sessions. In
each the learning rate falls to nothing by the end of its time, so that it ends with weights worth
keeping: averaged over the last steps, and kept where they are better on the validation
photographs than what is there. history.csv tells of all sessions. `card` measures the weights of
this folder on CBSD68, at which nothing else looks, and writes card.json.

BSDS500 is a folder with ``train``, ``test`` and ``val`` (JPEG), and ``cbsd68.txt``: the names of
those photographs in ``val`` that are the benchmark. Trained on train and test, validated on the
other 32 of val.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core import zoo
from cae_core.data import cbsd68
from cae_core.images.metrics import psnr_from_mse
from cae_core.images.operations import open_image
from cae_core.models.photo_denoiser import build_photo_denoiser
from cae_core.photos.denoising import denoise
from cae_core.recipes.history import read_history
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.time_budget import SessionHistory, add_session_arguments, fit_session
from cae_core.training.losses import scaled

FOLDER = Path(__file__).resolve().parent
PATCH = 64
BATCH_SIZE = 16
STEPS_PER_EPOCH = 500
STEPS_PER_EXECUTION = 10
LARGEST_SIGMA = 100 / 255
AVERAGING = 0.99
VALIDATION_SIGMAS = (15, 25, 50)
VALIDATION_SIDE = 256
# At sigma 0 the image comes back as it is: the card has a number all the same.
HIGHEST_PSNR = 100.0


class NoisyPatches(keras.layers.Layer):
    """uint8 patches -> clean, noisy, map of sigma: a level drawn for every patch.

    Low levels are drawn a little more often than high ones: 100/255 · u^1.3, u uniform. One
    patch in eight is grey, its noise too, and of one in eight the noisy values are cut to
    [0, 1]: people's noisy images are like that.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, patches: Any) -> tuple[Any, Any, Any]:
        """Draws level and noise."""
        clean = scaled(patches)
        count = ops.shape(clean)[0]
        drawn = keras.random.uniform((3, count, 1, 1, 1), seed=self.noise)
        level = drawn[0] ** 1.3 * LARGEST_SIGMA
        is_grey, is_clipped = drawn[1] < 1 / 8, drawn[2] < 1 / 8
        noise = keras.random.normal(ops.shape(clean), seed=self.noise)
        noise = ops.where(is_grey, noise[..., :1], noise)
        clean = ops.where(is_grey, ops.mean(clean, axis=-1, keepdims=True), clean)
        noisy = clean + level * noise
        noisy = ops.where(is_clipped, ops.clip(noisy, 0, 1), noisy)
        # (B, 1, 1, 1) -> (B, H, W, 1)
        sigma = level + ops.zeros_like(clean[..., :1])
        return clean, noisy, sigma


class WeightedError(keras.layers.Layer):
    """Absolute error, weighted so that every noise level counts about the same.

    What a good denoiser leaves grows about as the root of sigma (the published PSNR at 15, 25
    and 50 say so), and so would its share of the loss.
    """

    def call(self, inputs: tuple[Any, Any, Any]) -> Any:
        """Weighs."""
        denoised, clean, sigma = inputs
        return ops.abs(denoised - clean) / ops.sqrt(sigma + 5 / 255)


class Patches(keras.utils.PyDataset):
    """Random crops, turned and mirrored, an epoch's worth; the target is not used."""

    def __init__(self, photos: list[np.ndarray], seed: int) -> None:
        super().__init__()
        self.photos = photos
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([self._crop() for _ in range(BATCH_SIZE)]), np.zeros(BATCH_SIZE)

    def _crop(self) -> np.ndarray:
        photo = self.photos[self.random.integers(len(self.photos))]
        top, left = (self.random.integers(side - PATCH + 1) for side in photo.shape[:2])
        patch = np.rot90(photo[top : top + PATCH, left : left + PATCH], self.random.integers(4))
        return patch[::-1] if self.random.integers(2) else patch


class Validation:
    """PSNR of a denoiser on the validation photographs.

    Args:
        denoiser: The network.
        photos: uint8 (H, W, 3).
    """

    def __init__(self, denoiser: keras.Model, photos: list[np.ndarray]) -> None:
        self.denoiser = denoiser
        self.clean = np.stack([central_square(photo) for photo in photos])

    def __call__(self, logs: dict[str, float]) -> dict[str, float]:
        """PSNR at every validated level, in dB, by the name of the history's column."""
        row = {f"psnr_{sigma}": round(self.psnr(sigma), 3) for sigma in VALIDATION_SIGMAS}
        print(row, f"loss {logs['loss']:.5f}", flush=True)
        return row

    def psnr(self, sigma: int) -> float:
        """Mean PSNR in dB at a noise level of sigma/255."""
        random = np.random.default_rng(sigma)
        noise = random.standard_normal(self.clean.shape, dtype=np.float32)
        noisy = self.clean + noise * np.float32(sigma / 255)
        level = np.full((*self.clean.shape[:3], 1), sigma / 255, np.float32)
        denoised = self.denoiser.predict([noisy, level], batch_size=4, verbose=0)
        errors = np.square(np.clip(denoised, 0, 1) - self.clean).mean(axis=(1, 2, 3))
        return float(psnr_from_mse(errors).mean())


def central_square(photo: np.ndarray) -> np.ndarray:
    """The middle of a photograph as float32 in [0, 1], (256, 256, 3)."""
    top, left = ((side - VALIDATION_SIDE) // 2 for side in photo.shape[:2])
    square = photo[top : top + VALIDATION_SIDE, left : left + VALIDATION_SIDE]
    return square / np.float32(255)


def read_photos(folder: Path, names: list[str] | None = None) -> list[np.ndarray]:
    """Photographs as uint8 (H, W, 3), by default all of a folder."""
    paths = sorted(folder.glob("*.jpg")) if names is None else [folder / name for name in names]
    return [np.round(open_image(path) * 255).astype(np.uint8) for path in paths]


def validation_names(photos: Path) -> list[str]:
    """The photographs of val that are not in CBSD68."""
    benchmark = {Path(line).stem for line in (photos / cbsd68.LIST).read_text().split()}
    return [p.name for p in sorted((photos / "val").glob("*.jpg")) if p.stem not in benchmark]


def mean_psnr(row: dict[str, float]) -> float:
    """One figure for all validated levels."""
    return float(np.mean([row[f"psnr_{sigma}"] for sigma in VALIDATION_SIGMAS]))


def train(photos: Path, minutes: float, peak: float, folder: Path, dtype: str) -> None:
    """One session."""
    rows = read_history(folder)
    done = int(rows[-1]["patches"]) if rows else 0
    keras.utils.set_random_seed(done)  # another session draws other patches and noise
    denoiser = build_photo_denoiser(dtype=dtype)
    inputs = keras.Input((PATCH, PATCH, 3), dtype="uint8")
    clean, noisy, sigma = NoisyPatches(seed=done)(inputs)
    error = WeightedError()([denoiser([noisy, sigma]), clean, sigma])
    trainer = keras.Model(inputs, error)
    optimizer = ConvolutionMuon(
        peak,
        exclude_layers=["head", "tail"],
        adam_lr_ratio=0.3,  # for those two; with 1 the training diverges
        weight_decay=None,
        adam_weight_decay=None,
        use_ema=True,
        ema_momentum=AVERAGING,
    )
    if (folder / zoo.WEIGHTS).exists():
        denoiser.load_weights(folder / zoo.WEIGHTS)
    history = SessionHistory(
        denoiser,
        folder,
        counted="patches",
        per_epoch=STEPS_PER_EPOCH * BATCH_SIZE,
        measure=Validation(denoiser, read_photos(photos / "val", validation_names(photos))),
        score=mean_psnr,
    )
    fit_session(
        trainer,
        optimizer,
        Patches([p for part in ("train", "test") for p in read_photos(photos / part)], seed=done),
        history,
        folder,
        minutes=minutes,
        peak=peak,
        steps_per_execution=STEPS_PER_EXECUTION,
    )


def write_card(photos: Path) -> None:
    """Measures the kept weights on CBSD68 and writes the card."""
    history = read_history(FOLDER)
    network = build_photo_denoiser()
    card = zoo.Card(
        name=FOLDER.name,
        title="Photo denoiser",
        summary=(
            "Takes Gaussian noise off colour and grey photographs of any size: one network, told "
            "the noise level, for every sigma from 0 to 100/255."
        ),
        source=(
            "Zhang et al., FFDNet, TIP 2018, and DRUNet, TPAMI 2021; bias-free: Mohan et al., "
            "ICLR 2020; trained with Muon (Jordan et al., 2024)"
        ),
        network=zoo.PHOTO_DENOISER,
        input_shape=(PATCH, PATCH, 3),
        dataset="",
        data=(
            "BSDS500 train and test, 400 photographs, to train; the 32 of val that are not in "
            "CBSD68 to validate; CBSD68 to test"
        ),
        licence="BSDS500 (Arbelaez et al., 2011), non-commercial research and education",
        recipe="python -m cae_core make photo-denoiser train --photos BSDS500",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['patches']:,.0f} patches of {PATCH}x{PATCH}, batch {BATCH_SIZE}, on 2 "
            "cores beside other work; history.csv tells of every session."
        ),
        parameters=network.count_params(),
        latent_size=None,
        noise_range=(0.0, LARGEST_SIGMA),
        figures=(),
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
    )
    card.save(FOLDER)  # first, for `denoise` asks the card which weights are right
    images = cbsd68.photographs(photos)

    def restored(noisy: np.ndarray, sigma: float) -> np.ndarray:
        return denoise(noisy, sigma, precision="float32")

    figures = []
    for sigma in (25, 15, 50, 0):  # the first is the one that lists show
        value = min(cbsd68.mean_psnr(restored, images, sigma), HIGHEST_PSNR)
        condition = f"sigma {sigma} of 255, not clipped"
        figures.append({"test_set": "CBSD68", "condition": condition, "psnr": round(value, 2)})
        print(figures[-1], flush=True)
    dataclasses.replace(card, figures=tuple(figures)).save(FOLDER)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cae_core make photo-denoiser",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("command", choices=("train", "card"))
    parser.add_argument("--photos", type=Path, required=True, help="the folder BSDS500")
    add_session_arguments(parser, FOLDER, minutes=100, rate=1.5e-3)
    options = parser.parse_args(arguments)
    if options.command == "train":
        train(options.photos, options.minutes, options.rate, options.out, options.dtype)
    else:
        write_card(options.photos)


if __name__ == "__main__":
    main()
