// Draws a ring around a place of a chart, above its images.

const RADIUS = 10; // CSS pixels

export default function mark({ parentElement, data }) {
  const root = parentElement.querySelector("div");
  root.stop?.(); // the ring's earlier place
  let chart, ring, frame;
  const place = () => {
    // Plotly has no public function from an axis to pixels.
    const { xaxis, yaxis } = chart._fullLayout;
    const [x, y] = [xaxis.l2p(data.x), yaxis.l2p(data.y)];
    ring.hidden = x < 0 || y < 0 || x > xaxis._length || y > yaxis._length;
    ring.style.left = `${xaxis._offset + x}px`;
    ring.style.top = `${yaxis._offset + y}px`;
  };
  const attach = () => {
    chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (!chart?._fullLayout?.xaxis) {
      frame = requestAnimationFrame(attach); // it is still to be drawn
      return;
    }
    ring = chart.querySelector(".cae-mark") ?? chart.querySelector(".svg-container").appendChild(made());
    place();
    chart.on("plotly_afterplot", place);
    chart.on("plotly_relayouting", place);
  };
  // Streamlit may make the chart anew, as another theme does.
  const watch = () => chart?.isConnected === false && attach();
  root.stop = () => {
    cancelAnimationFrame(frame);
    document.removeEventListener("pointermove", watch);
    chart?.removeListener?.("plotly_afterplot", place);
    chart?.removeListener?.("plotly_relayouting", place);
  };
  document.addEventListener("pointermove", watch, { passive: true });
  attach();
  return root.stop;
}

/** A ring that lets the pointer through. */
function made() {
  const ring = document.createElement("div");
  ring.className = "cae-mark";
  Object.assign(ring.style, {
    position: "absolute",
    width: `${2 * RADIUS}px`,
    height: `${2 * RADIUS}px`,
    margin: `-${RADIUS}px`,
    boxSizing: "border-box",
    border: "3px solid #dc2626",
    borderRadius: "50%",
    pointerEvents: "none",
  });
  return ring;
}
