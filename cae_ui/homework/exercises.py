"""The exercises of the homework: their places, their words, and pairs of networks to bet on."""

from __future__ import annotations

from dataclasses import dataclass, field

from cae_core.architecture.presets import HOMEWORK, get_preset
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB, Reconstruct, Task

LATENT_PAGE, TRAINER_PAGE = "pages/latent_size.py", "pages/trainer.py"
HOMEWORK_TEXT = get_preset(HOMEWORK).text
EPOCHS = 10


@dataclass(frozen=True)
class Exercise:
    """A step of the path.

    Attributes:
        title: Its short name.
        page: The page's file on which it is done.
        question: The words of the exercise.
    """

    title: str
    page: str
    question: str


# By their value in the address.
EXERCISES: dict[str, Exercise] = {
    "1": Exercise(
        "Train",
        TRAINER_PAGE,
        f"**Exercise 1.** Train the homework network for {EPOCHS} epochs, plot the error against "
        "the epochs, and report the test error. The images are split into parts for training, "
        "validation and test, and scaled to the range from 0 to 1, before anything is trained.",
    ),
    "2": Exercise(
        "Latent size",
        LATENT_PAGE,
        "**Exercise 2.1.** What is the size of the latent space representation of the homework "
        "network? Guess first: the page shows its sizes once you have.",
    ),
    "3": Exercise(
        "Other networks",
        TRAINER_PAGE,
        "**Exercise 2.2.** Try other architectures: what does each change do to the error after "
        "training? Bet on one of two networks, then train both.",
    ),
    "4": Exercise(
        "Colour",
        TRAINER_PAGE,
        "**Exercise 3.** Colorize: one network gets the grey image and predicts red, green and "
        "blue. The other gets the lightness and predicts the chrominance alone, which is merged "
        "with the lightness that is known. Bet on one, then train both.",
    ),
    "report": Exercise(
        "Report",
        TRAINER_PAGE,
        "**Your report.** Your guesses, the trainings with their plots, settings and seeds, and "
        "the study of latent sizes, in one file that opens without a connection.",
    ),
}


@dataclass(frozen=True)
class Side:
    """One of two trainings.

    Attributes:
        title: Its name.
        network: Its architecture text, for images of 32x32x3.
        task: Its task.
    """

    title: str
    network: str
    task: Task = field(default_factory=Reconstruct)


@dataclass(frozen=True)
class Pair:
    """Two trainings that differ in one thing.

    Attributes:
        title: What differs.
        sides: The two.
    """

    title: str
    sides: tuple[Side, Side]


PAIRS: dict[str, Pair] = {
    "stride": Pair(
        "Max pooling or stride",
        (
            Side("Max pooling", HOMEWORK_TEXT),
            Side("Stride 2", "conv8s2 conv12s2 conv16 | up conv12 up conv3:sigmoid"),
        ),
    ),
    "channels": Pair(
        "16 or 64 channels in the latent",
        (
            Side("16 channels", HOMEWORK_TEXT),
            Side("64 channels", HOMEWORK_TEXT.replace("conv16", "conv64")),
        ),
    ),
    "kernel": Pair(
        "Kernel 3 or 5",
        (
            Side("Kernel 3", HOMEWORK_TEXT),
            Side(
                "Kernel 5", "conv8k5 pool conv12k5 pool conv16k5 | up conv12k5 up conv3k5:sigmoid"
            ),
        ),
    ),
    "layers": Pair(
        "More or fewer layers, 1,024 numbers in both latents",
        (
            Side("Nine layers", HOMEWORK_TEXT),
            Side("Five layers", "conv8 pool conv4 | up conv3:sigmoid"),
        ),
    ),
    "padding": Pair(
        "Padding same or valid",
        (
            Side("Same", "conv8s2 conv16s2 | deconv12s2 deconv3k4s2:sigmoid"),
            Side(
                "Valid", "conv8s2:valid conv16s2:valid | deconv12s2:valid deconv3k4s2:valid:sigmoid"
            ),
        ),
    ),
}
COLOUR_PAIR = Pair(
    "Grey to RGB or chrominance alone",
    (
        Side("Grey to RGB", HOMEWORK_TEXT, ColorizeRGB()),
        Side("Chrominance", HOMEWORK_TEXT, ColorizeChroma()),
    ),
)
# A convolution of stride 2 in front: what becomes of the latent's 1,024 numbers?
STRIDED = "conv8s2 pool conv12 pool conv16 | up conv12 up conv12 up conv3:sigmoid"
