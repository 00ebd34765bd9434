"""The core's messages on a page: shown as the plain text that they are."""

from __future__ import annotations

import re


def plain(text: object) -> str:
    r"""A text or an error in a form that Streamlit's Markdown shows as it stands.

    Messages quote what came from outside, an address or a file's name, and that must not
    become a link, an image or a formula.

    Example:
        >>> print(plain("Received: 'pool*2*'."))
        Received: 'pool\*2\*'.
    """
    return re.sub(r"([\\`*_\[\]<$~])", r"\\\1", str(text))
