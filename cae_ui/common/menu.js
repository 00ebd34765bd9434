// Where another page is opened, a menu that lies over the page closes.

const MENU_OVER_PAGE = 768; // CSS pixels of the window up to which Streamlit's menu does

let shown = null;

export default function menu({ data }) {
  if (shown !== null && shown !== data.page && innerWidth <= MENU_OVER_PAGE) {
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  }
  shown = data.page;
}
