"""The files that keep the tables of the studies."""

from __future__ import annotations

from pathlib import Path

# An installed package has the tables inside it; in the repository they stand beside it.
FOLDER = Path(__file__).resolve().parent / "kept"
if not FOLDER.is_dir():
    FOLDER = Path(__file__).resolve().parents[2] / "studies"
LATENT_SIZE, CLAIMS_STUDY = "latent-size", "claims"
STUDY_NAMES = (LATENT_SIZE, CLAIMS_STUDY)
# Photo denoisers on CBSD68: measured by benchmarks/denoise.py, and published.
CBSD68 = "cbsd68"
# Photographs as bytes, beside JPEG and WebP: measured by benchmarks/compression.py.
COMPRESSION = "compression"


def table_path(study: str) -> Path:
    """Path of a study's table."""
    return FOLDER / f"{study}.csv"


def pca_path(dataset: str) -> Path:
    """Path of a data set's PCA errors, see `cae_core.studies.pca`."""
    return FOLDER / f"pca-{dataset}.json"


DATASETS_WITH_LATENTS = ("cifar10", "mnist", "fashion_mnist")
"""Data sets whose networks are plotted by latent size and error."""
