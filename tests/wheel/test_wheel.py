"""The wheel: what it weighs and asks for, and that it works where nothing else is installed."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image
from skimage import data

from cae_core import zoo
from cae_core.compression.codec import LADDER

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
LARGEST = 20e6  # bytes


def run(*command, cwd):
    """What a program prints, this repository out of its reach."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(  # noqa: S603 - our own programs, no shell
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def described(requirement):
    """A requirement's name, bounds and marker, whatever their spelling."""
    return canonicalize_name(requirement.name), requirement.specifier, str(requirement.marker)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The project, built."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_is_small_and_asks_for_what_requirements_txt_names(wheel):
    assert wheel.stat().st_size < LARGEST
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = [Requirement(line) for line in lines if line and not line.startswith("#")]
    asked = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    always = [requirement for requirement in asked if "extra" not in str(requirement.marker)]
    assert {described(r) for r in always} == {described(r) for r in named}
    assert set(metadata.get_all("Provides-Extra")) == {"cluster", "dev", "train"}


def test_a_network_travels_whole_or_not_at_all(wheel):
    with zipfile.ZipFile(wheel) as archive:
        parts = [PurePosixPath(name).parts for name in archive.namelist()]
    inside = [p[2:] for p in parts if p[:2] == ("cae_core", "pretrained") and len(p) > 3]
    cards = {folder for folder, *rest in inside if rest == ["card.json"]}
    assert {folder for folder, *_ in inside} == cards
    used_by_default = {zoo.DEFAULT_COLORIZER, zoo.PHOTO_DENOISER, zoo.CAMERA_DENOISER}
    assert used_by_default | {network for network, _ in LADDER} <= cards


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an empty environment into which only the wheel was installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    programs = folder / "bin"
    # What is imported is compiled then, which is little of it.
    run(programs / "pip", "install", "--quiet", "--no-compile", wheel, cwd=folder)
    return programs


def test_the_installed_package_calculates_trains_and_works_on_photos(installed, tmp_path):
    lab = installed / "cae-lab"
    assert "latent 8x8x16 = 1,024 numbers" in run(lab, "latent", "homework", cwd=tmp_path)

    small = "conv2 pool | up conv3:sigmoid"
    run(lab, "train", small, "--epochs", "1", "--limit", "256", "--out", "first", cwd=tmp_path)
    assert (tmp_path / "first" / "test.json").exists()

    photo = data.chelsea()[:96, :128]
    Image.fromarray(photo).save(tmp_path / "photo.png")
    run(lab, "denoise", "photo.png", "--sigma", "25/255", cwd=tmp_path)
    run(lab, "colorize", "photo.png", cwd=tmp_path)
    for name in ("photo-denoised.png", "photo-colorized.png"):
        result = np.asarray(Image.open(tmp_path / name))
        assert result.shape == photo.shape
        assert (result != photo).any()

    run(lab, "compress", "photo.png", "--quality", "3", cwd=tmp_path)
    run(lab, "decompress", "photo.cae", "-o", "restored.png", cwd=tmp_path)
    assert np.asarray(Image.open(tmp_path / "restored.png")).shape == photo.shape

    assert "photo-denoiser" in run(lab, "zoo", cwd=tmp_path)


def test_the_installed_app_opens_its_pages(installed, tmp_path):
    script = (
        "from cae_core.cli.app import app_file\n"
        "from streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file(str(app_file()), default_timeout=300).run()\n"
        "assert not page.exception, page.exception\n"
        "page.switch_page('pages/zoo.py').run()\n"
        "assert not page.exception, page.exception\n"
        "print(page.title[0].value)\n"
    )
    assert run(installed / "python", "-c", script, cwd=tmp_path).splitlines()[-1] == "Zoo"
