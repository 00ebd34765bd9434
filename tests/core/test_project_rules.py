"""The rules of the project that a machine can check: who imports whom, what is documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cae_core

ROOT = Path(cae_core.__file__).parents[1]
CORE = sorted((ROOT / "cae_core").rglob("*.py"))
UI = sorted((ROOT / "cae_ui").rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
RECIPES = sorted((ROOT / "pretrained").rglob("*.py"))
HEAVY = ("tensorflow", "keras", "skimage", "plotly", "PIL", "pandas", "streamlit")
# A package imports only packages of the floors before its own; inside a package a file is one idea.
FLOORS = (
    {"errors"},
    {"files", "formats", "long_work", "records"},
    {"architecture", "images"},
    {"models", "data"},
    {"training"},
    {"export", "inspection", "zoo", "studies"},
    {"jobs"},
    {"photos"},
    {"compression"},
    {"recipes"},
    {"cli"},
)
FLOOR_OF = {package: floor for floor, packages in enumerate(FLOORS) for package in packages}
LOOSE = {
    "errors",
    "files",
    "formats",
    "long_work",
    "records",
}  # modules without a package: what all packages stand on
PACKAGES = sorted(set(FLOOR_OF) - LOOSE)
# Modules that are made of Keras calls; all others are imported without it.
OF_KERAS = {
    "images.color_ops",
    "models.layers",
    "models.builder",
    "models.networks",
    "models.photo_denoiser",
    "models.camera_denoiser",
    "models.colorizer",
    "models.efficientnet",
    "models.imagenet_colorizer",
    "training.callbacks",
    "training.evaluation",
    "training.losses",
    "training.loop",
    "training.learning_rate",
    "training.snapshot_taker",
    "recipes.augmentation",
    "recipes.camera_noise",
    "recipes.colorizer_training",
    "recipes.decoder_training",
    "recipes.feature_cache",
    "recipes.feature_loss",
    "recipes.gpu_training",
    "recipes.judge_training",
    "recipes.optimizers",
    "recipes.time_budget",
}


def imports_of(path):
    """The top-level packages that a file imports anywhere, in functions as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found


def heavy_modules_after(statement):
    """What a fresh interpreter has loaded after a statement, of what is slow to load."""
    script = f"import sys\n{statement}\nprint([m for m in {HEAVY} if m in sys.modules])"
    result = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ast.literal_eval(result.stdout))


def name_of(path):
    return str(path.relative_to(ROOT))


# Dependencies point one way: pages -> cae_ui -> cae_core


@pytest.mark.parametrize(
    ("files", "strangers"),
    [
        (CORE + RECIPES, {"streamlit", "cae_ui", "pages", "app"}),
        (UI, {"pages", "app"}),
        (PAGES, {"pages", "app"}),
    ],
    ids=["core", "forms and views", "pages"],
)
def test_nothing_imports_what_is_built_on_it(files, strangers):
    assert files
    assert [name_of(path) for path in files if imports_of(path) & strangers] == []


