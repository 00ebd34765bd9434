"""Words that several pages share: errors, names of data sets, links to the sources."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from cae_core.architecture.presets import SOURCES
from cae_core.data.registry import DATASETS
from cae_core.errors import CAEError
from cae_core.formats import (
    MSE_DECIMALS,
    PSNR_DECIMALS,
    SSIM_DECIMALS,
    format_signed,
    format_size,
)

UPLOADS = "uploads"  # name of the data set that uploaded images make


JOINER = "\N{WORD JOINER}"  # takes no room; the notation reads past it
# Where Streamlit makes of a text without any mark-up a link (https://, www., a@b.c), an icon, an
# emoji or a colour (:word:), or an arrow or a dash.
_MADE_OF_TEXT = re.compile(
    r"(?<=:)(?=//)|(?i:(?<=\bwww)(?=\.))|(?<=\w@)(?=[\w-]+\.)|(?<=:)(?=[\w/+-]+:)"
    r"|(?<=\s[-<>~])(?=[-=>]+(\s|$))"
)


def plain(text: object) -> str:
    r"""A text or an error in a form that Streamlit's Markdown shows as it stands.

    Messages quote what came from outside, an address, a file's or a run's name, and that must not
    become a link, an icon, an image, a heading or a formula.

    Example:
        >>> print(plain("Received: 'pool*2*'."))
        Received: 'pool\*2\*'.
    """
    line = re.sub(r"\s*[\r\n]\s*", " ", str(text)).strip()
    line = re.sub(r"([\\`*_\[\]<$~&])", r"\\\1", _MADE_OF_TEXT.sub(JOINER, line))
    # A heading, a quotation, a list only at the beginning.
    return re.sub(r"^(?=([#>+-]+|\d+[.)])(\s|$))", JOINER, line)


def plain_html(text: object) -> str:
    """A text as Plotly's labels show it as it stands, which know some HTML.

    Example:
        >>> plain_html("<b>run</b>")
        '&lt;b&gt;run&lt;/b&gt;'
    """
    return html.escape(str(text), quote=False)


def marked(text: str) -> str:
    r"""A sentence as `plain` has it, but for what stands between backticks, which is code.

    Example:
        >>> print(marked("The least has `conv8 | up*`, of *all*."))
        The least has `conv8 | up*`, of \*all\*.
    """
    codes = iter(re.findall("`([^`]*)`", text))
    return re.sub(r"\\`.*?\\`", lambda _: f"`{next(codes)}`", plain(text))


def show_error(error: object) -> None:
    """An error's sentence in a red box."""
    st.error(plain(error), icon=":material/error:")


def attempt(action: Callable[..., object], *arguments: object) -> bool:
    """Does what a button is for, or shows why it cannot be done; for use in a callback.

    Args:
        action: Raises a `CAEError` where it cannot be done, perhaps because another tab was first.
        *arguments: Its arguments.

    Returns:
        Whether it was done.
    """
    try:
        action(*arguments)
    except CAEError as error:
        show_error(error)
        return False
    return True


def dataset_title(name: str) -> str:
    """A data set's title, or its name where the registry does not know it.

    Example:
        >>> dataset_title("cifar10"), dataset_title(UPLOADS)
        ('CIFAR-10', 'your own images')
    """
    if name == UPLOADS:
        return "your own images"
    return DATASETS[name].title if name in DATASETS else name


def named_data(text: str) -> str:
    """A text of a card whose first word may be the name of a data set, with its title.

    Example:
        >>> named_data("cifar10: 45,000 images"), named_data("mnist test"), named_data("CBSD68")
        ('CIFAR-10: 45,000 images', 'MNIST test', 'CBSD68')
    """
    name, between, rest = re.split(r"(\W|$)", text, maxsplit=1)
    return f"{dataset_title(name)}{between}{rest}"


_DECIMALS = {
    "MSE": MSE_DECIMALS,
    "MAE": MSE_DECIMALS,
    "PSNR, dB": PSNR_DECIMALS,
    "PSNR, noisy, dB": PSNR_DECIMALS,
    "Least PSNR, dB": PSNR_DECIMALS,
    "Least gain, dB": PSNR_DECIMALS,
    "SSIM": SSIM_DECIMALS,
    "Bits per pixel": 3,
    "CIEDE2000": 2,
    "a*b* error": 2,
    "Colourfulness": 2,
    "Seconds": 1,
}


def number_columns(*headings: str) -> dict[str, Any]:
    """The columns of a table that hold figures, with the decimals that they have everywhere.

    Whole numbers have none, and their thousands are set apart.
    """
    return {
        heading: st.column_config.NumberColumn(
            format=f"%.{_DECIMALS[heading]}f" if heading in _DECIMALS else "localized"
        )
        for heading in headings
    }


def source_links() -> str:
    """The four sources as Markdown: titles, linked where they have an address."""
    *links, last = (source.link for source in SOURCES.values())
    return f"{', '.join(links)} and {last}"


def rate_text(rate: float) -> str:
    """A learning rate as its slider shows it, without an exponent.

    Example:
        >>> rate_text(3.2e-05)
        '0.000032'
    """
    return np.format_float_positional(rate, trim="-")


def show_change(
    label: str,
    value: str,
    change: float,
    decimals: int,
    unit: str = "",
    help: str | None = None,
) -> None:
    """A figure, of which more is better, and what it has gained or lost.

    Args:
        label: The figure's name.
        value: The figure.
        change: Its change; none is shown where it is no finite number.
        decimals: Decimals of the change.
        unit: Its unit.
        help: What is measured.
    """
    text = f"{format_signed(change, decimals)} {unit}".strip() if math.isfinite(change) else None
    # Streamlit takes a hyphen alone for a loss.
    if text is not None and text.startswith("−"):
        st.metric(label, value, text, "inverse", help=help, delta_arrow="down", width="content")
    else:
        st.metric(label, value, text, help=help, width="content")


def short_number(number: int) -> str:
    """A whole number in four characters or so.

    Example:
        >>> short_number(4_911), short_number(29_123), short_number(1_474_560)
        ('4,911', '29.1 k', '1.47 M')
    """
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= limit:
            return f"{number / (1000 if unit == 'k' else limit):.3g} {unit}"
    return f"{number:,}"


def pixel_size(size: tuple[int, int]) -> str:
    """A height and a width in pixels.

    Example:
        >>> pixel_size((10, 12))
        '10 × 12 px'
    """
    return f"{format_size(size[0], size[1])} px"
