"""Plans: the settings of every order, networks that fit, and those that do not."""

import dataclasses
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cae_core.architecture.layers import Conv, Deconv
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.errors import CAEError
from cae_core.records import parse_json
from cae_core.studies import plan as plans
from cae_core.studies.plan import FAMILY, ORDERS, Plan, family_network, parse_values

COLOUR, GREY = (32, 32, 3), (28, 28, 1)
FACTOR_VALUES = {
    "depth": (1, 2, 3),
    "channels": (2, 4, 8),
    "kernel": (3, 5),
    "reduce": ("pool", "stride"),
    "padding": ("same", "valid"),
    "latent": (64, 256, 1024),
    "learning_rate": (0.001, 0.004),
    "loss": ("mse", "mae"),
}


@st.composite
def drawn_plans(draw):
    names = draw(st.lists(st.sampled_from(sorted(FACTOR_VALUES)), unique=True, max_size=4))
    order = draw(st.sampled_from(sorted(ORDERS)))
    factors = {
        name: draw(st.lists(st.sampled_from(FACTOR_VALUES[name]), min_size=1, unique=True))
        for name in names
    }
    if order == "listed":
        factors = {name: values[:1] + values[1:2] for name, values in factors.items()}
    factors["seed"] = draw(st.lists(st.integers(0, 99), min_size=1, max_size=3, unique=True))
    values = {name: tuple(each) for name, each in factors.items()}
    return Plan(values, order, draws=draw(st.integers(1, 9)))


@given(drawn_plans())
def test_every_order_gives_settings_of_the_grid_each_once_and_as_many_as_it_counts(plan):
    settings = plan.settings()
    keys = [tuple(setting.items()) for setting in settings]
    grid = {
        tuple(zip(plan.varied, values, strict=True))
        for values in itertools.product(*plan.varied.values())
    }
    assert len(set(keys)) == len(keys)
    assert set(keys) <= grid
    assert len(keys) * len(plan.seeds) == plan.count
    first = {name: values[0] for name, values in plan.varied.items()}
    if plan.order == "grid":
        assert set(keys) == grid
    elif plan.order == "one-at-a-time":
        assert settings[0] == first
        changes = [sum(first[name] != each[name] for name in first) for each in settings[1:]]
        assert set(changes) <= {1}
        assert {pair for key in keys for pair in key} == {
            (name, value) for name, values in plan.varied.items() for value in values
        }
    elif plan.order == "listed":
        assert settings[0] == first
    else:
        assert plan.settings() == settings  # the same draws every time
        assert len(keys) == min(plan.draws, len(grid))


@given(drawn_plans())
def test_every_setting_is_trained_with_every_seed_or_named_with_a_reason(plan):
    trainings, misfits = plan.trials(COLOUR)
    assert len(trainings) + len(misfits) * len(plan.seeds) == plan.count
    trained = [(tuple(setting.items()), trial.seed) for setting, trial in trainings]
    assert len(set(trained)) == len(trained)
    for setting, trial in trainings:
        network = Architecture.parse(trial.network)
        report = analyze(network)
        assert (report.problems, report.output_shape) == ((), COLOUR)
        assert report.latent_size == setting.get("latent", report.latent_size)
        assert trial.config.learning_rate == setting.get("learning_rate", 0.004)
        assert trial.config.loss == setting.get("loss", "mse")
    for setting, reason in misfits:
        assert "Received: " in reason
        assert setting in plan.settings()


