"""How the photo denoiser was trained: one network for every sigma from 0 to 100/255.

    KERAS_BACKEND=jax python -m cae_core make photo-denoiser train --photos BSDS500 --more PHOTOS
    python -m cae_core make photo-denoiser card --photos BSDS500

`train` needs a GPU. It goes on from the weights in its folder (``--out``, by default this one)
where they are, else from a random start, and ends with averaged weights. history.csv tells of all
sessions: its rows up to 288,000 patches are of a network with two residual blocks at the quarter
resolution and of an earlier training, 108 minutes on two processor cores, of BSDS500 alone; a
third block, which started as the identity, and the GPU (an H200, 11 minutes) came after. `card`
measures the weights of this folder on CBSD68, at which nothing else looks, and writes card.json.

BSDS500 is a folder with ``train``, ``test`` and ``val`` (JPEG), and ``cbsd68.txt``: the names of
those photographs in ``val`` that are the benchmark. Trained on train and test and on the
photographs (JPEG) in PHOTOS, validated on the other 32 of val.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae_core import zoo
from cae_core.data import cbsd68
from cae_core.images.metrics import psnr_from_mse
from cae_core.images.operations import middle
from cae_core.models.photo_denoiser import build_photo_denoiser
from cae_core.photos.denoising import denoise
from cae_core.recipes.bsds500 import read_photographs, training_paths, validation_paths
from cae_core.recipes.command_line import save_measured, session_parser
from cae_core.recipes.weight_files import HALF_BITS, round_to_half
from cae_core.training.history import read_history, write_history
from cae_core.zoo.cards import HALF, UNMEASURED

FOLDER = Path(__file__).resolve().parent
# Patches of a step and their side: small ones first, large ones after `SMALL_UNTIL` of the time.
SMALL, LARGE, SMALL_UNTIL = (96, 64), (32, 128), 0.3
SHARES = (0.7, 0.3)  # of patches from BSDS500 and from the other photographs
LARGEST_SIGMA = 100 / 255
VALIDATION_SIGMAS = (15, 25, 50)
VALIDATION_SIDE = 256
# At sigma 0 the image comes back as it is: the card has a number all the same.
HIGHEST_PSNR = 100.0


def noisy_patches(patches: Any, key: Any) -> tuple[Any, Any, Any]:
    """Damages uint8 patches (B, H, W, 3); returns clean, noisy, and sigma (B, 1, 1, 1).

    Three levels in four are between 5 and 55, where the figures are, the others 100 · u^1.3, u
    uniform. One patch in twelve is grey, its noise too, and of one in twelve the noisy values are
    cut to [0, 1]: people's noisy images are like that.
    """
    import jax
    import jax.numpy as jnp

    clean = patches.astype(jnp.float32) / 255
    key, drawing = jax.random.split(key)
    drawn = jax.random.uniform(drawing, (4, len(clean), 1, 1, 1))
    level = jnp.where(drawn[0] < 0.75, 5 + 50 * drawn[1], 100 * drawn[1] ** 1.3) / 255
    is_grey, is_clipped = drawn[2] < 1 / 12, drawn[3] < 1 / 12
    noise = jax.random.normal(key, clean.shape)
    noise = jnp.where(is_grey, noise[..., :1], noise)
    clean = jnp.where(is_grey, clean.mean(axis=-1, keepdims=True), clean)
    noisy = clean + level * noise
    return clean, jnp.where(is_clipped, jnp.clip(noisy, 0, 1), noisy), level


def loss_of(denoiser: keras.Model, count: int, side: int) -> Any:
    """The loss of `count` random patches, weighted so that all noise levels count about the same.

    What a good denoiser leaves grows about as the root of sigma (the published PSNR at 15, 25
    and 50 say so), and so would its share of the loss.
    """
    import jax
    import jax.numpy as jnp

    from cae_core.recipes.gpu_training import draw_patches, weighted_loss

    def loss(values: list[Any], photos: Any, key: Any, root_share: Any) -> Any:
        drawing, damaging = jax.random.split(key)
        patches = draw_patches(drawing, photos, SHARES, count, side)
        clean, noisy, level = noisy_patches(patches, damaging)
        sigma = jnp.broadcast_to(level, (*clean.shape[:3], 1))  # (B, H, W, 1)
        denoised, _ = denoiser.stateless_call(values, [], [noisy, sigma])
        return weighted_loss(denoised - clean, (level.ravel() + 5 / 255) ** -0.5, root_share)

    return loss


class Validation:
    """PSNR of a denoiser on the validation photographs.

    Args:
        denoiser: The network.
        photos: uint8 (H, W, 3).
    """

    def __init__(self, denoiser: keras.Model, photos: list[np.ndarray]) -> None:
        self.denoiser = denoiser
        squares = [middle(photo, VALIDATION_SIDE, VALIDATION_SIDE) for photo in photos]
        self.clean = np.stack(squares) / np.float32(255)

    def __call__(self) -> dict[str, float]:
        """PSNR at every validated level, in dB, by the name of the history's column."""
        return {f"psnr_{sigma}": round(self.psnr(sigma), 3) for sigma in VALIDATION_SIGMAS}

    def psnr(self, sigma: int) -> float:
        """Mean PSNR in dB at a noise level of sigma/255."""
        random = np.random.default_rng(sigma)
        noise = random.standard_normal(self.clean.shape, dtype=np.float32)
        noisy = self.clean + noise * np.float32(sigma / 255)
        level = np.full((*self.clean.shape[:3], 1), sigma / 255, np.float32)
        denoised = self.denoiser.predict([noisy, level], batch_size=4, verbose=0)
        errors = np.square(np.clip(denoised, 0, 1) - self.clean).mean(axis=(1, 2, 3))
        return float(psnr_from_mse(errors).mean())


