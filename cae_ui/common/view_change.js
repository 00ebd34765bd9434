// Where another view is opened, a menu that lies over the page closes and the view starts at its top.

const MENU_OVER_PAGE = 768; // CSS pixels of the window up to which Streamlit's menu does

let shown = null;

export default function viewChange({ data }) {
  if (shown !== null && shown !== data.view) {
    const closes = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
    if (innerWidth <= MENU_OVER_PAGE) closes?.click();
    document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  }
  shown = data.view;
}
