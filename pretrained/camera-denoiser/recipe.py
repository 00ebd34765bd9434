"""How the camera denoiser was trained: blind, on photographs with a camera's noise.

    KERAS_BACKEND=jax python -m cae_core make camera-denoiser train --photos BSDS500 --more PHOTOS \
--real REAL
    python -m cae_core make camera-denoiser card --photos BSDS500 --real REAL

`train` needs a GPU: 11 minutes of an H200 for the kept weights. It goes on from the weights in its
folder (``--out``, by default this one) where they are, else its U-Net from those of the photo
denoiser (of an earlier one, for the kept weights) and its estimator from a random start. `card`
measures the weights of this folder on the test part of REAL and on photographs without noise, and
writes card.json.

BSDS500 is a folder with ``train``, ``test`` and ``val`` (JPEG), and ``cbsd68.txt``, the names of
those photographs in ``val`` that are a benchmark; PHOTOS a folder of other photographs (JPEG).
REAL has pairs of crops from real photographs (Xu et al., "Real-world noisy image denoising: a new
benchmark", 2018): ``..._real.JPG``, noisy, and ``..._mean.JPG``, the mean of many shots.
``split.csv`` divides them by scene and camera: of one camera nothing was trained on, and a scene is
in one part only. Three patches in four are of clean photographs with the noise of
`cae_core.recipes.camera_noise`, one in four is of the real pairs' training part.
"""

from __future__ import annotations

import csv
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae_core import zoo
from cae_core.data.samples import HIGH_ISO, noisy_photograph_paths
from cae_core.images.decoding import open_image
from cae_core.images.metrics import psnr
from cae_core.images.operations import middle, to_uint8
from cae_core.models.camera_denoiser import build_camera_denoiser
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.classical import denoise_classical
from cae_core.photos.denoising import denoise
from cae_core.photos.noise_level import estimate_sigma
from cae_core.recipes.alignment import aligned, without_drift
from cae_core.recipes.bsds500 import read_photographs, training_paths, validation_paths
from cae_core.recipes.command_line import save_measured, session_parser
from cae_core.recipes.weight_files import HALF_BITS, round_to_half
from cae_core.training.history import read_history, write_history
from cae_core.zoo.cards import HALF, UNMEASURED

FOLDER = Path(__file__).resolve().parent
SPLIT = "split.csv"
SIDE, SYNTHETIC, REAL = 128, 30, 10  # side of a patch; patches of a step of both kinds
SHARES = (0.5, 0.3, 0.2)  # of clean patches: BSDS500, other photographs, means of real pairs
NOISY_BELOW = 36.0  # dB: the card has a figure of its own for the noisier crops
HIGHEST_PSNR = 100.0
# What white noise is taken off with, and the sigmas of which the best is taken for each crop.
WHITE_NOISE_METHODS = {
    "photo denoiser": denoise,
    "non-local means": partial(denoise_classical, method="nlm"),
}
SIGMAS = tuple(units / 255 for units in (0, 2, 3, 4, 6, 8, 10, 13, 16, 20))
# White noise of sigma 1 has luma noise and colour noise of these levels.
WHITE_LEVELS = (0.669, 0.883)

Pair = tuple[np.ndarray, np.ndarray]


def real_pairs(folder: Path, part: str) -> dict[str, Pair]:
    """Noisy and clean crops of a part of the split, float32 (H, W, 3) in [0, 1], by name."""
    with (FOLDER / SPLIT).open(newline="") as file:
        names = [row["crop"] for row in csv.DictReader(file) if row["part"] == part]
    return {
        name: (open_image(folder / f"{name}_real.JPG"), open_image(folder / f"{name}_mean.JPG"))
        for name in names
    }


def clean_photos(photos: Path) -> list[np.ndarray]:
    """The middle 256x256 of the photographs of BSDS500's val that are not in CBSD68."""
    return [middle(open_image(path), 256, 256) for path in validation_paths(photos)]


