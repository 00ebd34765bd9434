// Shows the image of the point of a chart that the pointer is on, beside the pointer.

const AWAY = 16; // CSS pixels between pointer and image

export default function hover({ parentElement, data }) {
  const root = parentElement.querySelector("canvas");
  const sheet = new Image();
  sheet.src = data.sheet;
  root.show = (point, event) => draw(root, sheet, data, point.customdata, event);
  root.style.width = `${data.side}px`;
  // Streamlit may make the chart anew at any run: it is looked for whenever the pointer moves.
  const watch = () => {
    const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (!chart || chart.watchedBy === root) return;
    chart.watchedBy = root;
    chart.on("plotly_hover", ({ points, event }) => root.show(points[0], event));
    chart.on("plotly_unhover", () => (root.hidden = true));
  };
  document.addEventListener("pointermove", watch, { passive: true });
  return () => document.removeEventListener("pointermove", watch);
}

/** Draws an image of the sheet, which has them in rows; a place that is no image has a comma. */
function draw(root, sheet, { width, height, columns, side }, text, event) {
  const index = Number(text) - 1; // they count from 1
  root.hidden = !Number.isInteger(index) || !sheet.complete;
  if (root.hidden) return;
  root.width = width;
  root.height = height;
  const from = [(index % columns) * width, Math.floor(index / columns) * height];
  root.getContext("2d").drawImage(sheet, ...from, width, height, 0, 0, width, height);
  const isRight = event.clientX + AWAY + side < window.innerWidth;
  root.style.left = `${isRight ? event.clientX + AWAY : event.clientX - AWAY - side}px`;
  root.style.top = `${Math.max(0, event.clientY - side - AWAY)}px`;
}
