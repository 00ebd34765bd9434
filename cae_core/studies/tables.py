"""The files that keep the tables of the studies."""

from __future__ import annotations

from pathlib import Path

# An installed package has the tables inside it; in the repository they stand beside it.
FOLDER = Path(__file__).resolve().parent / "kept"
if not FOLDER.is_dir():
    FOLDER = Path(__file__).resolve().parents[2] / "studies"
LATENT_SIZE, CLAIMS_STUDY = "latent-size", "claims"
STUDY_NAMES = (LATENT_SIZE, CLAIMS_STUDY)


def table_path(study: str) -> Path:
    """Where a study's table is kept."""
    return FOLDER / f"{study}.csv"


def pca_path(dataset: str) -> Path:
    """Where the errors of a data set's best linear autoencoders are kept."""
    return FOLDER / f"pca-{dataset}.json"


DATASETS_WITH_LATENTS = ("cifar10", "mnist", "fashion_mnist")
"""Data sets on which the zoo has networks whose latent sizes are compared."""