def packages_imported_by(path):
    """The packages of the core that a file imports anywhere, in functions as well."""
    for node in ast.walk(ast.parse(path.read_text())):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "cae_core":
            modules = [f"cae_core.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module]
        yield from (name.split(".")[1] for name in modules if name.startswith("cae_core."))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_packages_of_the_floors_before_its_own(package):
    wrong = {
        (name_of(path), imported)
        for path in (ROOT / "cae_core" / package).rglob("*.py")
        for imported in packages_imported_by(path)
        if imported != package and FLOOR_OF[imported] >= FLOOR_OF[package]
    }
    assert wrong == set()


def test_every_module_of_the_core_has_a_package():
    loose = {path.stem for path in (ROOT / "cae_core").glob("*.py")}
    assert loose == {"__init__", "__main__", *LOOSE}
    folders = {path.parent.name for path in (ROOT / "cae_core").glob("*/__init__.py")}
    assert folders == set(PACKAGES)


# What is cheap to import stays cheap


def test_importing_the_core_loads_nothing_heavy():
    assert heavy_modules_after("import cae_core") == set()


def test_a_module_is_imported_without_keras_unless_it_is_made_of_keras_calls():
    modules = {
        ".".join(path.relative_to(ROOT / "cae_core").with_suffix("").parts)
        for path in CORE
        if path.stem not in {"__init__", "__main__"}
    }
    assert modules >= OF_KERAS
    light = sorted(f"cae_core.{module}" for module in modules - OF_KERAS)
    loaded = heavy_modules_after(f"import {', '.join(light)}")
    assert not loaded & {"keras", "tensorflow", "skimage", "plotly", "pandas"}


def test_composing_and_analysing_needs_nothing_heavy():
    statement = "import cae_core as cae; cae.analyze(cae.Architecture.parse('conv8 | conv3'))"
    assert heavy_modules_after(statement) == set()


# The public API


@pytest.mark.parametrize("name", cae_core.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(cae_core, name)
    assert inspect.ismodule(value) == (name == "zoo")
    if callable(value):
        assert len(inspect.getdoc(value) or "") > 20
        assert value.__module__.startswith("cae_core.")


@pytest.mark.parametrize("package", sorted({*PACKAGES} - {"cli"}))
def test_every_name_of_a_package_is_there_and_none_is_hidden_by_a_module(package):
    room = importlib.import_module(f"cae_core.{package}")
    modules = {path.stem for path in (ROOT / "cae_core" / package).glob("*.py")}
    for name in room.__all__:
        assert not inspect.ismodule(getattr(room, name))
        assert name not in modules


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="trian"):
        _ = cae_core.trian


# How the code is written


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_stays_thin(path):
    assert len(path.read_text().splitlines()) <= 150


TEXTS = {".css", ".js", ".json", ".md", ".py", ".pyi", ".template", ".toml"}


def test_an_image_is_called_an_image():
    folders = ("cae_core", "cae_ui", "docs", "pages", "pretrained")
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*"))]
    texts = [path for path in found if path.suffix in TEXTS]
    texts += [ROOT / name for name in ("app.py", "README.md", "CONTRIBUTING.md")]
    assert len(texts) > len([*CORE, *UI, *PAGES])
    assert [name_of(path) for path in texts if "picture" in path.read_text().lower()] == []
    assert [name_of(path) for path in found if "picture" in path.name] == []


# Files around the code


REQUIREMENTS = sorted(path.name for path in ROOT.glob("requirements*.txt"))


def required_by(file):
    """The lines of a file of requirements that name a package."""
    lines = [line.strip() for line in (ROOT / file).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("file", REQUIREMENTS)
def test_every_dependency_has_a_lower_and_an_upper_bound(file):
    wanted = required_by(file)
    assert wanted
    bounded = re.compile(r"[A-Za-z0-9_-]+>=\d[\d.]*,<\d[\d.]*(; .+)?")
    assert [line for line in wanted if not bounded.fullmatch(line)] == []


def test_the_package_asks_for_what_the_files_of_requirements_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]
    assert hook["files"] == ["requirements.txt"]
    others = [file for file in REQUIREMENTS if file != "requirements.txt"]
    names = [file.removeprefix("requirements-").removesuffix(".txt") for file in others]
    assert hook["optional-dependencies"] == {
        name: [file] for name, file in zip(names, others, strict=True)
    }


def test_a_package_has_the_same_bounds_in_all_files_of_requirements():
    lines = {line for file in REQUIREMENTS for line in required_by(file)}
    names = [re.split("[>;]", line)[0] for line in lines]
    assert sorted(names) == sorted(set(names))


def test_everything_the_code_imports_from_elsewhere_is_a_run_time_dependency():
    ours = {"cae_core", "cae_ui", "pages"}
    # Imports JAX, a requirement of training alone; nothing imports it but recipes.
    training = ROOT / "cae_core" / "recipes" / "gpu_training.py"
    paths = {*CORE, *UI, *PAGES, ROOT / "app.py"} - {training}
    imported = set().union(*(imports_of(path) for path in paths))
    distributions = {"PIL": "pillow", "skimage": "scikit-image", "lazy_loader": "lazy-loader"}
    # What only a recipe or the cluster imports is needed for that alone.
    files = ("requirements.txt", "requirements-train.txt", "requirements-cluster.txt")
    text = "".join((ROOT / name).read_text() for name in files)
    named = set(re.findall(r"^([A-Za-z0-9_-]+)>=", text, flags=re.MULTILINE))
    others = {
        distributions.get(name, name) for name in imported - ours - set(sys.stdlib_module_names)
    }
    assert others - named == set()


def test_the_readme_names_the_two_commands_and_the_makefile_has_them():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in ("run", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("path", [*CORE, *UI, *PAGES], ids=lambda path: f"{path.relative_to(ROOT)}")
def test_sizes_are_written_with_a_multiplication_sign(path):
    """`format_size` writes them; only the notation's shapes have an x, and no spaces."""
    texts = ast.walk(ast.parse(path.read_text()))
    parts = [
        value.value if isinstance(value, ast.Constant) else "1"
        for text in texts
        if isinstance(text, ast.JoinedStr)
        for value in text.values
    ]
    assert re.findall(r"\d x (?=\d|$)", "".join(map(str, parts))) == []