def real_patches(data: dict[str, Any], key: Any) -> Pair:
    """Noisy and clean patches of the real pairs, (REAL, SIDE, SIDE, 3).

    Half as they are; half with 0.3 to 1.5 of the noise, other colours and brightness.
    """
    import jax
    import jax.numpy as jnp

    from cae_core.recipes.gpu_training import squares

    key, lighting = jax.random.split(key)
    drawn = jax.random.uniform(key, (8, REAL))
    number, height, width, _ = data["noisy"].shape
    index = (drawn[0] * number).astype(jnp.int32)
    top = (drawn[1] * (height - SIDE + 1)).astype(jnp.int32)
    left = (drawn[2] * (width - SIDE + 1)).astype(jnp.int32)
    rows, columns = squares(drawn[3:6], SIDE)
    place = index[:, None, None], top[:, None, None] + rows, left[:, None, None] + columns
    noisy, clean = (data[name][place].astype(jnp.float32) for name in ("noisy", "clean"))
    is_changed = (drawn[6] < 0.5)[:, None, None, None]
    strength = jnp.where(is_changed, (0.3 + 1.2 * drawn[7])[:, None, None, None], 1.0)
    light = jax.random.uniform(lighting, (REAL, 1, 1, 3), minval=0.8, maxval=1.15)
    light = jnp.where(is_changed, light, 1.0)
    changed = jnp.clip((clean + (noisy - clean) * strength) * light, 0, 1)
    return jnp.where(is_changed, changed, noisy), jnp.where(
        is_changed, jnp.clip(clean * light, 0, 1), clean
    )


def loss_of(model: keras.Model) -> Any:
    """The loss of a random batch: of the denoised patches and, a hundredth, of the levels."""
    import jax
    import jax.numpy as jnp

    from cae_core.recipes import camera_noise
    from cae_core.recipes.gpu_training import draw_patches, weighted_loss

    estimator, enlarge, denoiser = map(model.get_layer, ("estimator", "enlarge", "denoiser"))
    first = len(estimator.trainable_variables)

    def loss(values: list[Any], data: dict[str, Any], key: Any, root_share: Any) -> Any:
        drawing, damaging, taking, choosing = jax.random.split(key, 4)
        source = draw_patches(drawing, data["photos"], SHARES, SYNTHETIC, camera_noise.SOURCE)
        noisy, clean, kind = camera_noise.damaged(source.astype(jnp.float32) / 255, damaging, SIDE)
        real_noisy, real_clean = real_patches(data, taking)
        noisy = jnp.concatenate([noisy, real_noisy])  # (B, SIDE, SIDE, 3)
        clean = jnp.concatenate([clean, real_clean])
        is_clean = jnp.concatenate([kind == camera_noise.CLEAN, jnp.zeros(REAL, bool)])
        levels = camera_noise.true_levels(noisy - clean)  # (B, SIDE/4, SIDE/4, 2)
        levels = jnp.where(is_clean[:, None, None, None], 0.0, levels)
        estimated, _ = estimator.stateless_call(values[:first], [], noisy)
        level_error = jnp.abs(jnp.log((estimated + 0.5 / 255) / (levels + 0.5 / 255))).mean()
        # Three in ten get the true levels, so that a level keeps its meaning.
        is_given = jax.random.uniform(choosing, (len(noisy), 1, 1, 1)) < 0.3
        given = enlarge(jnp.where(is_given, levels, estimated))
        denoised, _ = denoiser.stateless_call(values[first:], [], [noisy, given])
        level = jnp.sqrt(jnp.mean((noisy - clean) ** 2, axis=(1, 2, 3)))
        weight = (level + 3 / 255) ** -0.5 * jnp.where(is_clean, 1.5, 1.0)
        return weighted_loss(denoised - clean, weight, root_share) + 0.01 * level_error

    return loss


def start_from_photo_denoiser(model: keras.Model) -> None:
    """Copies the photo denoiser's weights where it has a layer of the same name.

    Its one channel of sigma becomes the two levels.
    """
    known = {v.path.split("/")[0]: v.numpy() for v in zoo.load(zoo.PHOTO_DENOISER).variables}
    pixels, sigma = known["head"][:, :, :12], known["head"][:, :, 12:]
    known["head"] = np.concatenate([pixels, *(sigma * 0.5 / level for level in WHITE_LEVELS)], 2)
    for variable in model.get_layer("denoiser").trainable_variables:
        variable.assign(known[variable.path.split("/")[0]])