def train(photos: Path, more: Path, minutes: float, peak: float, folder: Path, dtype: str) -> None:
    """One session on a GPU."""
    from cae_core.recipes import gpu_training

    rows = read_history(folder)
    before = rows[-1] if rows else {"patches": 0, "seconds": 0}
    denoiser = build_photo_denoiser(dtype=dtype)
    exact = build_photo_denoiser()
    if (folder / zoo.WEIGHTS).exists():
        denoiser.load_weights(folder / zoo.WEIGHTS)
    validate = Validation(exact, read_photographs(validation_paths(photos)))
    groups = [training_paths(photos), sorted(more.glob("*.jpg"))]
    started = time.monotonic()

    def on_validation(steps: int, patches: int) -> None:
        exact.set_weights(denoiser.get_weights())
        row = {
            "patches": before["patches"] + patches,
            "seconds": before["seconds"] + round(time.monotonic() - started),
            **validate(),
        }
        rows.append(row)
        print(f"{steps} steps", row, flush=True)
        write_history(folder, rows)
        exact.save_weights(folder / zoo.WEIGHTS)

    gpu_training.train_on_device(
        denoiser.trainable_variables,
        ("head", "tail"),
        [
            gpu_training.Stage(SMALL_UNTIL, SMALL[0], loss_of(denoiser, *SMALL)),
            gpu_training.Stage(1.0, LARGE[0], loss_of(denoiser, *LARGE)),
        ],
        gpu_training.photographs([read_photographs(group) for group in groups]),
        minutes=minutes,
        peak=peak,
        seed=int(before["patches"]),  # another session draws other patches and noise
        on_validation=on_validation,
    )
    round_to_half(folder / zoo.WEIGHTS, HALF_BITS)


def write_card(photos: Path) -> None:
    """Measures the kept weights on CBSD68 and writes the card."""
    history = read_history(FOLDER)
    network = build_photo_denoiser()
    card = zoo.Card(
        name=FOLDER.name,
        title="Photo denoiser",
        summary=(
            "Takes Gaussian noise off colour and grey photographs of any size: one network, with "
            "the noise level as an input, for every sigma from 0 to 100/255."
        ),
        source=(
            "Zhang et al., FFDNet, TIP 2018, and DRUNet, TPAMI 2021; bias-free: Mohan et al., "
            "ICLR 2020; trained with Muon (Jordan et al., 2024)"
        ),
        network=zoo.PHOTO_DENOISER,
        input_shape=(LARGE[1], LARGE[1], 3),
        dataset="",
        data=(
            "BSDS500 train and test, 400 photographs, and 456 of ImageNet to train; the 32 of val "
            "that are not in CBSD68 to validate; CBSD68 to test"
        ),
        licence=(
            "BSDS500 (Arbelaez et al., 2011), non-commercial research and education; ImageNet, "
            "non-commercial research"
        ),
        recipe="python -m cae_core make photo-denoiser train --photos BSDS500 --more PHOTOS",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['patches']:,.0f} patches: 288,000 of 64x64 in 108 minutes on two cores, "
            f"then, with a third block at the quarter resolution, {LARGE[0]} of {LARGE[1]}x"
            f"{LARGE[1]} a step, at first {SMALL[0]} of {SMALL[1]}x{SMALL[1]}, in 11 minutes on an "
            "H200. Mean absolute error, at the end root mean square of each patch; Muon; averaged "
            "weights. history.csv tells of every session."
        ),
        parameters=network.count_params(),
        latent_size=None,
        noise_range=(0.0, LARGEST_SIGMA),
        figures=UNMEASURED,
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
        kept=HALF,
    )
    save_measured(card, FOLDER, lambda: figures(cbsd68.photographs(photos)))


def figures(images: list[np.ndarray]) -> Iterator[dict[str, Any]]:
    """Rows of the card, printed as they come: PSNR at four noise levels.

    Args:
        images: The photographs of CBSD68.
    """

    def restored(noisy: np.ndarray, sigma: float) -> np.ndarray:
        return denoise(noisy, sigma, precision="float32")

    for sigma in (25, 15, 50, 0):  # the first is the one that lists show
        value = min(cbsd68.mean_psnr(restored, images, sigma), HIGHEST_PSNR)
        condition = f"sigma {sigma} of 255, not clipped"
        row = {"test_set": "CBSD68", "condition": condition, "psnr": round(value, 2)}
        print(row, flush=True)
        yield row


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = session_parser(FOLDER, __doc__, ("train", "card"), minutes=11, rate=1.5e-3)
    parser.add_argument("--photos", type=Path, required=True, help="the folder BSDS500")
    parser.add_argument("--more", type=Path, help="folder of other photographs, for `train`")
    options = parser.parse_args(arguments)
    if options.command == "train":
        if options.more is None:
            parser.error("train needs --more PHOTOS")
        train(
            options.photos, options.more, options.minutes, options.rate, options.out, options.dtype
        )
    else:
        write_card(options.photos)


if __name__ == "__main__":
    main()
