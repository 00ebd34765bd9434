"""Plans of sweeps: what varies, and the trainings that follow from it.

A factor is anything that can vary: a whole network, a number of the family of networks that
`family_network` makes, or a setting of the training. Every setting is trained with every seed.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cae_core.architecture.editing import adapted
from cae_core.architecture.layers import Conv
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Row, analyze
from cae_core.errors import CAEError, TrainingError
from cae_core.formats import counted
from cae_core.studies.sweep import Trial
from cae_core.training.config import LOSS_TITLES, TrainConfig
from cae_core.training.tasks import Reconstruct, check_fit

Value = str | int | float
Setting = dict[str, Value]
"""A value of every factor but the seed, by the factor's name."""
ImageShape = tuple[int, int, int]

ORDERS = {
    "grid": "every value with every other",
    "random": "settings drawn from the grid",
    "one-at-a-time": "the first values, and each other value alone",
    "listed": "the first values together, the second ones together, and so on",
}
MOST_TRIALS = 1_000
NETWORK, SEED = "network", "seed"
_RANGE = re.compile(r"([^.\s]+(?:\.\d+)?)\s*\.\.\s*([^:\s]+)(?:\s*:\s*(\d{1,4}))?")


@dataclass(frozen=True)
class Factor:
    """Something that can vary.

    Attributes:
        title: Its name on pages.
        default: Its value where nothing else is asked for.
        low: Least value of a number.
        high: Greatest value of a number.
        choices: Titles of the possible values of a word.
        help: What it is, for whoever asks.
    """

    title: str
    default: Value
    low: float = 0
    high: float = 0
    choices: Mapping[str, str] = field(default_factory=dict)
    help: str = ""


FAMILY: dict[str, Factor] = {
    "depth": Factor("Depth", 2, 1, 6, help="How often the map is halved before the latent"),
    "channels": Factor("Channels", 8, 1, 512, help="Of every convolution but the latent's"),
    "kernel": Factor("Kernel", 3, 1, 15, help="Side of every convolution's kernel"),
    "reduce": Factor(
        "Halved by",
        "pool",
        choices={"pool": "Max pooling", "avgpool": "Average pooling", "stride": "Stride 2"},
        help="What halves height and width",
    ),
    "padding": Factor(
        "Padding",
        "same",
        choices={"same": "Same", "valid": "Valid"},
        help="Valid convolutions lose their border, which the decoder's give back",
    ),
    "latent": Factor(
        "Latent size", 1024, 1, 1 << 20, help="Numbers in it: a multiple of its map's pixels"
    ),
}
TRAINING: dict[str, Factor] = {
    "learning_rate": Factor("Learning rate", TrainConfig.learning_rate, 1e-7, 1),
    "loss": Factor("Loss", TrainConfig.loss, choices=LOSS_TITLES),
    SEED: Factor("Seeds", 0, 0, 2**31 - 1, help="Every setting is trained with every seed"),
}
FACTORS: dict[str, Factor] = {NETWORK: Factor("Network", ""), **FAMILY, **TRAINING}


def parse_values(name: str, text: str) -> tuple[Value, ...]:
    """The values of a factor as they are written: a list, a range, or both.

    Args:
        name: Name of the factor.
        text: ``4,8,16``; ``1..3`` for all whole numbers from 1 to 3; ``64..4096:7`` for seven
            values with the same ratio from one to the next.

    Raises:
        TrainingError: For a value that the factor cannot have.

    Example:
        >>> parse_values("channels", "4, 8..10"), parse_values("latent", "64..1024:3")
        ((4, 8, 9, 10), (64, 256, 1024))
        >>> parse_values("loss", "mse,mae")
        ('mse', 'mae')
    """
    factor = _factor(name)
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(factor.default, str):
        values: Iterable[Value] = parts
    else:
        values = itertools.chain.from_iterable(_numbers(name, part) for part in parts)
    return _checked(name, tuple(dict.fromkeys(values)))


