"""Images and archives made by the tests."""

import io
import zipfile

import numpy as np
from PIL import Image

ORIENTATION = 0x0112
TURNED_RIGHT = 6  # EXIF: to be shown turned by 90 degrees clockwise


def scene(width, height, *, seed=0):
    """An image with broad shapes, so that it is neither noise nor one colour."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / max(width, height)
    waves = [
        np.sin(2 * np.pi * (rng.uniform(1, 4) * rows + rng.uniform(1, 4) * columns))
        for _ in range(3)
    ]
    return Image.fromarray((127.5 + 100 * np.stack(waves, axis=-1)).astype(np.uint8))


def encoded(image, kind, **options):
    """An image as a file's content."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width, height, *, seed=0):
    return encoded(scene(width, height, seed=seed), "PNG")


def phone_photo(width, height):
    """A JPEG as telephones write it: stored lying, to be shown upright."""
    image = scene(width, height)
    exif = image.getexif()
    exif[ORIENTATION] = TURNED_RIGHT
    return encoded(image, "JPEG", exif=exif, quality=92)


def zip_of(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()
