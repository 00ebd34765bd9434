"""Camera noise for training: clean photographs as a camera would have saved them.

clean -> another scale (camera images are soft at the level of pixels) -> inverse tone curve ->
inverse colour matrix and white balance -> Bayer mosaic -> shot and read noise -> white balance ->
demosaicing -> colour matrix -> tone curve -> the effect of the camera's own noise reduction and
sharpening on the noise -> resizing at times -> JPEG at times -> bytes. The target is the same
image without mosaic, noise and JPEG, resized like the noisy one.

Sources: Brooks et al., "Unprocessing Images for Learned Raw Denoising", CVPR 2019 (matrices,
curves, noise model); Guo et al., "Toward Convolutional Blind Denoising of Real Photographs"
(CBDNet), CVPR 2019; Malvar, He & Cutler, "High-quality linear interpolation for demosaicing",
ICASSP 2004.

Importing this module imports JAX, which only ``requirements-train.txt`` brings.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cae_core.training import tasks

LUMA = np.array(tasks.LUMA, np.float32)
EXACT = jax.lax.Precision.HIGHEST

_XYZ_TO_CAMERA = np.array(
    [
        [[1.0234, -0.2969, -0.2266], [-0.5625, 1.6328, -0.0469], [-0.0703, 0.2188, 0.6406]],
        [[0.4913, -0.0541, -0.0202], [-0.613, 1.3513, 0.2906], [-0.1564, 0.2151, 0.7183]],
        [[0.838, -0.263, -0.0639], [-0.2887, 1.0725, 0.2496], [-0.0627, 0.1427, 0.5438]],
        [[0.6596, -0.2079, -0.0562], [-0.4782, 1.3016, 0.1933], [-0.097, 0.1581, 0.5181]],
    ]
)
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_RGB_TO_CAMERA = _XYZ_TO_CAMERA @ _RGB_TO_XYZ
_RGB_TO_CAMERA = (_RGB_TO_CAMERA / _RGB_TO_CAMERA.sum(-1, keepdims=True)).astype(np.float32)


def between(key: Any, count: int, low: float, high: float) -> Any:
    """Uniform numbers, (count,)."""
    return jax.random.uniform(key, (count,), minval=low, maxval=high)


def log_between(key: Any, count: int, low: float, high: float) -> Any:
    """Numbers whose logarithm is uniform, (count,)."""
    return jnp.exp(between(key, count, np.log(low), np.log(high)))


def chance(key: Any, count: int, probability: float) -> Any:
    """True with a probability, (count,)."""
    return jax.random.uniform(key, (count,)) < probability


def inverse(m: Any) -> Any:
    """Inverses of matrices (B, 3, 3), by cross products."""
    a, b, c = m[:, 0], m[:, 1], m[:, 2]
    parts = jnp.stack([jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)], -1)
    return parts / jnp.sum(a * jnp.cross(b, c), -1)[:, None, None]


def apply(matrices: Any, images: Any) -> Any:
    """A linear map (B, I, J) of rows and columns of images (B, J, J, C) -> (B, I, I, C)."""
    x = jnp.einsum("bij,bjkc->bikc", matrices, images, precision=EXACT)
    return jnp.einsum("blk,bikc->bilc", matrices, x, precision=EXACT)


def resampling(scale: Any, start: Any, size: int, source: int) -> Any:
    """Maps (B, size, source): cubic interpolation, enlarged by `scale` from pixel `start` on."""
    scale, start = scale[:, None, None], start[:, None, None]
    centre = (jnp.arange(size)[None, :, None] + 0.5) / scale - 0.5 + start
    wide = jnp.maximum(1 / scale, 1.0)
    x = jnp.abs(centre - jnp.arange(source)[None, None, :]) / wide
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weight = jnp.where(x < 1, near, jnp.where(x < 2, far, 0.0))
    return weight / weight.sum(-1, keepdims=True)


def blurring(sigma: Any, size: int) -> Any:
    """Maps (B, size, size) that blur by a Gaussian; the identity for sigma 0."""
    distance = jnp.arange(size)[:, None] - jnp.arange(size)[None, :]
    weight = jnp.exp(-0.5 * (distance[None] / (sigma[:, None, None] + 1e-3)) ** 2)
    return weight / weight.sum(-1, keepdims=True)


_TAPS: dict[
    str, tuple[dict[tuple[int, int], float], ...]
] = {  # 5x5 masks, by (row, column) from the centre
    "green": (
        {
            (0, 0): 4,
            (-1, 0): 2,
            (1, 0): 2,
            (0, -1): 2,
            (0, 1): 2,
            (-2, 0): -1,
            (2, 0): -1,
            (0, -2): -1,
            (0, 2): -1,
        },
        {(-1, 0): 2, (1, 0): 2, (0, -1): 2, (0, 1): 2},
    ),
    "row": (
        {
            (0, 0): 5,
            (0, -1): 4,
            (0, 1): 4,
            (-1, -1): -1,
            (-1, 1): -1,
            (1, -1): -1,
            (1, 1): -1,
            (0, -2): -1,
            (0, 2): -1,
            (-2, 0): 0.5,
            (2, 0): 0.5,
        },
        {(0, -1): 4, (0, 1): 4},
    ),
    "column": (
        {
            (0, 0): 5,
            (-1, 0): 4,
            (1, 0): 4,
            (-1, -1): -1,
            (-1, 1): -1,
            (1, -1): -1,
            (1, 1): -1,
            (-2, 0): -1,
            (2, 0): -1,
            (0, -2): 0.5,
            (0, 2): 0.5,
        },
        {(-1, 0): 4, (1, 0): 4},
    ),
    "across": (
        {
            (0, 0): 6,
            (-1, -1): 2,
            (-1, 1): 2,
            (1, -1): 2,
            (1, 1): 2,
            (-2, 0): -1.5,
            (2, 0): -1.5,
            (0, -2): -1.5,
            (0, 2): -1.5,
        },
        {(-1, -1): 2, (-1, 1): 2, (1, -1): 2, (1, 1): 2},
    ),
}


def demosaiced(mosaic: Any, red_row: Any, red_column: Any, simple: Any) -> Any:
    """A Bayer mosaic (B, H, W) -> (B, H, W, 3): Malvar's way, or bilinear where `simple`.

    Borders wrap around.
    """
    share = simple.astype(jnp.float32)[:, None, None]
    planes = {}
    for name, (malvar, bilinear) in _TAPS.items():
        total = 0.0
        for tap, weight in malvar.items():
            mixed = (1 - share) * weight + share * bilinear.get(tap, 0)
            total += jnp.roll(mosaic, (-tap[0], -tap[1]), (1, 2)) * (mixed / 8)
        planes[name] = total
    in_red_row, in_red_column = red_row[:, :, None], red_column[:, None, :]
    is_red, is_blue = in_red_row & in_red_column, ~in_red_row & ~in_red_column
    green = jnp.where(is_red | is_blue, planes["green"], mosaic)
    red = jnp.where(
        is_red,
        mosaic,
        jnp.where(
            is_blue, planes["across"], jnp.where(in_red_row, planes["row"], planes["column"])
        ),
    )
    blue = jnp.where(
        is_blue,
        mosaic,
        jnp.where(is_red, planes["across"], jnp.where(in_red_row, planes["column"], planes["row"])),
    )
    return jnp.stack([red, green, blue], -1)


def to_linear(x: Any) -> Any:
    """The inverse of sRGB's curve."""
    return jnp.where(x <= 0.04045, x / 12.92, ((jnp.maximum(x, 0.04045) + 0.055) / 1.055) ** 2.4)


