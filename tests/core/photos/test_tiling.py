"""Tiles: every pixel exactly once, and the same pixels as without tiles."""

import itertools
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cae_core.architecture.notation import Architecture
from cae_core.errors import CAEError, StoppedError
from cae_core.photos.apply import plan_photo
from cae_core.photos.tiling import Turns, apply_in_tiles, plan_axis, round_up

plans = st.fixed_dictionaries(
    {
        "length": st.integers(1, 300),
        "tile": st.integers(1, 64),
        "halo": st.integers(0, 40),
        "multiple": st.integers(1, 16),
    }
)


@given(plans)
def test_every_pixel_is_written_exactly_once(plan):
    written = np.zeros(plan["length"], int)
    for span in plan_axis(**plan):
        assert span.write_start < span.write_stop
        written[span.write] += 1
    assert (written == 1).all()


@given(plans)
def test_every_tile_reads_what_it_writes_and_the_halo_as_far_as_the_image_goes(plan):
    length, halo = plan["length"], plan["halo"]
    for span in plan_axis(**plan):
        assert 0 <= span.start <= max(0, span.write_start - halo)
        assert min(length, span.write_stop + halo) <= span.stop <= length


@given(plans)
def test_every_tile_begins_at_a_multiple_and_ends_at_one_or_at_the_border(plan):
    for span in plan_axis(**plan):
        assert span.start % plan["multiple"] == 0
        assert span.stop % plan["multiple"] == 0 or span.stop == plan["length"]


@given(plans)
def test_what_is_kept_of_a_tile_is_what_is_written(plan):
    positions = np.arange(plan["length"])
    for span in plan_axis(**plan):
        np.testing.assert_array_equal(positions[span.read][span.crop], positions[span.write])


@given(plans)
def test_tiles_of_a_length_that_the_multiple_divides_have_one_shape(plan):
    length = round_up(plan["length"], plan["multiple"])
    spans = plan_axis(length, plan["tile"], plan["halo"], plan["multiple"])
    assert len({span.stop - span.start for span in spans}) == 1


def test_an_axis_that_fits_into_the_window_is_one_tile():
    assert len(plan_axis(10, tile=4, halo=3)) == 1
    assert len(plan_axis(11, tile=4, halo=3)) == 2


@pytest.mark.parametrize(
    "wrong", [{"length": 0}, {"tile": 0}, {"halo": -1}, {"multiple": 0}], ids=str
)
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="Received"):
        plan_axis(**{"length": 10, "tile": 4, "halo": 1, "multiple": 1} | wrong)


def _window_mean(tile):
    """Mean of 5 x 5 pixels, zeros outside: halo 2."""
    padded = np.pad(tile, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(padded, (5, 5), (1, 2)).mean((-1, -2))


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    tile=st.integers(1, 20),
    halo=st.integers(2, 5),
    multiple=st.integers(1, 8),
)
def test_a_filter_in_tiles_equals_the_filter_on_the_whole(height, width, tile, halo, multiple):
    image = np.random.default_rng(0).random((height, width, 2), dtype=np.float32)
    tiled = apply_in_tiles(_window_mean, image, tile=tile, halo=halo, multiple=multiple)
    assert tiled.dtype == np.float32
    np.testing.assert_allclose(tiled, _window_mean(image[np.newaxis])[0], atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (21, 30), (40, 12)])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_padded_image_gives_what_the_padded_array_gives_in_old_memory_or_new(
    height, width, overwrite
):
    image = np.random.default_rng(0).random((height, width, 2), np.float32)
    padded = (round_up(height, 4), round_up(width, 4))
    whole = np.pad(
        image, ((0, padded[0] - height), (0, padded[1] - width), (0, 0)), mode="symmetric"
    )
    expected = _window_mean(whole[np.newaxis])[0, :height, :width]
    result = apply_in_tiles(
        _window_mean, image, tile=4, halo=4, multiple=4, padded=padded, overwrite=overwrite
    )
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    assert (result is image) == overwrite


def test_a_halo_that_is_too_small_shows():
    image = np.random.default_rng(0).random((20, 20, 1), dtype=np.float32)
    tiled = apply_in_tiles(_window_mean, image, tile=8, halo=1)
    assert np.abs(tiled - _window_mean(image[np.newaxis])[0]).max() > 0.01


# Networks that keep an image's size, made of parts that keep it; {} is filled with another.
_PLAIN = [
    "conv4",
    "conv3k4",
    "conv4k5:tanh",
    "bn",
    "blur",
    "conv4k5:valid pad2",
    "crop1 conv3 pad1",
    "crop3 conv3k1 conv3k5 pad3",
    "pool3s1:same",
    "res4",
    "up3 avgpool3",
    "deconv4k2s2 conv3 pool",
]
_NESTED = [
    "pool {} up",
    "pool3s2:same {} up:bilinear",
    "conv4s2 {} deconv4",
    "conv4k5s2 {} deconv3k4s2",
    "conv4k2s3 {} deconv3k5s3",
    "conv4k1s2 {} deconv3k2s2",
    "pad1 conv4s2:valid {} up",
    "unshuffle {} conv4 shuffle",
    "res4s2 {} subpixel3",
    "avgpool3 {} up3:bilinear",
]
_SKIPS = ["@? conv4 {} cat@?", "conv4 @? {} conv4 add@?"]


