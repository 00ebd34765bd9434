"""The recipes of the zoo: a network's name and how it is trained.

``python -m cae_core make NAME`` trains one. The photo networks, which are trained by the clock,
have a ``recipe.py`` in their own folders; the codecs are in `rate_training`. Importing this module
does not import Keras.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from cae_core.architecture.editing import replace_layer, with_latent
from cae_core.architecture.layers import Dense
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from cae_core.data.registry import DATASETS
from cae_core.recipes.below_pca import BelowPca
from cae_core.recipes.imagenet import (
    EFFICIENTNET,
    EFFICIENTNET_FEATURES,
    EFFICIENTNET_LAYERS,
    EFFICIENTNET_TEXT,
    EFFICIENTNET_WEIGHTS,
    FEATURE_LAYERS,
    VGG16,
    VGG16_LAYERS,
    VGG16_TEXT,
)
from cae_core.recipes.recipe import JudgeRecipe, Recipe, source_recipe
from cae_core.recipes.strategies import (
    FeatureLossTraining,
    ProgressiveResizing,
    StartAtPca,
    TransferLearning,
)
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import ColorizeChroma, ColorizeRGB, Denoise, Reconstruct, Variational
from cae_core.zoo.cards import HALF, NOT_KEPT

_JUDGE_BODY = (
    "conv24k2:valid:linear relu conv64:linear pool bn relu conv64:linear bn relu conv128:linear "
    "pool bn relu conv128:linear bn relu conv256:linear pool bn relu conv256:linear bn relu"
)
_JUDGE_BODY_MNIST = (
    "28x28x1 conv32:linear pool bn relu conv64:linear bn relu conv64:linear pool bn relu "
    "conv128:linear bn relu conv128:linear pool bn relu"
)
# The baseline's decoders.
_DECODER = "dense1536 reshape8x8x24 up conv12:linear bn relu up conv3:sigmoid"
_DECODER_MNIST = "dense1176 reshape7x7x24 up conv12:linear bn relu up conv1:sigmoid"
_TRANSFER = Architecture.parse(f"{_JUDGE_BODY} flatten dense1000:linear | {_DECODER}")
_TRANSFER_MNIST = Architecture.parse(
    f"{_JUDGE_BODY_MNIST} flatten dense1000:linear | {_DECODER_MNIST}"
)

# Section B trains every network with a one-cycle schedule and a rate from a range test.
_SECTION_B: dict[str, Any] = {
    "config": {"schedule": "one_cycle"},
    "finds_rate": True,
    "kept": HALF,
}
# 0.1, which a range test up to 1 suggests, was no better: 0.00198 with progressive resizing.
_SECTION_B_MNIST = _SECTION_B | {"highest_rate": 0.1, "kept": NOT_KEPT}

# Our own presets.
_TWO_NUMBERS: dict[str, Any] = {
    "config": {"schedule": "cosine", "learning_rate": 2e-3},
    "kept": HALF,
}

_SKIP = Architecture.parse(
    "conv16:linear bn relu @a conv32s2:linear bn relu conv28:linear bn relu | "
    "conv28:linear bn relu up cat@a conv16:linear bn relu conv3k1:sigmoid"
)


def _residuals(mark: str, channels: int, count: int) -> list[str]:
    """Residual blocks without normalisation."""
    return [
        f"@{mark}{i} conv{channels}:silu conv{channels}:linear add@{mark}{i}" for i in range(count)
    ]


def _image_filter(mark: str, channels: int, blocks: tuple[int, int, int]) -> str:
    """A residual network from image to image, at half of its size and, in between, a quarter.

    `blocks` are the residual blocks before the quarter, there and after it.
    """
    before, low, after = blocks
    tokens = [f"@{mark} unshuffle conv{channels}:silu", *_residuals(f"{mark}a", channels, before)]
    if low:
        tokens += [
            f"@{mark}m conv128s2:silu",
            *_residuals(f"{mark}l", 128, low),
            f"conv{4 * channels}k1:linear shuffle add@{mark}m",
        ]
    tokens += [*_residuals(f"{mark}b", channels, after), f"conv12:linear shuffle add@{mark}"]
    return " ".join(tokens)


def _below_pca(
    units: int,
    even: int,
    encoder: tuple[int, int, int],
    decoder: tuple[int, int, int],
    *,
    pca: float,
    linear_rate: float,
    epochs: int,
    channels: int = 96,
    is_tied: bool = False,
    notes: str = "",
) -> Recipe:
    """An autoencoder that starts at PCA; `pca` is the test error of that start."""
    text = (
        f"{_image_filter('x', channels, encoder)} pca{units}m{even} | "
        f"unpca{':tied' if is_tied else ''} {_image_filter('r', channels, decoder)}"
    )
    return Recipe(
        title=f"Below PCA, {units:,} numbers",
        summary=(
            f"Less error than PCA with as many numbers, which has {pca}: principal components, "
            "trained further, between two residual networks from image to image."
        ),
        source="Our own; the bound is that of Baldi & Hornik, Neural Networks 1989",
        architecture=Architecture.parse(text),
        task=Reconstruct(),
        config=TrainConfig(epochs=epochs, batch_size=256, learning_rate=1e-3),
        tests={"reconstruction": Reconstruct()},
        notes=(
            "The kept network was trained on the first 45,000 training images, on one NVIDIA H200 "
            f"that two other trainings shared. {notes}"
        ).strip(),
        strategy=BelowPca(linear_rate),
        kept=HALF,
    )


def _small_filter(mark: str, channels: int, count: int) -> str:
    """A residual network from a grey image to another at a quarter of its size."""
    blocks = " ".join(_residuals(mark, channels, count))
    return f"@{mark} unshuffle4 conv{channels}:silu {blocks} conv16:linear shuffle4 add@{mark}"


def _below_pca_small(units: int, dataset: str, *, pca: float) -> Recipe:
    """An autoencoder of 28x28 grey images that starts at PCA; `pca` is that start's test error."""
    # 275,066, 284,496 and 280,496 weights: the larger the latent, the less is left for the filters.
    channels, tied = {10: (64, ""), 32: (64, ":tied"), 64: (60, ":tied")}[units]
    text = (
        f"28x28x1 {_small_filter('x', channels, 1)} pca{units} | "
        f"unpca{tied} {_small_filter('r', channels, 2)}"
    )
    return Recipe(
        title=f"Below PCA on {DATASETS[dataset].title}, {units} numbers",
        summary=(
            f"Less error than PCA with as many numbers, which has {pca}, in fewer than 300,000 "
            "weights: principal components, trained further, between two small residual networks "
            "from image to image."
        ),
        source="Our own; the bound is that of Baldi & Hornik, Neural Networks 1989",
        architecture=Architecture.parse(text),
        task=Reconstruct(),
        config=TrainConfig(epochs=12, batch_size=128, learning_rate=1e-3),
        tests={"reconstruction": Reconstruct()},
        dataset=dataset,
        strategy=StartAtPca(),
        kept=HALF,
    )