def mean_gain(pairs: Sequence[Pair], restored: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """Mean PSNR of noisy and of restored images, and the least gain, in dB."""
    before = np.array([psnr(noisy, clean) for noisy, clean in pairs])
    after = np.array([psnr(image, pair[1]) for image, pair in zip(restored, pairs, strict=True)])
    return float(before.mean()), float(after.mean()), float((after - before).min())


def train(
    photos: Path, more: Path, real: Path, minutes: float, peak: float, folder: Path, dtype: str
) -> None:
    """One session on a GPU."""
    import jax.numpy as jnp

    from cae_core.recipes import gpu_training

    rows = read_history(folder)
    before = rows[-1] if rows else {"steps": 0, "seconds": 0}
    model, exact = build_camera_denoiser(dtype=dtype), build_camera_denoiser()
    if (folder / zoo.WEIGHTS).exists():
        model.load_weights(folder / zoo.WEIGHTS)
    else:
        start_from_photo_denoiser(model)
    pairs = list(real_pairs(real, "train").values())
    validation = list(real_pairs(real, "validation").values())
    held = clean_photos(photos)
    groups = [training_paths(photos), sorted(more.glob("*.jpg"))]
    means = [to_uint8(clean) for _, clean in pairs]
    data = {
        "photos": gpu_training.photographs([*map(read_photographs, groups), means]),
        "noisy": jnp.asarray(np.stack([noisy for noisy, _ in pairs]), jnp.float16),
        "clean": jnp.asarray(np.stack([without_drift(*pair) for pair in pairs]), jnp.float16),
    }
    started = time.monotonic()

    def restored(image: np.ndarray) -> np.ndarray:
        ones = np.ones((1, *image.shape[:2], 2), np.float32)
        return np.clip(np.asarray(exact.predict_on_batch([image[None], ones])[0]), 0, 1)

    def on_validation(steps: int, patches: int) -> None:
        exact.set_weights(model.get_weights())
        noisy, denoised, _ = mean_gain(validation, [restored(pair[0]) for pair in validation])
        row = {
            "steps": before["steps"] + steps,
            "seconds": before["seconds"] + round(time.monotonic() - started),
            "validation_noisy": round(noisy, 3),
            "validation_psnr": round(denoised, 3),
            "clean_psnr": round(float(np.mean([psnr(restored(i), i) for i in held])), 2),
        }
        rows.append(row)
        print(f"{patches} patches", row, flush=True)
        write_history(folder, rows)
        exact.save_weights(folder / zoo.WEIGHTS)

    gpu_training.train_on_device(
        [
            variable
            for part in ("estimator", "denoiser")
            for variable in model.get_layer(part).trainable_variables
        ],
        ("head", "tail", "levels", "pixels"),
        [gpu_training.Stage(1.0, SYNTHETIC + REAL, loss_of(model))],
        data,
        minutes=minutes,
        peak=peak,
        seed=int(before["steps"]),
        on_validation=on_validation,
    )
    round_to_half(folder / zoo.WEIGHTS, HALF_BITS)


def sample_figures() -> list[dict[str, Any]]:
    """A row of the card for each of the noisy photographs that the app shows."""
    rows = []
    for name, camera in HIGH_ISO.items():
        noisy, clean = map(open_image, noisy_photograph_paths(name))
        before, after = psnr(noisy, clean), psnr(denoise_camera(noisy), clean)
        rows.append(
            {
                "test_set": "sample photographs",
                "condition": f"{name}, {camera}",
                "psnr": round(after, 2),
                "psnr_noisy": round(before, 2),
                "least_gain": round(after - before, 2),
            }
        )
    return rows


def write_card(photos: Path, real: Path) -> None:
    """Measures the kept weights and writes the card."""
    history = read_history(FOLDER)
    card = zoo.Card(
        name=FOLDER.name,
        title="Camera denoiser",
        summary=(
            "Takes a camera's noise off photographs of any size: blind, correlated and growing "
            "with the light as camera noise is, luma and colour noise apart."
        ),
        source=(
            "Guo et al., CBDNet, CVPR 2019; Brooks et al., Unprocessing Images for Learned Raw "
            "Denoising, CVPR 2019; Xu et al., Real-world noisy image denoising, 2018"
        ),
        network=zoo.CAMERA_DENOISER,
        input_shape=(SIDE, SIDE, 3),
        dataset="",
        data=(
            "BSDS500 train and test, 400 photographs, and 456 of ImageNet with synthetic camera "
            "noise; of 88 real pairs (real_noise, 4 cameras) 43 to train, 7 to validate, 38 to "
            "test, by scene and camera (split.csv)"
        ),
        licence=(
            "BSDS500 (Arbelaez et al., 2011), non-commercial research and education; ImageNet, "
            "non-commercial research; real_noise (c) 2018 The Hong Kong Polytechnic University, "
            "BSD-like, non-commercial"
        ),
        recipe=(
            "python -m cae_core make camera-denoiser train --photos BSDS500 --more PHOTOS "
            "--real REAL"
        ),
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['steps']:,.0f} steps of {SYNTHETIC} patches with synthetic and {REAL} "
            f"with real noise, {SIDE}x{SIDE}, on an H200; U-Net from the photo denoiser's "
            "weights. Mean absolute error, at the end root mean square of each patch; Muon; "
            "averaged weights."
        ),
        parameters=build_camera_denoiser().count_params(),
        latent_size=None,
        noise_range=(0.0, 50 / 255),
        figures=UNMEASURED,
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
        kept=HALF,
    )
    save_measured(card, FOLDER, lambda: figures(photos, real))


