"""The networks of the four source documents (`SOURCES`) and a few of our own, by id.

A preset says what its source says: layers, data set, epochs, batch. Where the source leaves
something open, `remark` says what was chosen here. Measured results are not here but on the
cards of the trained models.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cae_core.architecture.notation import Architecture
from cae_core.errors import ArchitectureError


@dataclass(frozen=True)
class Source:
    """A document whose networks are presets here.

    Attributes:
        title: The name it is cited by.
        url: Its address; None where it has none.
    """

    title: str
    url: str | None

    def __str__(self) -> str:
        return self.title

    @property
    def link(self) -> str:
        """The title in Markdown, linked where there is an address."""
        return f"[{self.title}]({self.url})" if self.url else self.title


SOURCES: dict[str, Source] = {
    "A": Source(
        "rtflynn/Cifar-Autoencoder",
        "https://github.com/rtflynn/Cifar-Autoencoder",
    ),
    "B": Source(
        "henriwoodcock/Applying-Modern-Best-Practices-to-Autoencoders",
        "https://github.com/henriwoodcock/Applying-Modern-Best-Practices-to-Autoencoders",
    ),
    "C": Source("lukas/ml-class", "https://github.com/lukas/ml-class"),
    "D": Source("ACML Homework: Convolutional Autoencoders", None),
}

OURS = Source("CAE Lab", None)


@dataclass(frozen=True)
class Preset:
    """One network of a source document, or of our own.

    Attributes:
        id: Its key in `PRESETS`.
        title: Its name in lists.
        section: The source's letter, see `SOURCES`; empty for our own networks.
        text: The architecture text.
        dataset: The data set that the source trained it on.
        epochs: Epochs that the source trained it for.
        batch_size: Images per batch; 32, Keras's default, where the source names none.
        sigma: Standard deviation of the training noise in [0, 1] units; None for plain
            reconstruction.
        beta: Weight of the latent's divergence, for the task Variational; None for the others.
        loss: The loss that is minimised, as `TrainConfig` names it; mean squared error where the
            source names none.
        remark: Its peculiarities, and the choices made here where the source is silent.
        published: The source's results: figures on its test set by name (``mse``, ``mae``,
            ``judge_accuracy``: the accuracy of its evaluation classifier on the outputs,
            ``originals``: the same on the originals), its training time in ``seconds``, and its
            words as ``said``.
    """

    id: str
    title: str
    section: str
    text: str
    dataset: str
    epochs: int
    batch_size: int = 32
    sigma: float | None = None
    beta: float | None = None
    loss: str = "mse"
    remark: str = ""
    published: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        """The document it comes from; `OURS` for our own networks."""
        return SOURCES.get(self.section, OURS)

    @property
    def architecture(self) -> Architecture:
        """The network itself."""
        return Architecture.parse(self.text)


HOMEWORK = "homework"

_STRIDED_BN = "conv32 bn conv32s2 conv32 bn | up conv32 bn conv3k1:sigmoid"
_ENCODER = "conv12:linear bn relu pool conv24:linear bn relu pool flatten dense1000:linear"
_TWO_NUMBERS = (
    "28x28x1 conv16s2 conv32s2 flatten dense64 {} | dense64 dense1568 reshape7x7x32 deconv16 "
    "deconv1:sigmoid"
)
_RESNET34_ENCODER = (
    "conv64k7s2:linear bn relu pool3s2:same res64 res64 res64 res128s2 res128 res128 res128 "
    f"res256s2 {'res256 ' * 5}res512s2 res512 res512 flatten dense1000:linear"
)
_RESNET34_REMARK = (
    "The body of ResNet-34 reduces 32 pixels to one; the decoder, which the source does not "
    "spell out, is the baseline's."
)
_PRETRAINED_REMARK = f"{_RESNET34_REMARK} The source starts from ImageNet weights."
_UP = "up conv12:linear bn relu up"
_SUB_PIXEL = "subpixel12 blur conv12:linear bn relu subpixel12 blur"


def _training_strategy(
    preset_id: str,
    title: str,
    took: str,
    figures: tuple[float | None, float | None, float],
    remark: str = "",
    *,
    encoder: str = _ENCODER,
    decoder: str = _UP,
) -> Preset:
    """A network of source B; its data set is MNIST where its id says so.

    Args:
        preset_id: As for `Preset`.
        title: As for `Preset`.
        took: The source's training time, written as there: 23m47.
        figures: MSE, MAE and accuracy of the source's classifier; None where it gives none.
        remark: As for `Preset`.
        encoder: The layers up to the latent.
        decoder: The layers between the reshape and the last convolution.
    """
    minutes, seconds = took.split("m")
    names = ("mse", "mae", "judge_accuracy")
    published = {name: value for name, value in zip(names, figures, strict=True) if value}
    published["seconds"] = 60 * int(minutes) + int(seconds)
    if preset_id.endswith("-mnist"):
        text = f"28x28x1 {encoder} | dense1176 reshape7x7x24 {decoder} conv1:sigmoid"
        dataset, originals = "mnist", 0.9912
    else:
        text = f"{encoder} | dense1536 reshape8x8x24 {decoder} conv3:sigmoid"
        dataset, originals = "cifar10", 0.8179
    published["originals"] = originals
    return Preset(preset_id, title, "B", text, dataset, 15, 128, remark=remark, published=published)


_PRESETS = (
    Preset(
        HOMEWORK,
        "Homework network",
        "D",
        "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid",
        "cifar10",
        epochs=10,
        batch_size=128,
        remark="Nine layers, all kernels 3x3, all padding same. The smallest tensor is the "
        "second pooling's, not the latent.",
    ),
    Preset(
        "dense-mnist",
        "Dense on MNIST",
        "A",
        "28x28x1 flatten dense100 dense100 | dense100 dense784:sigmoid reshape28x28x1",
        "mnist",
        epochs=10,
        remark="100-100-100-784; the source gives less than a minute of training and no epochs. "
        "The middle of the three equal layers is taken for the latent.",
        published={"said": "good digits"},
    ),
    Preset(
        "dense-1",
        "Dense, one hidden layer",
        "A",
        "flatten dense1024 | dense3072:sigmoid reshape32x32x3",
        "cifar10",
        epochs=5,
        published={"said": "blurry"},
    ),
    Preset(
        "dense-3",
        "Dense, three hidden layers",
        "A",
        "flatten dense3072 dense2048 dense1024 | dense3072:sigmoid reshape32x32x3",
        "cifar10",
        epochs=5,
        published={"said": "worse than one hidden layer"},
    ),
    Preset(
        "conv-dense",
        "Convolutions around dense layers",
        "A",
        "conv32 pool conv32 pool conv32 flatten dense2048 | dense2048 reshape8x8x32 "
        "up conv32 up conv3k1:sigmoid",
        "cifar10",
        epochs=5,
        remark="The image in the source is labelled 8-8-32: both dense layers have 2,048 units.",
        published={"said": "poor"},
    ),
    Preset(
        "conv-dense-bn",
        "Convolutions, dense layers and batch normalisation",
        "A",
        "conv32 bn pool conv32 bn pool conv32 conv32 bn flatten dense2048 | dense2048 "
        "reshape8x8x32 bn up conv32 up conv3k1:sigmoid",
        "cifar10",
        epochs=5,
        remark="One more convolution before the dense part and batch normalisation 'here and "
        "there': the places are chosen here.",
        published={"said": "can fail completely"},
    ),
    Preset(
        "shallow-pool",
        "Shallow, max pooling",
        "A",
        "conv32 pool conv32 | up conv32 conv3:sigmoid",
        "cifar10",
        epochs=2,
        published={"said": "a drastic gain"},
    ),
    Preset(
        "shallow-strided",
        "Shallow, strided convolution",
        "A",
        "conv32 conv32s2 conv32 | up conv32 conv3:sigmoid",
        "cifar10",
        epochs=2,
        remark="shallow-pool with the pooling replaced by a convolution of stride 2.",
        published={"said": "better again"},
    ),
    Preset(
        "strided-bn",
        "Strided convolution and batch normalisation",
        "A",
        _STRIDED_BN,
        "cifar10",
        epochs=2,
        batch_size=100,
        remark="The source's best. Its latent is 2.67 times larger than the input.",
        published={"said": "input and output can't be told apart"},
    ),
    Preset(
        "denoise-1.0",
        "Denoiser, sigma 1.0",
        "A",
        _STRIDED_BN,
        "cifar10",
        epochs=9,
        batch_size=100,
        sigma=1.0,
        remark="Noise drawn anew every epoch and not clipped.",
        published={"said": "smeared"},
    ),
    Preset(
        "denoise-0.3",
        "Denoiser, sigma 0.3",
        "A",
        _STRIDED_BN,
        "cifar10",
        epochs=3,
        batch_size=100,
        sigma=0.3,
        remark="Noise drawn anew every epoch and not clipped.",
        published={"said": "usable"},
    ),
    Preset(
        "clean-through",
        "Denoiser, fed clean images",
        "A",
        _STRIDED_BN,
        "cifar10",
        epochs=3,
        batch_size=100,
        sigma=0.3,
        remark="Trained like denoise-0.3, then tested on images without noise: it smears them.",
        published={"said": "smears: a local weighted average"},
    ),
    _training_strategy(
        "baseline",
        "Baseline with a 1000-number latent",
        "23m47",
        (0.004345, 0.046274, 0.4558),
        "One-cycle schedule; the learning rate from a range test.",
    ),
    _training_strategy(
        "baseline-mnist",
        "Baseline on MNIST",
        "24m43",
        (0.000854, None, 0.9900),
        "The latent is larger than the input's 784 numbers: it does not compress.",
    ),
    _training_strategy(
        "pixel-shuffle",
        "Pixel shuffle decoder",
        "27m06",
        (0.004385, 0.046642, 0.4759),
        "1x1 convolution with weight normalisation and ICNR start, ReLU, shuffle, blur.",
        decoder=_SUB_PIXEL,
    ),
    _training_strategy(
        "pixel-shuffle-mnist",
        "Pixel shuffle decoder on MNIST",
        "27m40",
        (0.001174, 0.011906, 0.9870),
        decoder=_SUB_PIXEL,
    ),
    _training_strategy(
        "progressive",
        "Baseline with progressive resizing",
        "23m05",
        (0.004310, 0.046132, 0.4608),
        "The baseline's layers: 5 epochs on images reduced to 16 pixels, 10 at 32.",
    ),
    _training_strategy(
        "progressive-mnist",
        "Baseline with progressive resizing on MNIST",
        "24m44",
        (0.001168, 0.011891, 0.9877),
        "The baseline's layers: 5 epochs on reduced images, 10 at full size.",
    ),
    _training_strategy(
        "resnet34-pretrained",
        "ResNet-34 encoder, pretrained",
        "24m12",
        (0.011385, 0.076558, 0.2333),
        _PRETRAINED_REMARK,
        encoder=_RESNET34_ENCODER,
    ),
    _training_strategy(
        "resnet34",
        "ResNet-34 encoder from scratch",
        "26m06",
        (0.011058, 0.075097, 0.2236),
        _RESNET34_REMARK,
        encoder=_RESNET34_ENCODER,
    ),
    _training_strategy(
        "feature-loss",
        "Baseline with feature loss",
        "28m34",
        (0.004301, 0.046206, 0.6209),
        "The baseline's layers, trained with MSE plus feature differences and gram terms "
        "of a VGG16 network.",
    ),
    _training_strategy(
        "resnet34-pretrained-mnist",
        "ResNet-34 encoder, pretrained, on MNIST",
        "25m12",
        (0.003003, 0.018001, 0.9804),
        _PRETRAINED_REMARK,
        encoder=_RESNET34_ENCODER,
    ),
    _training_strategy(
        "resnet34-mnist",
        "ResNet-34 encoder from scratch on MNIST",
        "25m30",
        (0.003589, 0.018034, 0.9654),
        _RESNET34_REMARK,
        encoder=_RESNET34_ENCODER,
    ),
    _training_strategy(
        "feature-loss-mnist",
        "Baseline with feature loss on MNIST",
        "26m52",
        (None, None, 0.9886),
        "The source's table gives the figures of its CIFAR-10 ResNet for this row's errors: "
        "probably pasted, so they are left out here.",
    ),
    Preset(
        "lesson-dense",
        "Lesson: dense 128-64-10",
        "C",
        "28x28x1 flatten dense128 dense64 dense10 | dense64 dense128 dense784:sigmoid "
        "reshape28x28x1",
        "fashion_mnist",
        epochs=10,
        remark="Send ten numbers instead of the image: that is compression.",
    ),
    Preset(
        "lesson-cnn",
        "Lesson: small convolutional network",
        "C",
        "28x28x1 conv8 pool conv4 pool conv1 | up conv12 up conv1:sigmoid",
        "fashion_mnist",
        epochs=10,
        remark="638 parameters, a latent of 49 numbers.",
    ),
    Preset(
        "lesson-denoise-dense",
        "Lesson: dense denoiser",
        "C",
        "28x28x1 flatten dense32 | dense784:sigmoid reshape28x28x1",
        "fashion_mnist",
        epochs=10,
        sigma=0.5,
    ),
    Preset(
        "lesson-denoise-cnn",
        "Lesson: convolutional denoiser",
        "C",
        "28x28x1 conv32 pool conv16 | up conv1:sigmoid",
        "fashion_mnist",
        epochs=10,
        sigma=0.5,
    ),
    Preset(
        "ae2-mnist",
        "Two numbers for a digit",
        "",
        _TWO_NUMBERS.format("dense2:linear"),
        "mnist",
        epochs=12,
        batch_size=128,
        loss="bce",
        remark="A latent that can be drawn as a map; after the two-number autoencoder of Hinton & "
        "Salakhutdinov, Science 2006.",
    ),
    Preset(
        "vae2-mnist",
        "Two numbers for a digit, variational",
        "",
        _TWO_NUMBERS.format("normal2"),
        "mnist",
        epochs=12,
        batch_size=128,
        loss="bce",
        beta=1.0,
        remark="ae2-mnist as a variational autoencoder (Kingma & Welling, ICLR 2014): two numbers "
        "drawn at random give a digit.",
    ),
)
PRESETS: dict[str, Preset] = {preset.id: preset for preset in _PRESETS}


def get_preset(preset_id: str) -> Preset:
    """A preset by its id.

    Raises:
        ArchitectureError: For an unknown id, with the nearest known one.

    Example:
        >>> get_preset("strided-bn").architecture.input_shape
        (32, 32, 3)
    """
    if preset_id not in PRESETS:
        close = difflib.get_close_matches(preset_id, PRESETS, n=1, cutoff=0)
        raise ArchitectureError(
            f"A preset is one of {', '.join(PRESETS)}. Received: {preset_id!r}. "
            f"Did you mean {close[0]!r}?"
        )
    return PRESETS[preset_id]
