"""The variational autoencoder's task."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from cae_core.training.config import LOSS_TITLES
from cae_core.training.tasks.base import Task, TaskScript, register_task, setting


@register_task
@dataclass(frozen=True)
class Variational(Task):
    """The image as input and as target, the latent kept near N(0, I): new images can be drawn.

    The encoder ends in a layer ``normal``. What is minimised is the loss plus `beta` times the
    Kullback-Leibler divergence of the latent's distribution from N(0, I): in nats, summed over
    the latent and divided by the numbers of the image, because the loss is a mean over these. So
    with the loss ``bce`` a beta of 1 gives the negative evidence lower bound, per number of the
    image; with ``mse`` it does so for pixels with a variance of beta / 2 around the output. In
    training the latent is drawn from its distribution, in validation and test it is the mean.

    Args:
        beta: Weight of the divergence. Larger ones make the latent more like N(0, I) and the
            images blurrier. About 0.1 suits ``mse`` and ``ssim``, about 1 ``bce``.

    Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014; beta from Higgins et
    al., "beta-VAE", ICLR 2017.

    Example:
        >>> print(Variational(beta=4.0))
        variational beta 4
    """

    name: ClassVar[str] = "variational"
    title: ClassVar[str] = "Variational"
    summary: ClassVar[str] = "the image in and out, through a latent that can be drawn at random"
    is_variational: ClassVar[bool] = True
    beta: float = setting(
        0.1,
        title="Beta",
        low=0.01,
        high=10.0,
        step=0.01,
        help="The loss is the reconstruction's plus beta times the KL divergence of the latent's "
        "distribution from N(0, I): in nats, over the whole latent, divided by the numbers of the "
        "image. A small beta gives sharper reconstructions, a large one better random images; "
        "about 0.1 suits mean squared error, 1 binary cross-entropy",
    )

    def prepare(self, network: Any) -> None:
        """Gives the divergence its weight."""
        weigh_divergence(network, self.beta)

    def loss_title(self, loss: str) -> str:
        """Both parts."""
        return f"{LOSS_TITLES[loss]} + {self.beta:g} × KL per number"

    def script(self) -> TaskScript:
        """`weigh_divergence`."""
        return TaskScript(
            constants=f"BETA = {self.beta}  # weight of the latent's divergence from N(0, I)",
            prepare="weigh_divergence(autoencoder, BETA)",
        )


def weigh_divergence(network: Any, beta: float) -> None:
    """Adds the divergence of a network's latent to its loss, with a weight.

    Args:
        network: A Keras model with a layer that has a `divergence_weight`.
        beta: Weight of the divergence over the numbers of the output.
    """
    for layer in network.layers:
        if hasattr(layer, "divergence_weight"):
            layer.divergence_weight = beta / math.prod(network.output_shape[1:])
