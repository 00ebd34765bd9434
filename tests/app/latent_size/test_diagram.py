"""The network as blocks."""

import re

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_ui.latent_size.diagram import LATENT_COLOR, PROBLEM_COLOR, network_diagram


def diagram(text):
    return network_diagram(analyze(Architecture.parse(text)))


def test_every_tensor_is_a_block_and_the_latent_has_its_colour():
    drawn = diagram("conv8 pool | up conv3:sigmoid")
    blocks = re.findall(r'class="block" style="height:([\d.]+)%;width:([\d.]+)%', drawn)
    assert [height for height, _ in blocks] == ["100.00", "100.00", "50.00", "100.00", "100.00"]
    assert drawn.count(LATENT_COLOR) == 1
    assert "<b>pool</b>" in drawn
    assert "16²×8" in drawn


def test_a_layer_that_cannot_work_has_the_colour_of_a_problem():
    drawn = diagram("conv8 pool8 pool8 | up conv3:sigmoid")
    assert drawn.count(PROBLEM_COLOR) == 1
