"""What is in ``pretrained/``: trained networks, each with its card.

    >>> "photo-denoiser" in names()
    True
    >>> card("photo-denoiser").noise_range
    (0.0, 0.39215686274509803)

A folder holds ``recipe.py``, which made it, ``card.json`` and, where the network is kept, its
weights. Importing this module does not import Keras; `load` does.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cae_core.architecture.notation import BAR, Architecture
from cae_core.errors import CAEError
from cae_core.training.learning_rate import LearningRateTest
from cae_core.training.tasks import Task, task_from_dict

if TYPE_CHECKING:
    import keras

    from cae_core.training.runs import Run

# An installed package has the networks inside it; in the repository they stand beside it.
_PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = _PACKAGE / "pretrained"
if not FOLDER.is_dir():
    FOLDER = _PACKAGE.parent / "pretrained"
CARD = "card.json"
WEIGHTS = "model.weights.h5"
PHOTO_DENOISER = "photo-denoiser"
COLORIZER = "colorizer"  # a registered network, of which the zoo has two
PHOTO_COLORIZER = "photo-colorizer"
# How weights are kept.
SINGLE, HALF, NOT_KEPT = "float32", "float16", "not kept"
# A few images through a network whose weights are not kept.
IMAGES = "images.npz"
# The learning-rate range test of a network whose rate was chosen by one.
LEARNING_RATE = "learning_rate.json"


class ZooError(CAEError):
    """A trained network that is not there, or not what its card says."""


@dataclass(frozen=True)
class Card:
    """What is known of a trained network; written by the recipe that trained it.

    Attributes:
        name: The folder's name.
        title: What people call it.
        summary: What it is for, in one or two sentences.
        source: Paper or document that it follows.
        network: Its architecture text, or a name in `models.networks.NETWORKS`.
        input_shape: (H, W, C) that it was trained on.
        data: What it was trained, validated and tested on.
        licence: The terms of that data.
        recipe: The command that trained it.
        seconds: How long that took, on which machine is said in `recipe_notes`.
        recipe_notes: Settings and circumstances worth knowing.
        parameters: Trained and untrained weights.
        latent_size: Numbers in the latent; None where there is no bottleneck.
        noise_range: Lowest and highest sigma it was trained on, in [0, 1]; None without noise.
        figures: Measured results: each row names its test set and its conditions.
        sha256: Of the weights file; where that is not kept, of the one that was measured.
        section: The source document's letter, see `architecture.presets.SOURCES`; empty where the
            network is our own.
        published: What its source says of it: figures by name, and words.
        difference: Why the measured figures differ from the published ones, in a line.
        kept: How the weights are kept: ``float32``, ``float16`` (rounded before they were
            measured), or ``not kept``: then there are images in their place.
    """

    name: str
    title: str
    summary: str
    source: str
    network: str
    input_shape: tuple[int, int, int]
    data: str
    licence: str
    recipe: str
    seconds: float
    recipe_notes: str
    parameters: int
    latent_size: int | None
    noise_range: tuple[float, float] | None
    figures: tuple[dict[str, Any], ...]
    sha256: str
    section: str = ""
    published: dict[str, Any] = field(default_factory=dict)
    difference: str = ""
    kept: str = SINGLE

    @property
    def architecture(self) -> Architecture | None:
        """The network as an architecture; None for one of `models.networks.NETWORKS`."""
        if BAR not in self.network:
            return None
        return Architecture.parse(self.network, input_shape=self.input_shape)

    @property
    def task(self) -> Task | None:
        """What it learnt, the task of its first figure; None for what gives back no image."""
        task = self.figures[0].get("task")
        return None if self.architecture is None or task is None else task_from_dict(task)

    def save(self, folder: Path) -> None:
        """Writes the card into its network's folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)
        (folder / CARD).write_text(text + "\n")


