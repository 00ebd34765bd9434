"""The address of a page: a text in it, what a link asks for, what it asks for in vain.

Most widgets are bound to the address by Streamlit. It has no help for four things: a text that
several pages share, of which every version is a step for Back and Forward; a link that asks for a
value which the page has by default and the visitor had changed; a value without a widget, such as a
place on an image that was clicked; and values that no page has, which it drops in silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cae_ui.common.wording import plain

_CHECKED = "address-checked"  # the page whose address was looked at last
_PAGE = "address-page"  # the page that is shown
_UNBOUND = "address-unbound"  # what the page shows for values without a widget, by name
_REJECTED = "address-rejected"  # what it takes of those that it can't use as they are, by name
_NAMES = "address-names"  # the names that a page's widgets are bound to, by page


def asked() -> dict[str, list[str]]:
    """The values in the address by name; to be called before the page's widgets change them."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def drop_the_impossible(page: str, given: dict[str, list[str]], texts: Collection[str]) -> None:
    """Takes out of an address what no widget can have: nothing, and numbers that are not finite.

    Streamlit lets a choice that must be made be empty, and stops at an infinite integer. To be
    called before the page's widgets; `name_the_unusable` says what was left out.

    Args:
        page: The page.
        given: What `asked` returned.
        texts: Names whose values are texts, which may be anything.
    """
    context = get_script_run_ctx()
    if context is None or (st.session_state.get(_CHECKED) == page and not is_back_or_forward()):
        return
    # Streamlit has no public way: widgets read what the address had at first.
    parameters = context.session_state._state.query_params
    st.session_state[_UNBOUND], st.session_state[_REJECTED] = {}, {}
    for name, values in given.items():
        if name not in texts and (not any(values) or not all(map(_is_finite, values))):
            parameters._initial_query_params.pop(name, None)
            parameters.remove_param(name)
            st.session_state[_REJECTED][name] = []


def _is_finite(value: str) -> bool:
    """Whether a value is anything but NaN or an infinite number, which 1e400 is as well."""
    try:
        return math.isfinite(float(value))
    except ValueError:
        return True


def value_in_address(name: str, shown: str = "nothing") -> str | None:
    """The value of a name in the address that no widget is bound to; None where it has none.

    Args:
        name: The name.
        shown: What the page shows where there is no value that it can use, in a few words.
    """
    st.session_state.setdefault(_UNBOUND, {})[name] = shown
    value: str | None = st.query_params.get(name)
    return value


def values_in_address(name: str, shown: str) -> list[str]:
    """As `value_in_address` all values of a name; none where the address has none."""
    return [] if value_in_address(name, shown) is None else st.query_params.get_all(name)


def reject(name: str, *used: str) -> None:
    """Notes that a value without a widget is none that the page has; the router says so.

    Later on, where a setting has changed that it was for, it is taken out of the address.

    Args:
        name: Its name in the address.
        *used: What the page uses of it.
    """
    if is_arriving():
        st.session_state.setdefault(_REJECTED, {})[name] = list(used)
    elif used:
        st.query_params[name] = used
    else:
        st.query_params.pop(name, None)


def is_arriving() -> bool:
    """Whether the page has not run to its end since the visitor came to it."""
    return st.session_state.get(_CHECKED) != st.session_state.get(_PAGE)


def arrive(page: str, given: dict[str, list[str]]) -> None:
    """Notes which page is shown; to be called before its widgets.

    What the address names counts, whatever the visitor had set when he was here before: Streamlit
    takes that for a value of the address which is the widget's default.

    Args:
        page: The page.
        given: What `asked` returned.
    """
    if st.session_state.get(_PAGE) == page:
        return
    st.session_state[_PAGE] = page
    for name in given.keys() & st.session_state.get(_NAMES, {}).get(page, ()):
        st.session_state.pop(name, None)


def leave() -> None:
    """Notes the names of the page's widgets in the address; to be called when it has run."""
    context, page = get_script_run_ctx(), st.session_state.get(_PAGE)
    if context is not None:
        # Streamlit has no public way to ask for them.
        bound = context.session_state._state.query_params._bindings_by_param
        st.session_state.setdefault(_NAMES, {})[page] = [
            name
            for name, binding in bound.items()
            if binding.script_hash == context.page_script_hash
        ]


@dataclass
class _AddressText:
    """A text in the address, as the session knows it.

    Attributes:
        text: The text at the end of the last run; None before the first.
        page: The page that showed it.
        bare: The text at which a page was opened whose address has none, by page.
    """

    text: str | None = None
    page: str | None = None
    bare: dict[str | None, str] = field(default_factory=dict)


def address_text(key: str, default: str, adapt: Callable[[str], str] | None = None) -> str:
    """A text that the address and a widget share, and pages with one another.

    Every version is an entry of the browser's history, so that Back and Forward lead to the
    versions before and after.

    Args:
        key: Name in the address, and of the widget's value in session state.
        default: The text where nobody wrote another; the address leaves it out.
        adapt: Changes the text before it is shown.
    """
    known = st.session_state.setdefault(f"{key}-address", _AddressText())
    asked_for, page = st.query_params.get(key), st.session_state.get(_PAGE)
    went_back = is_back_or_forward()
    if page == known.page and not went_back:
        # The browser may not have the newest address yet: what the visitor did since then counts.
        text = st.session_state.get(key, known.text)
    elif asked_for is not None:
        text = asked_for
    else:
        if not went_back:
            known.bare[page] = default if known.text is None else known.text
        text = known.bare.get(page, default)
    text = text if adapt is None else adapt(text)
    known.text, known.page = text, page
    st.session_state[key] = text
    if text == default:
        st.query_params.pop(key, None)
    elif text != asked_for:
        st.query_params[key] = text
    return text


def arriving_text(key: str) -> str | None:
    """The text with which a page is opened, by its address or from another page.

    To be called before `address_text`, after which the page has been opened.

    Args:
        key: Name of the text in the address.

    Returns:
        The text; None where there is none, and where Back or Forward led to the page.
    """
    known = st.session_state.get(f"{key}-address", _AddressText())
    if known.page == st.session_state.get(_PAGE) or is_back_or_forward():
        return None
    text: str | None = st.query_params.get(key, known.text)
    return text


def is_back_or_forward() -> bool:
    """Whether the browser's Back or Forward asked for this run."""
    context = get_script_run_ctx()  # Streamlit has no public way to ask
    return context is not None and context.is_history_navigation


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
    unbound, rejected = (st.session_state.get(key, {}) for key in (_UNBOUND, _REJECTED))
    for name, values in given.items():
        shown = _shown(name)
        if shown is None and name in unbound and name in rejected:
            _warn(place, name, values, rejected[name] or [unbound[name]])
            continue
        # An address may hold a label, or the value itself: a network's id.
        if (
            shown is not None
            and not _is_same(values, shown)
            and values != [str(st.session_state[name])]
        ):
            _warn(place, name, values, shown)


def _warn(place: DeltaGenerator, name: str, values: list[str], shown: list[str]) -> None:
    """Says that values of a name are not those that the page shows."""
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
    widget = str(state._key_id_mapper.get_id_from_key(name, None))
    metadata = state._new_widget_state.widget_metadata.get(widget)
    # Streamlit remembers the widgets of earlier runs, whose values are gone.
    if metadata is None or widget not in context.shared.widget_ids_this_run:
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