def from_linear(x: Any) -> Any:
    """The curve of sRGB."""
    x = jnp.clip(x, 0, 1)
    return jnp.where(x <= 0.0031308, 12.92 * x, 1.055 * jnp.maximum(x, 1e-4) ** (1 / 2.4) - 0.055)


def contrast(x: Any, share: Any) -> Any:
    """A tone curve: a blend of x and its smoothstep."""
    return (1 - share) * x + share * (3 - 2 * x) * x * x


def inverse_contrast(y: Any, share: Any) -> Any:
    """The inverse of `contrast` by Newton's method, exact to a thousandth of a byte."""
    x = y
    for _ in range(5):
        slope = (1 - share) + share * 6 * x * (1 - x)
        x = jnp.clip(x - (contrast(x, share) - y) / jnp.maximum(slope, 0.2), 0, 1)
    return x


_LUMA_TABLE = np.array(
    [
        16,
        11,
        10,
        16,
        24,
        40,
        51,
        61,
        12,
        12,
        14,
        19,
        26,
        58,
        60,
        55,
        14,
        13,
        16,
        24,
        40,
        57,
        69,
        56,
        14,
        17,
        22,
        29,
        51,
        87,
        80,
        62,
        18,
        22,
        37,
        56,
        68,
        109,
        103,
        77,
        24,
        35,
        55,
        64,
        81,
        104,
        113,
        92,
        49,
        64,
        78,
        87,
        103,
        121,
        120,
        101,
        72,
        92,
        95,
        98,
        112,
        100,
        103,
        99,
    ],
    np.float32,
)
_CHROMA_TABLE = np.full((8, 8), 99, np.float32)
_CHROMA_TABLE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
_LUMA_TABLE = _LUMA_TABLE.reshape(8, 8)
_DCT = np.cos((2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16) / 2  # (frequency, pixel)
_DCT[0] = 0.125**0.5
_DCT = _DCT.astype(np.float32)
_TO_YCC = np.array([LUMA, [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_FROM_YCC = np.linalg.inv(_TO_YCC).astype(np.float32)


def quantised(plane: Any, table: Any) -> Any:
    """Quantises the 8x8 DCT of a plane (B, H, W) around 0 by tables (B, 8, 8)."""
    count, height, width = plane.shape
    blocks = plane.reshape(count, height // 8, 8, width // 8, 8)
    frequencies = jnp.einsum("ui,bminj,vj->bmnuv", _DCT, blocks, _DCT, precision=EXACT)
    table = table[:, None, None]
    frequencies = jnp.round(frequencies / table) * table
    blocks = jnp.einsum("ui,bmnuv,vj->bminj", _DCT, frequencies, _DCT, precision=EXACT)
    return blocks.reshape(count, height, width)


def enlarged(plane: Any) -> Any:
    """Doubles (B, H, W) as libjpeg does: three quarters of the near pixel, one of the far."""
    for axis in (1, 2):
        size = plane.shape[axis]
        first = jax.lax.slice_in_dim(plane, 0, 1, axis=axis)
        last = jax.lax.slice_in_dim(plane, size - 1, size, axis=axis)
        before = jnp.concatenate([first, jax.lax.slice_in_dim(plane, 0, size - 1, axis=axis)], axis)
        after = jnp.concatenate([jax.lax.slice_in_dim(plane, 1, size, axis=axis), last], axis)
        both = jnp.stack([0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after], axis + 1)
        plane = both.reshape([s * 2 if a == axis else s for a, s in enumerate(plane.shape)])
    return plane


def jpeg(images: Any, quality: Any, halved: Any) -> Any:
    """Images (B, H, W, 3) in [0, 1] after JPEG; sides are multiples of 16.

    Args:
        images: (B, H, W, 3).
        quality: (B,), 1 to 100.
        halved: (B,), whether the colours have half the resolution (4:2:0).
    """
    factor = jnp.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None]
    luma_table, chroma_table = (
        jnp.clip(jnp.floor((table * factor + 50) / 100), 1, 255)
        for table in (_LUMA_TABLE, _CHROMA_TABLE)
    )
    ycc = jnp.einsum("bijc,dc->bijd", images * 255, _TO_YCC, precision=EXACT)
    planes = [quantised(ycc[..., 0] - 128, luma_table) + 128]
    for channel in (1, 2):
        plane = ycc[..., channel]
        count, height, width = plane.shape
        small = plane.reshape(count, height // 2, 2, width // 2, 2).mean((2, 4))
        coarse = enlarged(quantised(small, chroma_table))
        planes.append(jnp.where(halved[:, None, None], coarse, quantised(plane, chroma_table)))
    rgb = jnp.einsum("bijc,dc->bijd", jnp.stack(planes, -1), _FROM_YCC, precision=EXACT)
    return as_bytes(rgb / 255)


def as_bytes(x: Any) -> Any:
    """Clips to [0, 1] and rounds to bytes."""
    return jnp.round(jnp.clip(x, 0, 1) * 255) / 255


SOURCE, SENSOR = 256, 192  # sides of the clean patch and of the sensor
MARGIN = 16  # so that JPEG's grid lies anywhere
CAMERA, WHITE, CLEAN = 0, 1, 2
KINDS = (0.76, 0.12, 0.12)  # their shares


def damaged(  # noqa: PLR0915 - the camera's steps, one after the other
    source: Any, key: Any, side: int
) -> tuple[Any, Any, Any]:
    """Adds camera noise, white noise or none to clean photographs.

    Args:
        source: (B, 256, 256, 3) in [0, 1].
        key: Random key.
        side: Side of the patches in pixels.

    Returns:
        Noisy and target, (B, side, side, 3), and the kind of noise (B,): `CAMERA`, `WHITE` or
        `CLEAN`.
    """
    count = source.shape[0]
    keys = iter(jax.random.split(key, 48))
    draw = lambda low, high: between(next(keys), count, low, high)  # noqa: E731
    likely = lambda probability: chance(next(keys), count, probability)  # noqa: E731
    wide = lambda x: x[:, None, None, None]  # noqa: E731

    # Scale: 0.76 to 2, three of ten as they are.
    scale = jnp.where(likely(0.3), 1.0, log_between(next(keys), count, 0.76, 2.0))
    room = SOURCE - SENSOR / scale
    start = jnp.where(scale == 1, jnp.floor(room * 0.5), room * draw(0, 1))
    scene = jnp.clip(apply(resampling(scale, start, SENSOR, SOURCE), source), 0, 1)

    # Back to the light on the sensor.
    share = wide(jnp.where(likely(0.25), 0.0, draw(0, 1)))
    linear = to_linear(inverse_contrast(scene, share))
    exposure = jnp.where(likely(0.5), 1.0, log_between(next(keys), count, 0.2, 1.0))
    linear = linear * wide(exposure)
    mixture = jax.random.exponential(next(keys), (count, 4))
    mixture = mixture / mixture.sum(-1, keepdims=True)
    to_camera = jnp.einsum("bm,mij->bij", mixture, _RGB_TO_CAMERA, precision=EXACT)
    to_rgb = inverse(to_camera)
    gains = jnp.stack([draw(1.4, 2.6), jnp.ones(count), draw(1.3, 2.4)], -1)
    raw = jnp.einsum("bijc,bdc->bijd", linear, to_camera / gains[:, :, None], precision=EXACT)

    # Mosaic and noise.
    even = jnp.arange(SENSOR) % 2 == 0
    red_row = even[None] ^ likely(0.5)[:, None]
    red_column = even[None] ^ likely(0.5)[:, None]
    is_red = red_row[:, :, None] & red_column[:, None, :]
    is_blue = ~red_row[:, :, None] & ~red_column[:, None, :]
    pick = lambda x: jnp.where(is_red, x[..., 0], jnp.where(is_blue, x[..., 2], x[..., 1]))  # noqa: E731
    mosaic = pick(raw)
    shot = log_between(next(keys), count, 1.5e-4, 1e-2)
    read = jnp.exp(2.18 * jnp.log(shot) + 1.2 + 0.26 * jax.random.normal(next(keys), (count,)))
    read = jnp.clip(read, 1e-8, 1e-3)
    variance = shot[:, None, None] * jnp.maximum(mosaic, 0) + read[:, None, None]
    noisy = mosaic + jnp.sqrt(variance) * jax.random.normal(next(keys), mosaic.shape)
    noisy = jnp.where(noisy < 0, noisy * draw(0, 1)[:, None, None], noisy)  # black: cut, or not

    # Developed: the clean and the noisy one.
    balance = pick(jnp.broadcast_to(gains[:, None, None, :], (count, SENSOR, SENSOR, 3)))
    simple = likely(0.25)

    def developed(plane: Any) -> Any:
        rgb = demosaiced(plane * balance, red_row, red_column, simple)
        rgb = jnp.einsum("bijc,bdc->bijd", rgb, to_rgb, precision=EXACT)
        return contrast(from_linear(rgb), share)

    # Demosaicing's own traces are left out: real cameras make fewer.
    noise = developed(noisy) - developed(mosaic)
    clean = contrast(from_linear(linear), share)

    # The camera's noise reduction and sharpening, on noise alone: real ones spare the edges.
    weaker = jnp.where(likely(0.2), draw(0.05, 1), 1.0)
    noise = noise * wide(weaker)
    luma = jnp.einsum("bijc,c->bij", noise, LUMA, precision=EXACT)[..., None]
    colour = noise - luma
    smooth = blurring(jnp.where(likely(0.25), 0.0, draw(0.3, 1.1)), SENSOR)
    amount = jnp.where(likely(0.7), 0.0, draw(0, 0.5))[:, None, None]
    sharp = (1 + amount) * jnp.eye(SENSOR) - amount * blurring(jnp.full((count,), 1.0), SENSOR)
    smooth_luma = jnp.einsum("bij,bjk->bik", sharp, smooth, precision=EXACT)
    smooth_colour = blurring(
        jnp.where(likely(0.1), 0.0, log_between(next(keys), count, 0.7, 4.0)), SENSOR
    )

    # Resizing, and a margin so that JPEG's grid lies anywhere.
    outer = side + MARGIN
    factor = jnp.where(likely(0.75), 1.0, log_between(next(keys), count, outer / (SENSOR - 8), 1.5))
    place = jnp.floor((SENSOR - 8 - outer / factor) * draw(0, 1)) + 4
    resize = resampling(factor, place, outer, SENSOR)
    compose = lambda a: jnp.einsum("bij,bjk->bik", resize, a, precision=EXACT)  # noqa: E731
    target = jnp.clip(apply(resize, clean), 0, 1)
    noisy = target + apply(compose(smooth_luma), luma) + apply(compose(smooth_colour), colour)

    # White noise and none.
    u = jax.random.uniform(next(keys), (count,))
    kind = (u > KINDS[0]).astype(jnp.int32) + (u > KINDS[0] + KINDS[1])
    direct = source[:, 8 : 8 + outer, 8 : 8 + outer]
    target = jnp.where(wide((kind == CLEAN) & likely(0.6)), direct, target)
    white = target + wide(draw(0, 1) ** 1.5 * (50 / 255)) * jax.random.normal(
        next(keys), target.shape
    )
    noisy = jnp.where(wide(kind == WHITE), white, jnp.where(wide(kind == CLEAN), target, noisy))
    unclipped = noisy
    noisy = as_bytes(noisy)

    stored = jpeg(noisy, jnp.round(draw(70, 100)), likely(0.6))
    is_jpeg = likely(0.6)
    noisy = jnp.where(wide(is_jpeg), stored, noisy)
    float_noise = (kind == WHITE) & ~is_jpeg & likely(0.5)
    noisy = jnp.where(wide(float_noise), unclipped, noisy)
    # A clean image stays as it is, JPEG's traces too.
    target = jnp.where(wide(kind == CLEAN), noisy, target)

    down, right = (jax.random.randint(next(keys), (count,), 0, MARGIN) for _ in range(2))
    aligned = likely(0.5)
    down, right = jnp.where(aligned, 0, down), jnp.where(aligned, 0, right)
    cut = jax.vmap(lambda x, d, r: jax.lax.dynamic_slice(x, (d, r, 0), (side, side, 3)))
    return cut(noisy, down, right), cut(target, down, right), kind


def true_levels(residual: Any) -> Any:
    """Local levels of noise: root mean squares over a Gaussian window of 8 pixels.

    Args:
        residual: Noise (B, S, S, 3).

    Returns:
        Levels of luma noise and of colour noise, (B, S/4, S/4, 2).
    """
    count, side = residual.shape[:2]
    luma = jnp.einsum("bijc,c->bij", residual, LUMA, precision=EXACT)[..., None]
    squares = jnp.concatenate([luma**2, jnp.mean((residual - luma) ** 2, -1, keepdims=True)], -1)
    small = squares.reshape(count, side // 4, 4, side // 4, 4, 2).mean((2, 4))
    return jnp.sqrt(apply(blurring(jnp.full((count,), 2.0), side // 4), small) + 1e-12)