def _skip_denoiser(sigma: float, epochs: int) -> Recipe:
    """A denoiser of the source's size with a skip connection."""
    return Recipe(
        title=f"Skip denoiser, sigma {sigma}",
        summary=(
            f"Fewer parameters than the source's denoiser at sigma {sigma} and as many epochs, but "
            "two scales and a skip connection around the smaller one, so that nothing is a "
            "bottleneck."
        ),
        source="Ronneberger et al., U-Net, MICCAI 2015",
        architecture=_SKIP,
        task=Denoise(sigma=sigma),
        config=TrainConfig(epochs=epochs, batch_size=32, learning_rate=3e-3),
        tests={
            f"sigma {sigma}, not clipped": Denoise(sigma=sigma),
            "clean-through": Reconstruct(),
        },
        notes=(
            "Adding the input to the output, as DnCNN does, was tried on 15,000 images and three "
            "epochs at sigma 0.3: 20.9 dB, where this network had 22.4 and the source's 21.0. So "
            "much noise costs more to reproduce than the image."
        ),
    )


_RECIPES: dict[str, Recipe] = {
    # Section A: rtflynn/Cifar-Autoencoder
    "dense-mnist": source_recipe(
        "dense-mnist",
        summary="Fully connected layers are enough for digits.",
        difference=(
            "The source shows images and no figures. Good digits indeed: the judge recognises "
            "nearly all of them."
        ),
    ),
    "dense-1": source_recipe(
        "dense-1",
        summary="One hidden layer of 1,024 units between image and image.",
        difference=(
            "The source shows images and no figures. Blurry indeed: PCA has less error with 128 "
            "numbers."
        ),
        kept=HALF,
    ),
    "dense-3": source_recipe(
        "dense-3",
        summary="Three hidden layers of 3,072, 2,048 and 1,024 units: more of what does not help.",
        difference=(
            "The source shows images and no figures. Worse than one hidden layer here too, with "
            "the same latent; its author allows that it may only need more training."
        ),
        kept=NOT_KEPT,
    ),
    "conv-dense": source_recipe(
        "conv-dense",
        summary="Convolutions on both sides of two dense layers of 2,048 units.",
        difference=(
            "The source shows images and no figures. Poor indeed: hardly less error than one dense "
            "layer alone, and more than PCA with 128 numbers."
        ),
        kept=NOT_KEPT,
    ),
    "conv-dense-bn": source_recipe(
        "conv-dense-bn",
        summary=(
            "An attempt to save the network with dense layers in its middle by batch normalisation."
        ),
        difference=(
            "The source shows images of one failure among several attempts and does not say where "
            "it put the normalisation. It did not fail here: slightly less error than without."
        ),
        kept=NOT_KEPT,
    ),
    "shallow-pool": source_recipe(
        "shallow-pool",
        summary="Four convolutions and a single max pooling: the dense layers are gone.",
        difference=(
            "The source shows images and no figures. A gain indeed, with a latent larger than the "
            "image: PCA needs fewer than 600 numbers for the same error."
        ),
    ),
    "shallow-strided": source_recipe(
        "shallow-strided",
        summary="The shallow network with a strided convolution in place of its pooling.",
        difference=(
            "The source shows images and no figures. Better again indeed: half the error of the "
            "network with pooling."
        ),
    ),
    "strided-bn": source_recipe(
        "strided-bn",
        summary=(
            "A strided convolution and batch normalisation; its latent has more numbers than the "
            "image."
        ),
        difference=(
            "The source shows images and no figures. Hard to tell apart indeed; but "
            "shallow-strided, trained with batches of 32 in place of 100, has half its error."
        ),
    ),
    "denoise-0.3": source_recipe(
        "denoise-0.3",
        title="Source denoiser, sigma 0.3",
        summary=(
            "Strided convolution and batch normalisation, 29,123 parameters, trained on noise of "
            "sigma 0.3. Fed a clean image, it smears it."
        ),
        difference=(
            "The source shows images and no figures. Usable to the eye, but the judge recognises "
            "fewer than half of the outputs."
        ),
    ),
    "denoise-1.0": source_recipe(
        "denoise-1.0",
        title="Source denoiser, sigma 1.0",
        summary=(
            "Strided convolution and batch normalisation, 29,123 parameters, trained on noise of "
            "sigma 1.0."
        ),
        difference=(
            "The source shows images and no figures. Smeared indeed: the judge recognises fewer "
            "than one in five."
        ),
    ),
    # Section B: henriwoodcock/Applying-Modern-Best-Practices-to-Autoencoders
    "baseline": source_recipe(
        "baseline",
        summary=(
            "Two convolutions, two poolings and a latent of 1,000 numbers; the other "
            "networks of its source are measured against it."
        ),
        difference=(
            "Less error than published, with the same layers: the learning rate is our own range "
            "test's. The judge recognises fewer because it is another one: trained to 92 % on "
            "sharp images, the source's to 82 %."
        ),
        **_SECTION_B,
    ),
    "baseline-mnist": source_recipe(
        "baseline-mnist",
        summary=(
            "Two convolutions, two poolings and a latent of 1,000 numbers; the other "
            "networks of its source are measured against it."
        ),
        difference=(
            "More error than published, at the learning rate that our own range test suggests; the "
            "source does not give its. The judge recognises more all the same."
        ),
        **_SECTION_B_MNIST,
    ),
    "pixel-shuffle": source_recipe(
        "pixel-shuffle",
        summary="The baseline with a decoder of sub-pixel convolutions (ICNR start) and blur.",
        difference=(
            "Less error than published, and more than the baseline's, as in the source. The judge "
            "prefers the baseline here; it is another judge, trained to 92 % on sharp images, the "
            "source's to 82 %."
        ),
        **_SECTION_B,
    ),
    "pixel-shuffle-mnist": source_recipe(
        "pixel-shuffle-mnist",
        summary="The baseline with a decoder of sub-pixel convolutions (ICNR start) and blur.",
        difference=(
            "More error than published, at the learning rate that our own range test suggests; the "
            "source does not give its. As there, the judge recognises nearly all."
        ),
        **_SECTION_B_MNIST,
    ),
    "progressive": source_recipe(
        "progressive",
        summary="The baseline, trained on coarse images first.",
        difference=(
            "Less error than published, but more than the baseline's, where the source's had less: "
            "five epochs on coarse images are missed at full size. The judge recognises fewer "
            "because it is another one: trained to 92 % on sharp images, the source's to 82 %."
        ),
        strategy=ProgressiveResizing(factor=2, epochs=5),
        **_SECTION_B,
    ),
    "progressive-mnist": source_recipe(
        "progressive-mnist",
        summary="The baseline, trained on coarse images first.",
        difference=(
            "More error than published, at the learning rate that our own range test suggests; the "
            "source does not give its. The judge recognises more all the same."
        ),
        strategy=ProgressiveResizing(factor=2, epochs=5),
        **_SECTION_B_MNIST,
    ),
    "transfer": source_recipe(
        "resnet34-pretrained",
        title="Transferred encoder",
        summary=(
            "The judge's convolutions as encoder, frozen for ten epochs; ImageNet's, which the "
            "source took, have to be fetched (--imagenet)."
        ),
        difference=(
            "The judge's convolutions stand in for a ResNet-34 trained on ImageNet. The outcome is "
            "the source's: features made for telling classes apart keep little detail, and the "
            "error is more than three times the baseline's."
        ),
        architecture=_TRANSFER,
        strategy=TransferLearning("judge-cifar10", layers=23),
        **_SECTION_B,
    ),
    "transfer-mnist": source_recipe(
        "resnet34-pretrained-mnist",
        title="Transferred encoder on MNIST",
        summary=(
            "The judge's convolutions as encoder, frozen for ten epochs; ImageNet's, which the "
            "source took, have to be fetched."
        ),
        difference=(
            "The judge's convolutions stand in for a ResNet-34 trained on ImageNet. As in the "
            "source, more error than the baseline's: features made for telling digits apart keep "
            "less detail."
        ),
        architecture=_TRANSFER_MNIST,
        strategy=TransferLearning("judge-mnist", layers=18),
        **_SECTION_B_MNIST,
    ),
    "transfer-scratch": source_recipe(
        "resnet34",
        title="The same encoder from scratch",
        summary="The encoder of the transfer row with random weights in place of the judge's.",
        difference=(
            "The judge's layers, from random weights, stand in for ResNet-34's. Less error than "
            "published: they reduce images to 3x3, where ResNet-34 leaves one place. As in the "
            "source, a start from a classifier is no help, and the baseline has less error."
        ),
        architecture=_TRANSFER,
        **_SECTION_B,
    ),
    "transfer-scratch-mnist": source_recipe(
        "resnet34-mnist",
        title="The same encoder from scratch on MNIST",
        summary="The encoder of the transfer row with random weights in place of the judge's.",
        difference=(
            "The judge's layers, from random weights, stand in for ResNet-34's. Less error than "
            "published and than our baseline: they reduce digits to 3x3, where ResNet-34 leaves "
            "one place."
        ),
        architecture=_TRANSFER_MNIST,
        **_SECTION_B_MNIST,
    ),
    "feature-loss": source_recipe(
        "feature-loss",
        summary=(
            "The baseline, trained to look right to the judge: features at three depths and gram "
            "terms, in place of VGG-16's (--imagenet)."
        ),
        difference=(
            "As in the source, far more images are recognised than the baseline's; but here the "
            "judge is also the loss's feature extractor, so that its accuracy is no independent "
            "measure. Pixels count for little in this loss: more error than the baseline, where "
            "the source's VGG-16 left it alone."
        ),
        strategy=FeatureLossTraining(
            "judge-cifar10", ("layer_9_relu", "layer_16_relu", "layer_23_relu")
        ),
        **_SECTION_B,
    ),
    "feature-loss-mnist": source_recipe(
        "feature-loss-mnist",
        summary=(
            "The baseline, trained to look right to the judge: features at three depths and gram "
            "terms, in place of VGG-16's."
        ),
        difference=(
            "The source's errors for this row are its CIFAR-10 ResNet's, probably pasted, and left "
            "out. The judge recognises more than the source's did, but here it is also the loss's "
            "feature extractor: its accuracy is no independent measure."
        ),
        strategy=FeatureLossTraining(
            "judge-mnist", ("layer_4_relu", "layer_11_relu", "layer_18_relu")
        ),
        **_SECTION_B_MNIST,
    ),
    # The rows of section B that need ImageNet, so that the judge is not what trained them.
    "transfer-efficientnet": source_recipe(
        "resnet34-pretrained",
        title="Encoder transferred from ImageNet",
        summary=(
            "EfficientNet-Lite0, trained on ImageNet, as encoder, frozen for ten epochs; images "
            "are enlarged twofold for it."
        ),
        difference=(
            "EfficientNet-Lite0 stands in for ResNet-34; both were trained on ImageNet. The "
            "outcome is the source's: more than three times the baseline's error, and fewer images "
            "recognised. The judge had no part in the training; with its own layers as encoder the "
            "error is as large."
        ),
        architecture=Architecture.parse(
            f"{EFFICIENTNET_TEXT} flatten dense1000:linear | {_DECODER}"
        ),
        strategy=TransferLearning(EFFICIENTNET, layers=EFFICIENTNET_LAYERS),
        **_SECTION_B | {"kept": NOT_KEPT},
    ),
    "transfer-efficientnet-mnist": source_recipe(
        "resnet34-pretrained-mnist",
        title="Encoder transferred from ImageNet on MNIST",
        summary=(
            "EfficientNet-Lite0, trained on ImageNet, as encoder, frozen for ten epochs; digits "
            "are enlarged twofold for it."
        ),
        difference=(
            "EfficientNet-Lite0 stands in for ResNet-34; both were trained on ImageNet. More error "
            "than published, and still falling in the last epoch. As in the source, nearly all are "
            "recognised, by a judge that had no part in the training."
        ),
        architecture=Architecture.parse(
            f"28x28x1 {EFFICIENTNET_TEXT} flatten dense1000:linear | {_DECODER_MNIST}"
        ),
        strategy=TransferLearning(EFFICIENTNET, layers=EFFICIENTNET_LAYERS),
        **_SECTION_B_MNIST,
    ),
    "feature-loss-efficientnet": source_recipe(
        "feature-loss",
        title="Baseline with ImageNet's feature loss",
        summary=(
            "The baseline, trained to look right to EfficientNet-Lite0, a classifier of ImageNet: "
            "features at three depths and gram terms."
        ),
        difference=(
            "EfficientNet-Lite0's features stand in for VGG-16's; both were trained on ImageNet. "
            "The judge had no part in the training, and recognises more images than the "
            "baseline's. Pixels count for little in this loss: their error is several times the "
            "baseline's, where the source's VGG-16 left it alone."
        ),
        strategy=FeatureLossTraining(EFFICIENTNET, EFFICIENTNET_FEATURES, EFFICIENTNET_WEIGHTS),
        **_SECTION_B | {"kept": NOT_KEPT},
    ),
    "feature-loss-efficientnet-mnist": source_recipe(
        "feature-loss-mnist",
        title="Baseline with ImageNet's feature loss on MNIST",
        summary=(
            "The baseline, trained to look right to EfficientNet-Lite0, a classifier of ImageNet: "
            "features at three depths and gram terms."
        ),
        difference=(
            "EfficientNet-Lite0's features stand in for VGG-16's; both were trained on ImageNet. "
            "The judge had no part in the training; it recognises nearly all digits, with this "
            "loss or without. The source's errors for this row are its CIFAR-10 ResNet's, probably "
            "pasted, and left out."
        ),
        strategy=FeatureLossTraining(EFFICIENTNET, EFFICIENTNET_FEATURES, EFFICIENTNET_WEIGHTS),
        **_SECTION_B_MNIST,
    ),
    # Section C: lukas/ml-class
    "lesson-dense": source_recipe(
        "lesson-dense",
        summary="Ten numbers sent in place of an image of clothing: that is compression.",
    ),
    "lesson-cnn": source_recipe("lesson-cnn", summary="638 parameters and a latent of 49 numbers."),
    "lesson-denoise-dense": source_recipe(
        "lesson-denoise-dense",
        summary="A latent of 32 numbers has no room for noise, nor for much else.",
    ),
    "lesson-denoise-cnn": source_recipe(
        "lesson-denoise-cnn",
        summary=(
            "A small convolutional network that takes noise of sigma 0.5 out of images of clothing."
        ),
    ),
    # Section D: the ACML homework
    "homework": source_recipe(
        "homework", summary="The nine layers of the homework, trained as it asks."
    ),
    "homework-long": source_recipe(
        "homework",
        title="Homework network, trained until it stops improving",
        summary="What the nine layers of the homework can do at best.",
        config={"epochs": 100, "patience": 3},
    ),
    # Our own
    "ae2-mnist": source_recipe(
        "ae2-mnist",
        summary=(
            "A digit as two numbers: a latent that can be drawn as a map. Between the digits lie "
            "places that mean nothing."
        ),
        source="Hinton & Salakhutdinov, Science 2006",
        **_TWO_NUMBERS,
    ),
    "vae2-mnist": source_recipe(
        "vae2-mnist",
        summary=(
            "A digit as two numbers that are kept near N(0, I): a variational autoencoder, so that "
            "two numbers drawn at random give a digit."
        ),
        source="Kingma & Welling, Auto-Encoding Variational Bayes, ICLR 2014",
        **_TWO_NUMBERS,
    ),
    "vae16-fashion": Recipe(
        title="Sixteen numbers for clothing, variational",
        summary=(
            "A variational autoencoder: sixteen numbers drawn at random give an image of clothing "
            "that nobody has photographed."
        ),
        source="Kingma & Welling, Auto-Encoding Variational Bayes, ICLR 2014",
        architecture=with_latent(
            replace_layer(get_preset("ae2-mnist").architecture, 4, Dense(16, "linear")),
            normal=True,
        ),
        task=Variational(beta=1.0),
        config=TrainConfig(epochs=15, batch_size=128, learning_rate=2e-3, loss="bce"),
        tests={"reconstruction": Variational(beta=1.0)},
        dataset="fashion_mnist",
        kept=HALF,
    ),
    "homework-denoise": Recipe(
        title="Bottleneck denoiser",
        summary=(
            "The homework network of 1,024 latent numbers for 3,072 of an image, trained to "
            "denoise at every sigma from 0 to 100/255. Its bottleneck loses detail that the noise "
            "left intact."
        ),
        source="ACML homework, exercise 1, with the task of exercise 2's denoisers",
        architecture=get_preset("homework").architecture,
        task=Denoise(sigma=(0.0, 100 / 255)),
        config=TrainConfig(epochs=10, batch_size=128),
        tests={
            **{
                f"sigma {sigma} of 255, not clipped": Denoise(sigma=sigma / 255)
                for sigma in (15, 25, 50)
            },
            "clean-through": Reconstruct(),
        },
    ),
    "skip-0.3": _skip_denoiser(0.3, epochs=3),
    "skip-1.0": _skip_denoiser(1.0, epochs=9),
    "colorize-rgb": Recipe(
        title="Colorizer, grey to RGB",
        summary=(
            "Its output is the whole image, from the grey one through a bottleneck: the detail "
            "that was known is lost with what was not."
        ),
        source="Exercise 3 of the homework; grey to RGB",
        architecture=Architecture.parse(
            "conv32 bn conv64s2 bn conv64s2 bn conv12 bn | up conv32 bn up conv16 bn conv3:sigmoid",
            input_shape=(32, 32, 1),
        ),
        task=ColorizeRGB(),
        config=TrainConfig(epochs=10, batch_size=128, learning_rate=4e-3),
        tests={"colorized": ColorizeRGB()},
    ),
    "colorize-chroma": Recipe(
        title="Colorizer, lightness to chrominance",
        summary=(
            "The same encoder and decoder, but its output is chrominance alone, which is merged "
            "with the lightness, which is known: the detail stays. The mean of all plausible "
            "colours is brownish."
        ),
        source="Exercise 3 of the homework; the L2 loss of Zhang, Isola & Efros, ECCV 2016",
        architecture=Architecture.parse(
            "conv32 bn conv64s2 bn conv64s2 bn conv12 bn | up conv32 bn up conv16 bn conv2:tanh",
            input_shape=(32, 32, 1),
        ),
        task=ColorizeChroma(),
        config=TrainConfig(epochs=10, batch_size=128, learning_rate=4e-3),
        tests={"colorized": ColorizeChroma()},
    ),
    "pca-32": _below_pca(32, 21, (0, 1, 0), (0, 3, 1), pca=0.01236, linear_rate=1e-4, epochs=59),
    "pca-64": _below_pca(
        64,
        39,
        (0, 1, 0),
        (0, 3, 1),
        pca=0.00831,
        linear_rate=1e-4,
        epochs=54,
        notes="Before its weights were rounded: 0.006417; seeds 1 and 2: 0.006414, 0.006424.",
    ),
    "pca-128": _below_pca(128, 74, (0, 1, 0), (0, 2, 1), pca=0.00501, linear_rate=6e-5, epochs=41),
    "pca-256": _below_pca(
        256,
        140,
        (1, 0, 0),
        (1, 1, 1),
        pca=0.00257,
        linear_rate=5e-5,
        epochs=72,
        notes="Before its weights were rounded: 0.001680; seeds 1 and 2: 0.001674, 0.001676.",
    ),
    "pca-512": _below_pca(
        512,
        270,
        (1, 0, 0),
        (1, 1, 2),
        pca=0.000996,
        linear_rate=3e-5,
        epochs=66,
        is_tied=True,
    ),
    "pca-1000": _below_pca(
        1_000,
        517,
        (1, 0, 0),
        (4, 0, 0),
        pca=0.000234,
        linear_rate=1.5e-5,
        epochs=60,
        channels=64,
        is_tied=True,
    ),
    "pca-10-mnist": _below_pca_small(10, "mnist", pca=0.0329),
    "pca-32-mnist": _below_pca_small(32, "mnist", pca=0.0152),
    "pca-64-mnist": _below_pca_small(64, "mnist", pca=0.00775),
    "pca-10-fashion": _below_pca_small(10, "fashion_mnist", pca=0.0237),
    "pca-32-fashion": _below_pca_small(32, "fashion_mnist", pca=0.0145),
    "pca-64-fashion": _below_pca_small(64, "fashion_mnist", pca=0.00984),
}

