"""What the address asks for and a page doesn't have: named, where Streamlit drops it in silence."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cae_ui.common.wording import plain

_CHECKED = "address-checked"  # the page whose address was looked at last


def asked() -> dict[str, list[str]]:
    """The values in the address by name; to be called before the page's widgets change them."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def name_the_unusable(place: DeltaGenerator, page: str, given: dict[str, list[str]]) -> None:
    """Says which values of an address a page doesn't have and what it shows; once for every visit.

    Args:
        place: Where to say it.
        page: The page, which has run.
        given: What `asked` returned before.
    """
    if st.session_state.get(_CHECKED) == page:
        return  # from now on widgets and callbacks change values, and the address follows
    st.session_state[_CHECKED] = page
    for name, values in given.items():
        shown = _shown(name)
        # An address may hold a label, or the value itself: a network's id.
        if (
            shown is not None
            and not _is_same(values, shown)
            and values != [str(st.session_state[name])]
        ):
            place.warning(
                plain(
                    f"An address names what its page offers. Received: {name}={', '.join(values)}. "
                    f"The page shows {', '.join(shown) or 'nothing'} there: choose another."
                ),
                icon=":material/link_off:",
            )


def _shown(name: str) -> list[str] | None:
    """The present value of the widget of a name, spelled as in an address; None without one."""
    context = get_script_run_ctx()
    if context is None:
        return None
    # Streamlit has no public way to ask for how a widget's value is written in the address.
    state = context.session_state._state
    widget = state._key_id_mapper.get_id_from_key(name, None)
    metadata = state._new_widget_state.widget_metadata.get(str(widget))
    if metadata is None:
        return None
    spelled = metadata.serializer(st.session_state[name])
    parts = spelled if isinstance(spelled, list | tuple) else [spelled]
    parts = [part for part in parts if part not in (None, "")]  # nothing is chosen
    if not all(isinstance(part, str | int | float) for part in parts):
        return None
    return [f"{part:g}" if isinstance(part, float) else str(part) for part in parts]


def _is_same(given: list[str], shown: list[str]) -> bool:
    """Whether two spellings mean one value: ``5`` and ``5.0``, ``true`` and ``True``."""
    return [_normal(value) for value in given] == [_normal(value) for value in shown]


def _normal(value: str) -> str:
    """One spelling of a value."""
    try:
        return f"{float(value):g}"
    except ValueError:
        return value.strip().casefold()
