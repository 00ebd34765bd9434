// A page that is left keeps its address in the browser's history.
//
// Streamlit clears a page's parameters before it opens another one, as an entry of its own: Back
// would lead there, to the page as it is at first. The new page takes that entry's place.

let seen = null; // the address when a key or a button was last pressed
let added = 0; // entries of the same page since then

function note() {
  seen = location.href;
  added = 0;
}

function follow() {
  const push = history.pushState.bind(history);
  for (const press of ["pointerdown", "keydown"]) {
    addEventListener(press, note, true);
  }
  history.pushState = (state, title, url) => {
    const leaves = new URL(url ?? "", location.href).pathname !== location.pathname;
    if (!leaves) {
      added += 1;
      return push(state, title, url);
    }
    const isCleared = added > 0 && seen !== null && location.href !== seen;
    note();
    return isCleared ? history.replaceState(state, title, url) : push(state, title, url);
  };
}

export default function leaving() {
  if (!window.caeFollowsHistory) {
    window.caeFollowsHistory = true;
    follow();
  }
}
