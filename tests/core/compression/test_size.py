"""Latents in bytes beside a sample image as PNG."""

import pytest

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.compression.size import said_in_bytes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv16 | conv3", "the latent is larger either way."),
        ("conv8 pool conv16 pool | up2 conv3", "at 32 bits a number the latent is larger."),
        ("flatten dense64 | dense3072 reshape32x32x3", "the latent is smaller either way."),
        ("28x28x1 conv8 pool | up conv1", "A sample image of 28x28x1 has "),
        ("9x99x1 conv8 pool | up conv1", "A sample image of 9x99x1 has "),
        ("999x99x3 conv8 pool | up conv3", "at 32."),  # larger than the sample photo
    ],
)
def test_a_latent_is_compared_with_a_png_where_there_is_one(text, said):
    assert said in said_in_bytes(analyze(Architecture.parse(text)))
