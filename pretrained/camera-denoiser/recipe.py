"""How the camera denoiser was trained: blind, on photographs with a camera's noise.

    KERAS_BACKEND=jax python -m cae_core make camera-denoiser train --photos BSDS500 --more PHOTOS \
--real REAL
    python -m cae_core make camera-denoiser refine --photos BSDS500 --more PHOTOS --real REAL \
--minutes 20 --rate 1e-4 --dtype mixed_bfloat16
    python -m cae_core make camera-denoiser card --photos BSDS500 --real REAL

`train` needs a GPU: 11 minutes of an H200. It goes on from the weights in its folder (``--out``, by
default this one) where they are, else its U-Net from those of the photo denoiser (of an earlier
one, for the kept weights) and its estimator from a random start. `refine` goes on from them on
processor cores, at a small rate, with more of the real noise and with grey photographs. `card`
measures the weights of this folder on the test part of REAL and on photographs without noise, and
writes card.json.

BSDS500 is a folder with ``train``, ``test`` and ``val`` (JPEG), and ``cbsd68.txt``, the names of
those photographs in ``val`` that are a benchmark; PHOTOS a folder of other photographs (JPEG).
REAL has pairs of crops from real photographs (Xu et al., "Real-world noisy image denoising: a new
benchmark", 2018): ``..._real.JPG``, noisy, and ``..._mean.JPG``, the mean of many shots, which is
moved onto the noisy one (in `train` of the kept weights it only had the brightness of that).
``split.csv`` divides them by scene and camera: of one camera nothing was trained on, and a scene is
in one part only. In `train` three patches in four are of clean photographs with the noise of
`cae_core.recipes.camera_noise`, one in four is of the real pairs' training part; in `refine` one in
five and four in five.
"""

from __future__ import annotations

import csv
import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from cae_core import zoo
from cae_core.data.samples import HIGH_ISO, noisy_photograph_paths
from cae_core.images.decoding import open_image
from cae_core.images.metrics import psnr
from cae_core.images.operations import middle, to_uint8
from cae_core.models.camera_denoiser import LEVEL_STRIDE, LUMA, build_camera_denoiser
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.classical import denoise_classical
from cae_core.photos.denoising import denoise
from cae_core.photos.noise_level import estimate_sigma
from cae_core.recipes.alignment import aligned
from cae_core.recipes.bsds500 import read_photographs, training_paths, validation_paths
from cae_core.recipes.command_line import save_measured, session_parser
from cae_core.recipes.time_budget import SessionHistory, fit_session
from cae_core.recipes.weight_files import HALF_BITS, round_to_half
from cae_core.training.history import read_history, write_history
from cae_core.zoo.cards import HALF, UNMEASURED

FOLDER = Path(__file__).resolve().parent
SPLIT = "split.csv"
SIDE, SYNTHETIC, REAL = 128, 30, 10  # side of a patch; patches of a step of both kinds
# Of a step of `refine`; and the steps after which it validates.
REFINING_SYNTHETIC, REFINING_REAL, STEPS_PER_EPOCH = 10, 20, 100
AVERAGING = 0.998
GPU_STEPS = 29_760  # of the kept weights; the rows of history.csv after them are of `refine`
CLEAN_WEIGHT, GIVEN_SHARE, GREY_SHARE = 6.0, 0.3, 0.15
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


class Batch(NamedTuple):
    """Patches and what is known of them.

    Attributes:
        noisy: (B, SIDE, SIDE, 3).
        clean: (B, SIDE, SIDE, 3).
        levels: Levels of the noise, (B, SIDE/4, SIDE/4, 2).
        is_clean: Whether there is no noise, (B,).
        is_given: Whether the denoiser gets these levels, not the estimated ones, so that a level
            keeps its meaning; (B, 1, 1, 1).
    """

    noisy: Any
    clean: Any
    levels: Any
    is_clean: Any
    is_given: Any


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


def grey(image: np.ndarray) -> np.ndarray:
    """A photograph in grey, as a file would have it: its luma, (H, W)."""
    return np.round(image @ np.array(LUMA, np.float32) * 255) / np.float32(255)


