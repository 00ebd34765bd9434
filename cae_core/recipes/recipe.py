"""Recipes: what network to train on what data, and how; `cae_core.recipes.table` has them all.

Importing this module does not import Keras.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from cae_core.data.registry import DATASETS
from cae_core.recipes.strategies import SINGLE_FIT, Strategy
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import Reconstruct, Task, preset_task
from cae_core.zoo.cards import SINGLE

RANGE_TEST = "The learning rate is a range test's, from random weights and on plain MSE."


def licence_of(dataset: str) -> str:
    """Name and terms of a data set, for the card of a network that was trained on it.

    Example:
        >>> licence_of("fashion_mnist")
        'Fashion-MNIST (Zalando SE; MIT licence)'
    """
    return f"{DATASETS[dataset].title} ({DATASETS[dataset].terms})"


@dataclass(frozen=True)
class Recipe:
    """A network of the zoo, how it is trained and under which conditions it is measured.

    Attributes:
        title: Title of its card.
        summary: Purpose, in one or two sentences.
        source: Paper or document that describes the network.
        architecture: The network.
        task: Task it is trained on.
        config: Settings of the training.
        tests: Tasks it is measured on, by the name of the condition.
        dataset: Name of the data set.
        notes: Remarks for the card.
        preset: Preset whose row in its source this network is; empty for our own networks.
        difference: Why measured and published figures differ, in a sentence or two.
        strategy: Training strategy.
        finds_rate: Whether a learning-rate range test chooses the learning rate.
        highest_rate: The highest rate of that test.
        kept: How the weights are kept, as in `cae_core.zoo.cards.Card`.
        command: Shell command that trains it.
    """

    title: str
    summary: str
    source: str
    architecture: Architecture
    task: Task
    config: TrainConfig
    tests: Mapping[str, Task]
    dataset: str = "cifar10"
    notes: str = ""
    preset: str = ""
    difference: str = ""
    strategy: Strategy = SINGLE_FIT
    finds_rate: bool = False
    highest_rate: float = 1.0
    kept: str = SINGLE
    command: str = ""

    @property
    def seed(self) -> int:
        """Seed of split, weights, order and noise."""
        return self.config.seed

    @property
    def card_fields(self) -> dict[str, Any]:
        """Fields of the card that follow from the recipe without a measurement."""
        preset = get_preset(self.preset) if self.preset else None
        rate = RANGE_TEST if self.finds_rate else ""
        notes = " ".join(filter(None, (str(self.strategy), self.notes, rate)))
        return {
            "title": self.title,
            "summary": self.summary,
            "source": self.source,
            "recipe_notes": f"{self.task}; {self.config}. {notes}".strip(),
            "section": preset.section if preset else "",
            "published": dict(preset.published) if preset else {},
            "difference": self.difference,
            "dataset": self.dataset,
            "licence": licence_of(self.dataset),
            "recipe": self.command,
            "noise_range": self.task.sigma_range,
        }


def source_recipe(
    preset_id: str, *, config: Mapping[str, Any] | None = None, **changes: Any
) -> Recipe:
    """Recipe of a source's network, trained as its source says.

    Args:
        preset_id: Id of the source's network, see `cae_core.architecture.presets`.
        config: Settings of `TrainConfig` other than the source's. Where the source is silent:
            Adam at a constant 0.001, the default of the sources' libraries.
        **changes: Fields of `Recipe` other than the source's; `summary` is always given.

    Example:
        >>> recipe = source_recipe("homework", summary="Nine layers.", config={"epochs": 20})
        >>> print(recipe.config)
        20 epochs, batch 128, adam, learning rate 0.001 (constant), loss mse
    """
    preset = get_preset(preset_id)
    settings: dict[str, Any] = {
        "epochs": preset.epochs,
        "batch_size": preset.batch_size,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "loss": preset.loss,
    }
    task = preset_task(preset)
    tests: dict[str, Task] = {}
    if preset.sigma is not None:
        tests[f"sigma {preset.sigma}, not clipped"] = task
    tests["reconstruction" if preset.sigma is None else "clean-through"] = (
        task if task.is_variational else Reconstruct()
    )
    # The preset's remark is about the source's own network and training.
    is_own = not changes.keys() & {"architecture", "strategy"}
    fields: dict[str, Any] = {
        "title": preset.title,
        "source": str(preset.source),
        "architecture": preset.architecture,
        "task": task,
        "tests": tests,
        "dataset": preset.dataset,
        "notes": preset.remark if is_own else "",
        "preset": preset_id,
    }
    return Recipe(config=TrainConfig(**(settings | dict(config or {}))), **(fields | changes))


@dataclass(frozen=True)
class JudgeRecipe:
    """An evaluation classifier of the zoo (see `cae_core.zoo.judge`) and how it is trained.

    Attributes:
        title: Title of its card.
        dataset: Name of the data set whose classes it predicts.
        architecture: A convolution first; the encoder ends in features, the decoder in logits.
        epochs: Passes over the training images.
        batch_size: Images per step.
        peak: The highest learning rate, reached after a linear warm-up and followed by a cosine
            decay.
        margin: Largest random shift of a training image, in pixels.
        is_mirrored: Whether training images are mirrored at random; digits must not be.
        seed: Seed of split, weights, order and augmentation.
        command: Shell command that trains it.
    """

    title: str
    dataset: str
    architecture: Architecture
    epochs: int
    batch_size: int
    peak: float
    margin: int
    is_mirrored: bool
    seed: int = 0
    command: str = ""
    kept: ClassVar[str] = SINGLE

    @property
    def card_fields(self) -> dict[str, Any]:
        """Fields of the card that follow from the recipe without a measurement."""
        return {
            "title": self.title,
            "summary": (
                f"Predicts the class of an image of {DATASETS[self.dataset].title}. Its accuracy "
                "on an autoencoder's outputs says how much of the content survived."
            ),
            "source": "Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, 2024",
            "recipe_notes": (
                f"{self.epochs} epochs, batch {self.batch_size}, Muon, shifted by up to "
                f"{self.margin} pixels{' and mirrored' if self.is_mirrored else ''}."
            ),
            "dataset": self.dataset,
            "licence": licence_of(self.dataset),
            "recipe": self.command,
            "noise_range": None,
        }


AnyRecipe = Recipe | JudgeRecipe
