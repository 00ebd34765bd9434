"""Files to take along, made when their button is pressed."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def show_download(
    label: str,
    make: Callable[[], bytes | str],
    file_name: str,
    *,
    mime: str | None = None,
    icon: str = ":material/download:",
) -> None:
    """A button whose file is made at every press.

    Of a file that is given to Streamlit ready-made, the browser fetches every new version to see
    whether it is there. When the page runs again, as it does while a slider moves, it may be gone
    by then. A press in the very moment of several movements may come too late for a file of before
    and too early for the next: the button says so, and works at the next press.

    Args:
        label: The button's label.
        make: Makes the file's content in a thread of its own, where Streamlit shows nothing; what
            it raises is a short text at the button and a traceback in the server's log.
        file_name: The file's name.
        mime: The kind of the file, where its name does not say it.
        icon: The button's icon.
    """
    st.download_button(label, make, file_name, mime=mime, icon=icon, on_click="ignore")
