"""The part "Latent": the latent, changed channel by channel, and the image decoded from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import streamlit as st

from cae_core.architecture.report import analyze
from cae_core.compression.size import latent_bytes
from cae_core.formats import format_psnr, format_signed
from cae_core.images.encoding import encode_smallest_png
from cae_core.images.metrics import psnr, psnr_from_mse
from cae_core.images.operations import to_uint8
from cae_core.inspection.edits import MEAN, MUTE, SCALE, SWAP, Edit, channel_costs, edited, rounded
from cae_core.inspection.network import InspectedNetwork
from cae_ui.common.address import reject, value_in_address
from cae_ui.common.compare_slider import compare_slider
from cae_ui.common.controls import with_value
from cae_ui.common.picker import Choice, kept_choice, pick_bar, pick_tile
from cae_ui.common.wording import show_change
from cae_ui.inside.colors import scale_legend, signed_colors
from cae_ui.inside.digits import signed
from cae_ui.inside.opened import SECOND_KEY, Opened, image_input, said_shape, tile_factor

NUMBER_KEY, EDITS_KEY, BITS_KEY, BESIDE_KEY = "number", "edits", "bits", "beside"
KEEP = "keep"
ORIGINAL, UNCHANGED, INPUT = "Original", "Unchanged latent", "Network's input"
TITLES = {KEEP: "Keep", MUTE: "Mute", SCALE: "Scale", MEAN: "Mean", SWAP: "Swap"}
FLOAT = 32  # bits of a number that is not rounded
BITS = (1, 2, 3, 4, 5, 6, 7, 8, FLOAT)
LARGEST_FACTOR = 4.0
# As the address has them: "3-mute,5-scale0.5".
_EDIT = re.compile(rf"(\d{{1,5}})-({MUTE}|{MEAN}|{SWAP}|{SCALE}(-?\d{{1,3}}(?:\.\d{{1,3}})?))")
# Multiply-adds of a ranking that is made without being asked for: a second or so on two cores.
QUICK_MACS = 10**10


@st.fragment
def show_latent(opened: Opened) -> None:
    """The decoded image, beside the channels of the latent and what can be done with them."""
    latent = opened.encoded().latents[0]
    edits = kept_edits(latent.shape[-1])
    channel = int(kept_choice(NUMBER_KEY, [str(each) for each in range(latent.shape[-1])], "0"))
    # On a phone the result stands below the sliders, so that both are in view.
    controls, result = st.columns([7, 5], gap="large")
    with controls:
        changed = _with_edits(opened, latent, edits)
        _show_channels(opened, changed, channel, edits)
        _edit_input(channel, edits, latent.shape)
        if any(edit.kind == SWAP for edit in edits.values()):
            st.caption("Swapped with the same channel of:")
            image_input(SECOND_KEY, opened.images, 1, "Second image")
        bits = _bits_input(latent.size, opened.image)
    with result:
        _show_result(opened, changed if bits == FLOAT else rounded(changed, bits))
    _show_ranking(opened, channel)


def _with_edits(opened: Opened, latent: np.ndarray, edits: Mapping[int, Edit]) -> np.ndarray:
    """The latent with its edits."""
    if not edits:
        return latent
    other = opened.encoded(opened.second_image()).latents[0]
    return edited(latent, edits, means=opened.channel_means(), other=other)


# The edits, which the address keeps


def kept_edits(channels: int) -> dict[int, Edit]:
    """The edits in the address, by channel; what it has for no channel of the latent is left out.

    Args:
        channels: Channels of the latent.
    """
    found, used = {}, []
    texts = (value_in_address(EDITS_KEY, "the latent as it is") or "").split(",")
    for text in texts:
        match = _EDIT.fullmatch(text)
        if match and int(match[1]) < channels:
            factor = match[3]
            found[int(match[1])] = Edit(match[2]) if factor is None else Edit(SCALE, float(factor))
            used.append(text)
    if texts not in (used, [""]):
        reject(EDITS_KEY, *filter(None, [",".join(used)]))
    return found


def keep_edits(edits: Mapping[int, Edit]) -> None:
    """Puts edits into the address."""
    texts = [
        f"{channel}-{edit.kind}{f'{round(edit.factor, 3) + 0:g}' if edit.kind == SCALE else ''}"
        for channel, edit in edits.items()
    ]
    if texts:
        st.query_params[EDITS_KEY] = ",".join(texts)
    else:
        st.query_params.pop(EDITS_KEY, None)


def _edit_input(channel: int, edits: dict[int, Edit], shape: tuple[int, ...]) -> None:
    """The change of the chosen channel, and the button that undoes all."""
    widget, slider = f"edit-{channel}", f"factor-{channel}"
    now = edits.get(channel, Edit(KEEP))
    # The address is what counts, and it may be another tab's.
    kind, factor = with_value(widget, now.kind), with_value(slider, now.factor)

    def change() -> None:
        kind = st.session_state[widget]
        others = {each: edit for each, edit in edits.items() if each != channel}
        # A factor that shows something at once.
        factor = st.session_state[slider] if kind == now.kind else 2.0
        keep_edits(others if kind == KEEP else {**others, channel: Edit(kind, factor)})

    name = "number" if len(shape) == 1 else "channel"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            f"What to do with {name} {channel}",
            list(TITLES),
            format_func=TITLES.__getitem__,
            required=True,
            default=kind,
            key=widget,
            on_change=change,
            help="Mute sets it to 0, Mean to its mean over the images at the left, Swap to that "
            "of a second image.",
        )
        st.button(
            "Undo all",
            icon=":material/undo:",
            disabled=not edits,
            on_click=keep_edits,
            args=({},),
        )
    if now.kind == SCALE:
        st.slider(
            "Factor",
            -LARGEST_FACTOR,
            LARGEST_FACTOR,
            factor,
            step=0.1,
            key=slider,
            on_change=change,
        )


def _bits_input(numbers: int, image: np.ndarray) -> int:
    """Bits that every number is rounded to, and what the latent then takes."""
    bits = st.select_slider(
        "Bits a number",
        BITS,
        value=FLOAT,
        key=BITS_KEY,
        bind="query-params",
        help="The numbers are rounded to evenly spaced levels between the smallest and the "
        "largest of them; 32 leaves them as they are. A network whose encoder ends in "
        "rounding4 was trained for 4.",
    )
    st.caption(
        f"{numbers:,} numbers of {bits} bit{'s' if bits > 1 else ''} are "
        f"{latent_bytes(numbers, bits):,} bytes; the image is {image.nbytes:,}, "
        f"{len(encode_smallest_png(image)):,} as PNG."
    )
    return int(bits)


# What is shown


def _show_channels(
    opened: Opened, latent: np.ndarray, channel: int, edits: Mapping[int, Edit]
) -> None:
    """The latent with its edits: a map as tiles, a vector as bars."""
    report = analyze(opened.network.architecture)
    st.markdown(f"**The latent:** {said_shape(latent.shape)}, of {report.input_size:,} that go in")
    if opened.network.has_skips:
        st.caption(
            ":material/info: Skip connections carry more of the image around the latent. They "
            "stay as they are: only the latent is changed here."
        )
    choices = [
        Choice(
            str(each),
            f"{each} {TITLES[edits[each].kind].lower()}" if each in edits else str(each),
            _described(each, latent, edits),
        )
        for each in range(latent.shape[-1])
    ]
    if latent.ndim == 1:
        pick_bar(NUMBER_KEY, latent, choices, str(channel), label="Numbers of the latent")
        st.caption(
            f"From {signed(latent.min())} to {signed(latent.max())}. Click a number to change it."
        )
        return
    limit = float(np.abs(latent).max()) or 1.0
    # (h, w, c) -> (c, h, w, 3)
    tiles = np.moveaxis(signed_colors(latent, limit), 2, 0)
    side = tile_factor(latent.shape[1]) * latent.shape[1]
    pick_tile(NUMBER_KEY, tiles, choices, str(channel), label="Channels of the latent", side=side)
    st.html(scale_legend(limit, bool(latent.min() < 0)))


def _described(channel: int, latent: np.ndarray, edits: Mapping[int, Edit]) -> str:
    """A channel in words."""
    what = (
        f"Number {channel}: {signed(latent[channel])}" if latent.ndim == 1 else f"Channel {channel}"
    )
    edit = edits.get(channel)
    return what if edit is None else f"{what}, {TITLES[edit.kind].lower()}"


def _show_result(opened: Opened, latent: np.ndarray) -> None:
    """The image that the changed latent gives, and how much better or worse it is."""
    unchanged = opened.decoded()
    encoded = opened.encoded()
    true = encoded.images[0]
    after = opened.network.decode(encoded.with_latents(latent[np.newaxis]))[0]
    inputs = opened.network.inputs(opened.image[np.newaxis])[0]
    besides = {ORIGINAL: true, UNCHANGED: unchanged}
    if not np.array_equal(inputs, true):
        besides[INPUT] = np.clip(inputs, 0, 1)
    chosen = st.segmented_control(
        "Compare with",
        list(besides),
        default=ORIGINAL,
        required=True,
        key=BESIDE_KEY,
        bind="query-params",
    )
    beside = str(chosen) if chosen in besides else ORIGINAL  # of another network
    compare_slider(
        _comparable(besides[beside]),
        _comparable(after),
        before_label=beside,
        after_label="Decoded",
        key="inside-latent",
        height=420,
    )
    decibels, decibels_unchanged = (psnr(image, true) for image in (after, unchanged))
    change = decibels - decibels_unchanged
    is_changed = not np.array_equal(latent, encoded.latents[0]) and math.isfinite(change)
    show_change(
        "PSNR of the decoded image",
        format_psnr(decibels),
        change if is_changed else math.nan,
        2,
        "dB",
        help="Against the original. The change is against the latent as the encoder gave it.",
    )


def _comparable(image: np.ndarray) -> np.ndarray:
    """An image (H, W, 1 or 3) in [0, 1] as the comparison slider takes it."""
    pixels = to_uint8(image)
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


# The ranking


def _show_ranking(opened: Opened, channel: int) -> None:
    """The channels by what muting each one costs, the dearest first."""
    st.header("Which numbers matter", anchor=False)
    report = analyze(opened.network.architecture)
    count = report.latent_shape[-1]
    macs = count * sum(row.macs for row in report.rows if row.part == "decoder")
    if macs > QUICK_MACS and not st.toggle(
        f"Mute each of the {count:,} and decode: {macs / 1e9:,.0f} G multiply-adds",
        key="ranking",
        bind="query-params",
    ):
        return
    costs = _costs(opened.identity, opened.image, opened.network)
    before = float(np.square(opened.decoded() - opened.encoded().images[0]).mean())
    lost = psnr_from_mse(before) - psnr_from_mse(np.maximum(before + costs, 1e-12))
    order = np.argsort(-costs, kind="stable")
    name = "number" if len(report.latent_shape) == 1 else "channel"
    choices = [
        Choice(str(each), str(each), f"Without {name} {each}: {format_signed(-lost[each], 2)} dB")
        for each in order
    ]
    pick_bar(NUMBER_KEY, costs[order], choices, str(channel), label="Ranking", key="ranking")
    idle = int((np.abs(costs) < 1e-9).sum())
    st.caption(
        f"The error that muting each {name} costs, the dearest first: without {name} {order[0]} "
        f"the image loses {format_psnr(lost[order[0]])}"
        + (f"; {idle:,} of {count:,} make no difference to this image" if idle else "")
        + ". Click one to change it."
    )


@st.cache_data(max_entries=64, show_spinner="Muting every channel …")
def _costs(identity: str, image: np.ndarray, _network: InspectedNetwork) -> np.ndarray:
    return channel_costs(_network, _network.encode(image[np.newaxis]))