_JUDGE_RECIPES: dict[str, JudgeRecipe] = {
    "judge-cifar10": JudgeRecipe(
        title="Judge of CIFAR-10",
        dataset="cifar10",
        architecture=Architecture.parse(f"{_JUDGE_BODY} pool3 flatten | dense10:linear"),
        epochs=18,
        batch_size=128,
        peak=1e-2,
        margin=2,
        is_mirrored=True,
    ),
    "judge-mnist": JudgeRecipe(
        title="Judge of MNIST",
        dataset="mnist",
        architecture=Architecture.parse(f"{_JUDGE_BODY_MNIST} pool3 flatten | dense10:linear"),
        epochs=10,
        batch_size=128,
        peak=1e-2,
        margin=2,
        is_mirrored=False,
    ),
}

_COMMAND = "python -m cae_core make"
RECIPES: dict[str, Recipe] = {
    name: dataclasses.replace(recipe, command=f"{_COMMAND} {name}")
    for name, recipe in _RECIPES.items()
}
JUDGE_RECIPES: dict[str, JudgeRecipe] = {
    name: dataclasses.replace(recipe, command=f"{_COMMAND} {name}")
    for name, recipe in _JUDGE_RECIPES.items()
}
IMAGENET_RECIPES: dict[str, Recipe] = {
    # VGG-16 in place of the source's ResNet-34, which keras.applications does not have.
    "transfer": dataclasses.replace(
        RECIPES["transfer"],
        title="Encoder transferred from ImageNet",
        summary=(
            "The convolutions of VGG-16, trained on ImageNet, as encoder; frozen for ten epochs."
        ),
        architecture=Architecture.parse(f"{VGG16_TEXT} flatten dense1000:linear | {_DECODER}"),
        strategy=TransferLearning(VGG16, layers=VGG16_LAYERS),
        command=f"{_COMMAND} transfer --imagenet --out FOLDER",
    ),
    "feature-loss": dataclasses.replace(
        RECIPES["feature-loss"],
        title="Baseline with ImageNet's feature loss",
        summary=(
            "The baseline, trained to look right to VGG-16: features at three depths, gram terms."
        ),
        strategy=FeatureLossTraining(VGG16, FEATURE_LAYERS),
        command=f"{_COMMAND} feature-loss --imagenet --out FOLDER",
    ),
}
"""The rows that ``--imagenet`` makes with ImageNet weights, which Keras downloads."""