def learning_rate_test(name: str) -> LearningRateTest | None:
    """The range test that chose a network's learning rate; None where none did.

    Example:
        >>> learning_rate_test("baseline").suggestion
        0.044
        >>> learning_rate_test("homework") is None
        True
    """
    path = FOLDER / name / LEARNING_RATE
    return LearningRateTest.from_json(path.read_text()) if path.exists() else None


def names() -> list[str]:
    """All trained networks by name."""
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{CARD}"))


def card(name: str) -> Card:
    """A network's card.

    Raises:
        ZooError: For a name that is not in the zoo, or a card that cannot be read.
    """
    path = FOLDER / name / CARD
    if Path(name).name != name or not path.is_file():
        raise ZooError(
            f"A trained network's name is one of: {', '.join(names())}. Received: {name!r}. "
            "Choose one of them."
        )
    return _kept_card(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _kept_card(path: Path, modified: int) -> Card:
    """The card in a file, read once; `modified` has a changed file read again."""
    return read_card(path)


def read_card(path: Path) -> Card:
    """The card in a file.

    Raises:
        ZooError: Where it cannot be read.
    """
    try:
        fields = json.loads(path.read_text())
        height, width, channels = fields["input_shape"]
        fields |= {
            "input_shape": (height, width, channels),
            "noise_range": fields["noise_range"] and tuple(fields["noise_range"]),
            "figures": tuple(fields["figures"]),
        }
        return Card(**fields)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ZooError(
            f"A card is a JSON file with the fields of Card. Received: {path} ({error!r}). "
            "Run the recipe beside it again."
        ) from error


def load(name: str, dtype: str = "float32") -> keras.Model:
    """A trained network, its weights checked against the card.

    Args:
        name: One of `names`.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for faster convolutions where the
            processor has them.

    Returns:
        The model; the same object for the same arguments: use it, don't train it.

    Raises:
        ZooError: For an unknown name, or weights that are not the card's.
    """
    known = card(name)
    weights = FOLDER / name / WEIGHTS
    if known.kept == NOT_KEPT:
        raise ZooError(
            "Only a network whose weights are kept can be loaded. "
            f"Received: {name!r}, which is too large. Run {known.recipe} to make them."
        )
    if not weights.exists() or _kept_sha256(weights, weights.stat().st_mtime_ns) != known.sha256:
        raise ZooError(
            f"A network's weights are those that its card names. Received: {weights}, "
            f"{'which differs' if weights.exists() else 'which is missing'}. "
            "Fetch the project anew, or run the recipe beside it."
        )
    return _loaded(weights, known.sha256, dtype)


# As many as a visitor looks at in a row: memory is scarce where the app is hosted.
@functools.lru_cache(maxsize=8)
def _loaded(weights: Path, checksum: str, dtype: str) -> keras.Model:
    """The network of a weights file; another checksum is another network."""
    model = _build(read_card(weights.with_name(CARD)), dtype)
    model.load_weights(weights)
    return model


def is_loaded() -> bool:
    """Whether a network is in memory, and Keras with it."""
    return _loaded.cache_info().currsize > 0


def _build(known: Card, dtype: str) -> keras.Model:
    """A network with random weights."""
    from cae_core.models.builder import build
    from cae_core.models.networks import build_network

    if known.architecture is None:
        return build_network(known.network, dtype)
    return build(known.architecture)


def network_of(model: str | Run) -> tuple[Any, Architecture]:
    """Network and architecture of a zoo's network by name, or of a run.

    Raises:
        ZooError: For an unknown name, or a network that is not written as an architecture.
    """
    if not isinstance(model, str):
        return model.model, model.architecture
    architecture = card(model).architecture
    if architecture is None:
        raise ZooError(
            "Only a network with an architecture text can be applied as it is. "
            f"Received: {model!r}. Leave the model out where it is the one for the purpose."
        )
    return load(model), architecture


@functools.lru_cache(maxsize=256)
def _kept_sha256(path: Path, modified: int) -> str:
    """A file's checksum, computed once; `modified` has a changed file read again."""
    return sha256(path)


def sha256(path: Path) -> str:
    """A file's checksum."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