def real_patches(data: dict[str, Any], key: Any, count: int) -> Pair:
    """Noisy and clean patches of the real pairs, (count, SIDE, SIDE, 3).

    Half as they are; half with 0.3 to 1.5 of the noise, other colours and brightness.
    """
    import jax
    import jax.numpy as jnp

    from cae_core.recipes.gpu_training import squares

    key, lighting = jax.random.split(key)
    drawn = jax.random.uniform(key, (8, count))
    number, height, width, _ = data["noisy"].shape
    index = (drawn[0] * number).astype(jnp.int32)
    top = (drawn[1] * (height - SIDE + 1)).astype(jnp.int32)
    left = (drawn[2] * (width - SIDE + 1)).astype(jnp.int32)
    rows, columns = squares(drawn[3:6], SIDE)
    place = index[:, None, None], top[:, None, None] + rows, left[:, None, None] + columns
    noisy, clean = (data[name][place].astype(jnp.float32) for name in ("noisy", "clean"))
    is_changed = (drawn[6] < 0.5)[:, None, None, None]
    strength = jnp.where(is_changed, (0.3 + 1.2 * drawn[7])[:, None, None, None], 1.0)
    light = jax.random.uniform(lighting, (count, 1, 1, 3), minval=0.8, maxval=1.15)
    light = jnp.where(is_changed, light, 1.0)
    changed = jnp.clip((clean + (noisy - clean) * strength) * light, 0, 1)
    return jnp.where(is_changed, changed, noisy), jnp.where(
        is_changed, jnp.clip(clean * light, 0, 1), clean
    )


def random_batch(data: dict[str, Any], key: Any, synthetic: int, real: int) -> Batch:
    """Random patches, so many of them with synthetic and with real noise."""
    import jax
    import jax.numpy as jnp

    from cae_core.recipes import camera_noise
    from cae_core.recipes.gpu_training import draw_patches

    drawing, damaging, taking, greying, choosing = jax.random.split(key, 5)
    source = draw_patches(drawing, data["photos"], SHARES, synthetic, camera_noise.SOURCE)
    noisy, clean, kind = camera_noise.damaged(source.astype(jnp.float32) / 255, damaging, SIDE)
    real_noisy, real_clean = real_patches(data, taking, real)
    noisy = jnp.concatenate([noisy, real_noisy])  # (B, SIDE, SIDE, 3)
    clean = jnp.concatenate([clean, real_clean])
    is_grey = jax.random.uniform(greying, (len(noisy), 1, 1, 1)) < GREY_SHARE
    luma = np.array(LUMA, np.float32)
    noisy, clean = (
        jnp.where(is_grey, jnp.sum(patches * luma, axis=-1, keepdims=True), patches)
        for patches in (noisy, clean)
    )
    is_clean = jnp.concatenate([kind == camera_noise.CLEAN, jnp.zeros(real, bool)])
    levels = camera_noise.true_levels(noisy - clean)  # (B, SIDE/4, SIDE/4, 2)
    levels = jnp.where(is_clean[:, None, None, None], 0.0, levels)
    is_given = jax.random.uniform(choosing, (len(noisy), 1, 1, 1)) < GIVEN_SHARE
    return Batch(noisy, clean, levels, is_clean, is_given)


def loss_of(batch: Batch, estimated: Any, denoised: Any, root_share: Any) -> Any:
    """The loss of a batch: of the denoised patches and, a hundredth, of the levels."""
    from cae_core.recipes.gpu_training import weighted_loss

    level_error = ops.abs(ops.log((estimated + 0.5 / 255) / (batch.levels + 0.5 / 255)))
    level = ops.sqrt(ops.mean((batch.noisy - batch.clean) ** 2, axis=(1, 2, 3)))
    weight = (level + 3 / 255) ** -0.5 * ops.where(batch.is_clean, CLEAN_WEIGHT, 1.0)
    error = weighted_loss(denoised - batch.clean, weight, root_share)
    return error + 0.01 * ops.mean(level_error)


def stateless_loss(model: keras.Model) -> Any:
    """The loss of a random batch as a function of the weights, for a GPU."""
    estimator, enlarge, denoiser = map(model.get_layer, ("estimator", "enlarge", "denoiser"))
    first = len(estimator.trainable_variables)

    def loss(values: list[Any], data: dict[str, Any], key: Any, root_share: Any) -> Any:
        batch = random_batch(data, key, SYNTHETIC, REAL)
        estimated, _ = estimator.stateless_call(values[:first], [], batch.noisy)
        given = enlarge(ops.where(batch.is_given, batch.levels, estimated))
        denoised, _ = denoiser.stateless_call(values[first:], [], [batch.noisy, given])
        return loss_of(batch, estimated, denoised, root_share)

    return loss