def _numbers(name: str, part: str) -> list[int | float]:
    """The numbers that a part of a list stands for."""
    found = _RANGE.fullmatch(part)
    if found is None:
        return [_number(name, part)]
    low, high = _number(name, found[1]), _number(name, found[2])
    if found[3] is None:
        if isinstance(low, int) and isinstance(high, int) and high - low < MOST_TRIALS:
            return list(range(low, high + 1))
    elif 0 < low < high and int(found[3]) > 1:
        values = np.geomspace(low, high, int(found[3]))
        is_whole = isinstance(FACTORS[name].default, int)
        return [round(value) if is_whole else float(f"{value:.3g}") for value in values.tolist()]
    raise TrainingError(
        "A range is written 1..3, for all whole numbers, or 64..4096:7, for seven numbers above 0 "
        f"with one ratio. Received: {name}={part}. Write its values one by one, for example."
    )


def _number(name: str, text: str) -> int | float:
    """A number as it is written."""
    try:
        return int(text) if isinstance(FACTORS[name].default, int) else float(text)
    except ValueError:
        raise _wrong(name, text) from None


def _factor(name: str) -> Factor:
    """The factor of a name."""
    if name not in FACTORS:
        raise TrainingError(
            f"What can vary is {', '.join(FACTORS)}. Received: {name!r}. Choose one of them."
        )
    return FACTORS[name]


def _checked(name: str, values: tuple[Value, ...]) -> tuple[Value, ...]:
    """The values themselves, once the factor can have them all."""
    factor = _factor(name)
    if not values:
        raise _wrong(name, "nothing")
    for value in values:
        if name == NETWORK:
            Architecture.parse(str(value))
        elif isinstance(factor.default, str):
            if value not in factor.choices:
                raise _wrong(name, value)
        elif isinstance(value, str) or not factor.low <= value <= factor.high:
            raise _wrong(name, value)
    return values


def _wrong(name: str, value: object) -> TrainingError:
    """The error for a value that a factor cannot have."""
    factor = FACTORS[name]
    kind = "a whole number" if isinstance(factor.default, int) else "a number"
    known = ", ".join(factor.choices) or f"{kind} from {factor.low:g} to {factor.high:,g}"
    rule = f"{name} is {'one of ' if factor.choices else ''}{known}"
    return TrainingError(f"{rule}. Received: {name}={value}. Use {factor.default}, for example.")


class Planned(NamedTuple):
    """A training of a plan.

    Attributes:
        setting: The values of the factors.
        trial: The training.
    """

    setting: Setting
    trial: Trial


class Misfit(NamedTuple):
    """A setting of a plan that gives no network for the images.

    Attributes:
        setting: The values of the factors.
        reason: Why, as a sentence.
    """

    setting: Setting
    reason: str


