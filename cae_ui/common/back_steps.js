// What Back leads to: a step for every choice, and pages that are left as they were.
//
// Streamlit writes the value of a bound control over the address, so that Back would skip it, and
// what a run adds to the address behind it as an entry of its own, at which Back would find nothing
// to undo. Here all that follows a press is one entry. A control that is moved, such as a slider,
// makes none: its movements would fill the history.
//
// It also clears a page's parameters before it opens another one, as an entry of its own: Back
// would lead there, to the page as it is at first. The new page takes that entry's place.

const MOVED = '[data-testid="stSlider"], [data-testid="stNumberInput"]';

let seen = null; // the address when a key or a button was last pressed; null: none since
let added = 0; // entries of the same page since then
let moves = false; // whether the press was on a control that is moved

function note(event) {
  // A click without a pointer comes from a key or from a screen reader.
  if (event.type !== "click" || event.detail === 0) {
    seen = location.href;
    added = 0;
    moves = event.target instanceof Element && event.target.closest(MOVED) !== null;
  }
}

function forget() {
  seen = null;
  added = 0;
}

function follow() {
  const push = history.pushState.bind(history);
  const replace = history.replaceState.bind(history);
  const full = (url) => new URL(url ?? "", location.href);
  for (const press of ["pointerdown", "keydown", "click", "drop"]) {
    addEventListener(press, note, true);
  }
  addEventListener("popstate", forget, true);

  const add = (state, title, url) => {
    if (seen === null || added > 0) {
      return replace(state, title, url);
    }
    added += 1;
    return push(state, title, url);
  };
  history.pushState = (state, title, url) => {
    if (full(url).pathname === location.pathname) {
      return add(state, title, url);
    }
    const isCleared = added > 0 && location.href !== seen;
    forget();
    return isCleared ? replace(state, title, url) : push(state, title, url);
  };
  history.replaceState = (state, title, url) => {
    const changes = full(url).search !== location.search;
    return changes && !moves ? add(state, title, url) : replace(state, title, url);
  };
}

export default function steps() {
  if (!window.caeFollowsHistory) {
    window.caeFollowsHistory = true;
    follow();
  }
}