class BatchLoss(keras.layers.Layer):
    """`loss_of` as a layer, with the root mean square alone."""

    def call(self, inputs: tuple[Any, ...]) -> Any:
        """Loss of the parts of a `Batch`, the estimated levels and the denoised patches."""
        *parts, estimated, denoised = inputs
        return loss_of(Batch(*parts), estimated, denoised, 1.0)


class RandomBatches(keras.utils.PyDataset):
    """An epoch of random batches, drawn by JAX on the processor; the targets are unused."""

    def __init__(self, data: dict[str, Any], seed: int) -> None:
        import jax

        super().__init__()
        self.seed = seed
        draw = partial(random_batch, synthetic=REFINING_SYNTHETIC, real=REFINING_REAL)
        self._draw = jax.jit(partial(draw, data))

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        import jax

        batch = self._draw(jax.random.fold_in(jax.random.key(self.seed), index))
        return tuple(np.asarray(part) for part in batch), np.zeros(len(batch.noisy))

    def on_epoch_end(self) -> None:
        """Other patches in the next epoch."""
        self.seed += 1


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


def start(folder: Path, dtype: str) -> keras.Model:
    """The network with the folder's weights where they are, else as `train` begins."""
    model = build_camera_denoiser(dtype=dtype)
    if (folder / zoo.WEIGHTS).exists():
        model.load_weights(folder / zoo.WEIGHTS)
    else:
        start_from_photo_denoiser(model)
    return model


def trained_variables(model: keras.Model) -> list[keras.Variable]:
    """All weights, those of the estimator first."""
    parts = map(model.get_layer, ("estimator", "denoiser"))
    return [variable for part in parts for variable in part.trainable_variables]


def training_data(photos: Path, more: Path, real: Path) -> dict[str, Any]:
    """What `random_batch` draws from."""
    import jax.numpy as jnp

    from cae_core.recipes import gpu_training

    pairs = [(noisy, aligned(noisy, mean)) for noisy, mean in real_pairs(real, "train").values()]
    groups = [training_paths(photos), sorted(more.glob("*.jpg"))]
    means = [to_uint8(clean) for _, clean in pairs]
    return {
        "photos": gpu_training.photographs([*map(read_photographs, groups), means]),
        "noisy": jnp.asarray(np.stack([noisy for noisy, _ in pairs]), jnp.float16),
        "clean": jnp.asarray(np.stack([clean for _, clean in pairs]), jnp.float16),
    }


class Validation:
    """Measures weights on the real pairs for validation and on photographs without noise."""

    def __init__(self, photos: Path, real: Path) -> None:
        self.exact = build_camera_denoiser()
        self.pairs = list(real_pairs(real, "validation").values())
        self.clean = clean_photos(photos)

    def measure(self, model: keras.Model) -> dict[str, float]:
        """Columns of the history."""
        self.exact.set_weights(model.get_weights())
        restored = [self._restored(noisy) for noisy, _ in self.pairs]
        noisy, denoised, _ = mean_gain(self.pairs, restored)
        kept = [psnr(self._restored(image), image) for image in self.clean]
        return {
            "validation_noisy": round(noisy, 3),
            "validation_psnr": round(denoised, 3),
            "clean_psnr": round(float(np.mean(kept)), 2),
        }

    def _restored(self, image: np.ndarray) -> np.ndarray:
        """An image denoised."""
        ones = np.ones((1, *image.shape[:2], 2), np.float32)
        return np.clip(np.asarray(self.exact([image[None], ones])[0]), 0, 1)


def train(
    photos: Path, more: Path, real: Path, minutes: float, peak: float, folder: Path, dtype: str
) -> None:
    """One session on a GPU."""
    from cae_core.recipes import gpu_training

    rows = read_history(folder)
    before = rows[-1] if rows else {"steps": 0, "seconds": 0}
    model, validation = start(folder, dtype), Validation(photos, real)
    data = training_data(photos, more, real)
    started = time.monotonic()

    def on_validation(steps: int, patches: int) -> None:
        row = {
            "steps": before["steps"] + steps,
            "seconds": before["seconds"] + round(time.monotonic() - started),
            **validation.measure(model),
        }
        rows.append(row)
        print(f"{patches} patches", row, flush=True)
        write_history(folder, rows)
        model.save_weights(folder / zoo.WEIGHTS)

    gpu_training.train_on_device(
        trained_variables(model),
        ("head", "tail", "levels", "pixels"),
        [gpu_training.Stage(1.0, SYNTHETIC + REAL, stateless_loss(model))],
        data,
        minutes=minutes,
        peak=peak,
        seed=int(before["steps"]),
        on_validation=on_validation,
    )
    round_to_half(folder / zoo.WEIGHTS, HALF_BITS)