def figures(photos: Path, real: Path) -> Iterator[dict[str, Any]]:
    """Rows of the card, printed as they come.

    Args:
        photos: BSDS500.
        real: Folder of real noisy pairs.
    """
    for row in itertools.chain(real_figures(real), clean_figures(photos)):
        print(row, flush=True)
        yield row
    yield from sample_figures()


def real_figures(real: Path) -> Iterator[dict[str, Any]]:
    """Rows on the test part of real_noise: this network's, and those of methods for white noise."""
    pairs = list(real_pairs(real, "test").values())
    beside = [(noisy, aligned(noisy, clean)) for noisy, clean in pairs]
    every = range(len(pairs))
    noisier = [i for i, pair in enumerate(pairs) if psnr(*pair) < NOISY_BELOW]
    parts = {
        f"test part, {len(pairs)} crops": every,
        f"test part, noisy below {NOISY_BELOW:.0f} dB, {len(noisier)} crops": noisier,
    }

    def rows(
        restored: Sequence[np.ndarray], compared: Sequence[Pair], remark: str = ""
    ) -> Iterator[dict[str, Any]]:
        for part, chosen in parts.items():
            before, after, least = mean_gain(
                [compared[i] for i in chosen], [restored[i] for i in chosen]
            )
            yield {
                "test_set": "real_noise",
                "condition": part + remark,
                "psnr": round(after, 2),
                "psnr_noisy": round(before, 2),
                "least_gain": round(least, 2) + 0.0,  # no -0.0
            }

    restored = [denoise_camera(noisy) for noisy, _ in pairs]
    yield from rows(restored, pairs)
    yield from rows(restored, beside, ", aligned in place and brightness")
    for title, method in WHITE_NOISE_METHODS.items():
        estimated = [method(noisy, estimate_sigma(noisy)) for noisy, _ in pairs]
        yield from rows(estimated, pairs, f", {title} at the estimated sigma")
        best = [
            max((method(noisy, sigma) for sigma in SIGMAS), key=partial(psnr, clean))
            for noisy, clean in pairs
        ]
        yield from rows(best, pairs, f", {title} at the sigma that is best for each crop")


def clean_figures(photos: Path) -> Iterator[dict[str, Any]]:
    """Rows on photographs without noise: by this network, and by what is chosen for them."""
    images = clean_photos(photos)
    for remark, method in (("", denoise_camera), (", network chosen by the noise", denoise)):
        kept = [min(psnr(method(image), image), HIGHEST_PSNR) for image in images]
        yield {
            "test_set": "BSDS500 val",
            "condition": f"no noise added, {len(kept)} photographs{remark}",
            "psnr": round(float(np.mean(kept)), 2),
            "psnr_least": round(min(kept), 2),
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = session_parser(FOLDER, __doc__, ("train", "card"), minutes=11, rate=1.5e-3)
    parser.add_argument("--photos", type=Path, required=True, help="the folder BSDS500")
    parser.add_argument("--more", type=Path, help="folder of other photographs, for `train`")
    parser.add_argument("--real", type=Path, required=True, help="folder of real noisy pairs")
    o = parser.parse_args(arguments)
    if o.command == "train":
        if o.more is None:
            parser.error("train needs --more PHOTOS")
        train(o.photos, o.more, o.real, o.minutes, o.rate, o.out, o.dtype)
    else:
        write_card(o.photos, o.real)


if __name__ == "__main__":
    main()