@given(
    st.fixed_dictionaries(
        {
            "depth": st.integers(1, 4),
            "channels": st.sampled_from([2, 16]),
            "kernel": st.integers(1, 6),
            "reduce": st.sampled_from(sorted(FAMILY["reduce"].choices)),
            "padding": st.sampled_from(["same", "valid"]),
        }
    )
)
def test_a_network_of_the_family_has_what_its_setting_says(setting):
    try:
        network = family_network(setting, COLOUR)
    except CAEError as error:
        # Only where a map is too small for a window without padding.
        assert setting["padding"] == "valid"
        assert "needs at least" in str(error) or "kernel of 2 or more" in str(error)
        return
    report = analyze(network)
    assert (report.problems, report.output_shape) == ((), COLOUR)
    assert network.layers[0].channels == setting["channels"]
    convolutions = [each for each in network.encoder if isinstance(each, Conv)]
    assert len(convolutions) == setting["depth"] + 1
    assert {(each.kernel, each.padding) for each in convolutions} == {
        (setting["kernel"], setting["padding"])
    }
    strides = sum(each.stride == 2 for each in convolutions)
    assert strides == (setting["depth"] if setting["reduce"] == "stride" else 0)
    # Valid convolutions are undone by transposed ones, and nothing else is added.
    if setting["padding"] == "valid":
        assert sum(isinstance(each, Deconv) for each in network.decoder) == len(convolutions)


@pytest.mark.parametrize("reduce", ["pool", "stride"])
def test_the_family_has_networks_for_grey_digits_too(reduce):
    for depth in (2, 3):
        network = family_network({"depth": depth, "reduce": reduce}, GREY)
        report = analyze(network)
        assert (report.problems, report.output_shape) == ((), GREY)


def test_whole_networks_vary_as_anything_else_and_those_of_other_images_are_left_out():
    networks = ("conv4 pool | up conv3:sigmoid", "28x28x1 conv4 pool | up conv1:sigmoid")
    plan = Plan({"network": networks, "learning_rate": (0.001, 0.002)})
    trainings, misfits = plan.trials(COLOUR)
    assert [(trial.network, trial.learning_rate) for _, trial in trainings] == [
        (networks[0], 0.001),
        (networks[0], 0.002),
    ]
    assert [setting["network"] for setting, _ in misfits] == [networks[1]] * 2


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("seed", "1..3", (1, 2, 3)),
        ("channels", " 4 ,8,8, 16", (4, 8, 16)),
        ("latent", "64..1024:3,7", (64, 256, 1024, 7)),
        ("learning_rate", "0.001..0.1:3", (0.001, 0.01, 0.1)),
        ("learning_rate", "1e-3, .5", (0.001, 0.5)),
        ("reduce", "pool,stride", ("pool", "stride")),
    ],
)
def test_values_are_written_as_lists_and_ranges(name, text, values):
    assert parse_values(name, text) == values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed", ""),
        ("seed", "-1"),
        ("seed", "1.5"),
        ("seed", "0..5:3"),
        ("seed", "1..2..3"),
        ("channels", "4..9999999"),
        ("channels", "4..9999"),
        ("kernel", "0..3"),
        ("learning_rate", "0.1..0.2"),
        ("learning_rate", "nan"),
        ("learning_rate", "2"),
        ("loss", "mse,l2"),
        ("padding", "full"),
        ("colour", "1"),
    ],
)
def test_what_a_factor_cannot_be_is_said(name, text):
    with pytest.raises(CAEError, match="Received: "):
        parse_values(name, text)


@pytest.mark.parametrize(
    "settings",
    [
        {"factors": {"kernel": (0,)}},
        {"factors": {"kernel": ("3",)}},
        {"factors": {"network": ("conv4 conv3",)}},
        {"factors": {"network": ("conv4 | conv3",), "depth": (1, 2)}},
        {"factors": {"seed": tuple(range(plans.MOST_TRIALS + 1))}},
        {"factors": {"kernel": (3, 5), "depth": (1, 2, 3)}, "order": "listed"},
        {"factors": {}, "order": "best"},
        {"factors": {}, "epochs": 0},
        {"factors": {}, "draws": 0},
        {"factors": {}, "images": -1},
    ],
)
def test_a_plan_that_cannot_be_is_refused_when_it_is_made(settings):
    with pytest.raises(CAEError, match="Received: "):
        Plan(**settings)


def test_a_plan_is_the_same_after_it_was_written_as_json():

    plan = Plan({"learning_rate": (0.001, 1.0), "loss": ("mse",), "seed": (1, 2)}, epochs=2)
    assert parse_json(Plan, json.dumps(dataclasses.asdict(plan))) == plan