def refine(
    photos: Path, more: Path, real: Path, minutes: float, peak: float, folder: Path, dtype: str
) -> None:
    """One session on a processor, at a small rate and with more of the real noise."""
    keras.utils.set_random_seed(0)
    model, validation = start(folder, dtype), Validation(photos, real)
    estimator, enlarge, denoiser = map(model.get_layer, ("estimator", "enlarge", "denoiser"))
    patch = (SIDE, SIDE, 3)
    batch = Batch(
        keras.Input(patch),
        keras.Input(patch),
        keras.Input((SIDE // LEVEL_STRIDE, SIDE // LEVEL_STRIDE, 2)),
        keras.Input((), dtype="bool"),
        keras.Input((1, 1, 1), dtype="bool"),
    )
    estimated = estimator(batch.noisy)
    given = enlarge(ops.where(batch.is_given, batch.levels, estimated))
    denoised = denoiser([batch.noisy, given])
    trainer = keras.Model(list(batch), BatchLoss()([*batch, estimated, denoised]))

    def measure(logs: dict[str, float]) -> dict[str, float]:
        row = validation.measure(model)
        print(logs, row, flush=True)
        return row

    history = SessionHistory(
        model,
        folder,
        counted="steps",
        per_epoch=STEPS_PER_EPOCH,
        measure=measure,
        score=lambda row: row["steps"],  # the last are kept
    )
    fit_session(
        trainer,
        keras.optimizers.Adam(peak, use_ema=True, ema_momentum=AVERAGING),
        RandomBatches(training_data(photos, more, real), seed=len(history.rows)),
        history,
        folder,
        minutes=minutes,
        peak=peak,
        steps_per_execution=1,
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
            "--real REAL, then refine"
        ),
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{GPU_STEPS:,} steps of {SYNTHETIC} patches with synthetic and {REAL} with real "
            f"noise, {SIDE}x{SIDE}, on an H200; U-Net from the photo denoiser's weights. Mean "
            "absolute error, at the end root mean square of each patch; Muon; averaged weights. "
            f"Then {history[-1]['steps'] - GPU_STEPS:,.0f} steps of {REFINING_SYNTHETIC} and "
            f"{REFINING_REAL} patches on two cores, {GREY_SHARE:.0%} of them grey, with Adam."
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
    in_grey = [(grey(noisy), grey(clean)) for noisy, clean in pairs]
    yield from rows([denoise_camera(noisy) for noisy, _ in in_grey], in_grey, ", in grey")
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
    for kind, shown in (("photographs", images), ("grey photographs", list(map(grey, images)))):
        for remark, method in (("", denoise_camera), (", network chosen by the noise", denoise)):
            kept = [min(psnr(method(image), image), HIGHEST_PSNR) for image in shown]
            yield {
                "test_set": "BSDS500 val",
                "condition": f"no noise added, {len(kept)} {kind}{remark}",
                "psnr": round(float(np.mean(kept)), 2),
                "psnr_least": round(min(kept), 2),
            }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = session_parser(FOLDER, __doc__, ("train", "refine", "card"), minutes=11, rate=1.5e-3)
    parser.add_argument("--photos", type=Path, required=True, help="the folder BSDS500")
    parser.add_argument("--more", type=Path, help="folder of other photographs, to train on")
    parser.add_argument("--real", type=Path, required=True, help="folder of real noisy pairs")
    o = parser.parse_args(arguments)
    if o.command == "card":
        write_card(o.photos, o.real)
        return
    if o.more is None:
        parser.error(f"{o.command} needs --more PHOTOS")
    session = {"train": train, "refine": refine}[o.command]
    session(o.photos, o.more, o.real, o.minutes, o.rate, o.out, o.dtype)


if __name__ == "__main__":
    main()