@st.composite
def _bodies(draw, depth=0):
    """The text of a random network that keeps its input's size; its marks are called @?."""
    parts = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["plain", "nested", "skip"] if depth < 2 else ["plain"]))
        if kind == "nested":
            parts.append(draw(st.sampled_from(_NESTED)).format(draw(_bodies(depth + 1))))
        else:
            part = draw(st.sampled_from(_PLAIN))
            parts.append(draw(st.sampled_from(_SKIPS)).format(part) if kind == "skip" else part)
    return " ".join(parts)


def _named(text):
    """The text with a name for each mark: every second question mark brings the first back."""
    count = itertools.count()
    return re.sub(r"\?", lambda _: f"a{next(count) // 2}", text)


def _random_weights(weights, seed):
    """Random values for all of a network's weights: biases and statistics start at 0 and 1."""
    generator = np.random.default_rng(seed)
    return [
        # Kernels small enough for their inputs; vectors positive, as variances must be.
        generator.normal(0, 1.4 / np.sqrt(np.prod(weight.shape[:-1])), weight.shape)
        if weight.ndim > 1
        else generator.uniform(0.5, 1.5, weight.shape)
        for weight in weights
    ]


# Building takes most of the time: few examples, the same in every run, not made smaller.
@pytest.mark.heavy
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate])
@given(
    body=_bodies().map(_named),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    seed=st.integers(0, 1000),
)
def test_a_network_in_tiles_equals_the_network_on_the_whole(body, height, width, seed):
    from cae_core.models.builder import build

    architecture = Architecture.parse(f"72x72x3 conv3 | {body} conv3k1:linear")
    plan = plan_photo(architecture, height, width)
    assert plan.is_whole, plan
    assert plan.halo == plan.wanted_halo
    image = np.random.default_rng(seed).random(
        (plan.padded_height, plan.padded_width, 3), dtype=np.float32
    )
    network = build(architecture, input_shape=image.shape)
    weights = _random_weights(network.get_weights(), seed)
    network.set_weights(weights)
    whole = network.predict_on_batch(image[np.newaxis])[0]

    smallest = plan_photo(architecture, 1, 1).padded_height
    arguments = {"tile": smallest, "halo": plan.halo, "multiple": plan.multiple}
    window = [plan_axis(side, **arguments)[0].stop for side in image.shape[:2]]
    part_network = build(architecture, input_shape=(*window, 3))
    part_network.set_weights(weights)
    tiled = apply_in_tiles(part_network.predict_on_batch, image, **arguments)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-4 * max(1, np.abs(whole).max()))


def test_progress_ends_at_the_number_of_tiles():
    seen = []
    apply_in_tiles(
        lambda tile: tile,
        np.zeros((10, 7, 1), np.float32),
        tile=4,
        halo=0,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(done, 6) for done in range(1, 7)]


def test_a_cancelled_image_stops_before_the_next_tile():
    calls = []

    def count(tile):
        calls.append(tile.shape)
        return tile

    with pytest.raises(StoppedError) as caught:
        apply_in_tiles(
            count,
            np.zeros((10, 10, 1), np.float32),
            tile=4,
            halo=0,
            should_stop=lambda: len(calls) == 2,
        )
    assert len(calls) == 2
    assert isinstance(caught.value, CAEError)


def test_a_function_that_changes_the_size_is_a_bug_that_surfaces():
    with pytest.raises(ValueError, match="keeps height and width"):
        apply_in_tiles(
            lambda tile: tile[:, 1:, 1:], np.zeros((10, 10, 1), np.float32), tile=4, halo=1
        )


class Requests:
    """Requests of turns that end in a list, each in a thread of its own."""

    def __init__(self):
        self.turns, self.ended, self.unwanted = Turns(), [], set()
        self._pool = ThreadPoolExecutor()

    def ask(self, tiles_left):
        """Asks for a turn; comes back when the request waits."""
        waits = threading.Event()

        def stop_if_unwanted():
            waits.set()
            if tiles_left in self.unwanted:
                raise StoppedError(f"Received: {tiles_left}.")

        def take():
            with self.turns.taken(tiles_left, stop_if_unwanted):
                self.ended.append(tiles_left)

        work = self._pool.submit(take)
        waits.wait()
        return work


def test_the_image_with_the_fewest_tiles_left_is_next():
    requests = Requests()
    with requests.turns.taken(9, lambda: None):
        works = [requests.ask(tiles) for tiles in (7, 2, 5)]
        assert requests.ended == []
    for work in works:
        work.result()
    assert requests.ended == [2, 5, 7]


def test_work_that_is_no_longer_wanted_leaves_before_its_turn():
    requests = Requests()
    with requests.turns.taken(9, lambda: None):
        unwanted, wanted = requests.ask(1), requests.ask(4)
        requests.unwanted.add(1)
        with pytest.raises(StoppedError):
            unwanted.result()
    wanted.result()
    assert requests.ended == [4]


def test_a_turn_that_failed_is_over():
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.taken(1, lambda: None):
        raise ZeroDivisionError
    with turns.taken(1, lambda: None):
        pass