@dataclass(frozen=True)
class Plan:
    """A plan of a sweep: the factors that vary, and the settings that all trainings share.

    Args:
        factors: Values of the factors, by name; those that are left out have their defaults.
        order: A key of `ORDERS`.
        draws: Number of settings that the order ``random`` draws.
        epochs: Passes over the training images.
        dataset: Name of the data set.
        images: Number of training images; 0 for all.

    Raises:
        CAEError: For a factor, a value or an order that cannot be.

    Example:
        >>> plan = Plan({"channels": (4, 8), "kernel": (3, 5), "seed": (0, 1)})
        >>> trials, misfits = plan.trials((32, 32, 3))
        >>> len(trials), len(misfits), trials[0].setting
        (8, 0, {'channels': 4, 'kernel': 3})
        >>> trials[0].trial.network
        'conv4 pool conv4 pool conv16 | up conv4 up conv3:sigmoid'
    """

    factors: dict[str, tuple[Value, ...]]
    order: str = "grid"
    draws: int = 20
    epochs: int = 3
    dataset: str = "photo_patches"
    images: int = 0

    def __post_init__(self) -> None:
        for name, values in self.factors.items():
            _checked(name, tuple(values))
        TrainConfig(epochs=self.epochs)
        if self.order not in ORDERS:
            raise TrainingError(
                f"An order is one of {', '.join(ORDERS)}. Received: {self.order!r}. Use grid."
            )
        for name, low in (("draws", 1), ("images", 0)):
            if getattr(self, name) < low:
                raise TrainingError(
                    f"The number of {name} of a sweep is {low} or more. "
                    f"Received: {getattr(self, name)}. Use 20, or leave it out."
                )
        if NETWORK in self.factors and (both := sorted(FAMILY.keys() & self.factors.keys())):
            raise TrainingError(
                "A sweep takes whole networks, or varies those of its family. "
                f"Received: network and {', '.join(both)}. Leave one of them out."
            )
        lengths = {len(values) for name, values in self.factors.items() if name != SEED}
        if self.order == "listed" and len(lengths - {1}) > 1:
            raise TrainingError(
                "In the order listed, every factor has as many values as the others, or one. "
                f"Received: {', '.join(map(str, sorted(lengths)))} values. Use grid, for example."
            )
        if self.count > MOST_TRIALS:
            raise TrainingError(
                f"A sweep has at most {MOST_TRIALS:,} trainings. Received: {self.count:,}. "
                "Use fewer values, or the order random."
            )

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every setting is trained with."""
        return tuple(int(seed) for seed in self.factors.get(SEED, (TRAINING[SEED].default,)))

    @property
    def varied(self) -> dict[str, tuple[Value, ...]]:
        """The values of the factors but the seed."""
        return {name: tuple(values) for name, values in self.factors.items() if name != SEED}

    @property
    def count(self) -> int:
        """Number of trainings, those included whose networks do not fit."""
        return self._setting_count * len(self.seeds)

    @property
    def _setting_count(self) -> int:
        lengths = [len(values) for values in self.varied.values()]
        if self.order == "listed":
            return max(lengths, default=1)
        if self.order == "one-at-a-time":
            return 1 + sum(length - 1 for length in lengths)
        grid = math.prod(lengths)
        return min(grid, self.draws) if self.order == "random" else grid

    def settings(self) -> list[Setting]:
        """The settings in their order, each once."""
        names, values = tuple(self.varied), tuple(self.varied.values())
        if self.order == "grid":
            chosen = list(itertools.product(*values))
        elif self.order == "listed":
            length = self._setting_count
            chosen = list(zip(*(each * (length // len(each)) for each in values), strict=True))
        elif self.order == "one-at-a-time":
            first = tuple(each[0] for each in values)
            chosen = [first] + [
                (*first[:at], value, *first[at + 1 :])
                for at, each in enumerate(values)
                for value in each[1:]
            ]
        else:
            shape = tuple(len(each) for each in values)
            drawn = np.random.default_rng(0).choice(
                math.prod(shape), self._setting_count, replace=False
            )
            places = np.unravel_index(drawn, shape) if shape else ()
            chosen = [
                tuple(each[int(at)] for each, at in zip(values, place, strict=True))
                for place in zip(*places, strict=True)
            ]
        return [dict(zip(names, each, strict=True)) for each in chosen] or [{}]

    def trials(self, image_shape: ImageShape) -> tuple[list[Planned], list[Misfit]]:
        """The trainings, seed by seed, and the settings whose networks do not fit.

        Args:
            image_shape: (H, W, C) of the data set's images.
        """
        fitting: list[Planned] = []
        misfits: list[Misfit] = []
        for setting in self.settings():
            try:
                fitting.append(Planned(setting, self._trial(setting, image_shape)))
            except CAEError as error:
                misfits.append(Misfit(setting, str(error)))
        planned = [
            Planned(setting, dataclasses.replace(trial, seed=seed))
            for seed in self.seeds  # so that every setting has a first result early
            for setting, trial in fitting
        ]
        return planned, misfits

    def _trial(self, setting: Setting, image_shape: ImageShape) -> Trial:
        """The training of a setting; its network fits the images."""
        if NETWORK in setting:
            network = Architecture.parse(str(setting[NETWORK]))
        else:
            network = family_network(setting, image_shape)
        check_fit(network, image_shape, Reconstruct())
        return Trial(
            str(network),
            self.epochs,
            dataset=self.dataset,
            images=self.images,
            **{name: setting[name] for name in TRAINING.keys() & setting.keys()},  # type: ignore[arg-type]
        )


def family_network(setting: Mapping[str, Value], image_shape: ImageShape) -> Architecture:
    """The network of the family for a setting: convolutions, each step halving the map.

    Args:
        setting: Values of the factors in `FAMILY`; those that are left out have their defaults,
            the latent the nearest size that its map can have.
        image_shape: (H, W, C) of the images.

    Raises:
        CAEError: Where no network of the family has such a latent.

    Example:
        >>> str(family_network({"depth": 3, "reduce": "stride", "latent": 64}, (32, 32, 3)))
        'conv8s2 conv8s2 conv8s2 conv4 | up conv8 up conv8 up conv3:sigmoid'
        >>> str(family_network({"depth": 1, "padding": "valid"}, (32, 32, 3)))
        'conv8:valid pool conv6:valid | deconv8s1:valid up deconv3s1:valid:sigmoid'
    """
    size = int(setting["latent"]) if "latent" in setting else None
    depth, channels, kernel, reduce, padding = (
        setting.get(name, factor.default) for name, factor in FAMILY.items() if name != "latent"
    )
    return _family_network(
        int(depth), int(channels), int(kernel), str(reduce), str(padding), size, image_shape
    )


@functools.lru_cache(maxsize=4_096)
def _family_network(
    depth: int,
    channels: int,
    kernel: int,
    reduce: str,
    padding: str,
    latent_size: int | None,
    image_shape: ImageShape,
) -> Architecture:
    """As `family_network`; made once, because a page asks for it again and again."""
    last = image_shape[2]
    side = "" if kernel == FAMILY["kernel"].default else f"k{kernel}"
    end = "" if padding == "same" else ":valid"
    step = f"conv{channels}{side}s2{end}"
    if reduce != "stride":
        step = f"conv{channels}{side}{end} {reduce}"
    encoder = f"{f'{step} ' * depth}conv{{}}{side}{end}"
    report = analyze(Architecture.parse(f"{encoder.format(1)} | conv3", image_shape))
    if any(row.problem for row in report.rows if row.part == "encoder"):
        raise TrainingError(report.problems[0])
    height, width, _ = report.latent_shape
    last_channels = max(1, round(int(FAMILY["latent"].default) / (height * width)))
    if latent_size is not None:
        last_channels = latent_size // (height * width)
    if latent_size is not None and last_channels * height * width != latent_size:
        raise TrainingError(
            f"The latent behind {counted(depth, 'halving')} of these images is a map of {height}x"
            f"{width}: its size is a multiple of {height * width}. Received: latent={latent_size}. "
            f"Use {(last_channels + 1) * height * width:,}."
        )
    if padding == "same":
        decoder = f"up conv{channels}{side} " * (depth - 1) + f"up conv{last}{side}:sigmoid"
    else:
        rows = [row for row in report.rows if row.part == "encoder"]
        decoder = _mirrored(rows, channels, last, kernel)
    text = f"{encoder.format(last_channels)} | {decoder}"
    network = Architecture.parse(text, image_shape)
    if analyze(network).problems:  # sides that are odd on their way down
        network = adapted(network, image_shape, image_shape)
    found = analyze(network)
    if found.problems:
        raise TrainingError(found.problems[0])
    if found.latent_shape[:2] != (height, width):
        raise TrainingError(
            f"A network of the family keeps its latent. Received: a map of {height}x{width}, and "
            f"another once the layers fit ({network}). Use another depth."
        )
    return network


def _mirrored(rows: Sequence[Row], channels: int, last: int, kernel: int) -> str:
    """A decoder that undoes valid convolutions: each layer gives back the border that was lost."""
    tokens = []
    lost = 0  # pixels that a pooling has left out
    for row in reversed(rows):
        before, after = row.input_shape[0], row.output_shape[0]
        if not isinstance(row.layer, Conv):
            tokens.append("up")
            lost = before - 2 * after
            continue
        if row.layer.stride == 1:
            side, end = kernel + lost, "s1:valid"
        else:
            odd = before - (2 * (after - 1) + kernel)
            side, end = kernel, f"s2{'o1' if odd else ''}:valid"
        tokens.append(f"deconv{channels}{'' if side == 3 else f'k{side}'}{end}")
        lost = 0
    tokens[-1] = tokens[-1].replace(f"deconv{channels}", f"deconv{last}") + ":sigmoid"
    return " ".join(tokens)


def setting_text(setting: Setting) -> str:
    """A setting in one line.

    Example:
        >>> setting_text({"channels": 8, "learning_rate": 0.001})
        'channels 8, learning rate 0.001'
    """
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in setting.items())
