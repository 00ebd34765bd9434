// Tiles, bars or a place on an image: what is clicked goes to Python as a text.

const drawings = { tiles: drawTiles, bars: drawBars, place: drawPlace };
const MOST_LABELLED = 48; // bars
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export default async function picker({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".picker");
  const call = (root.lastCall = Symbol("call"));
  const image = data.image && (await decoded(data.image));
  if (root.lastCall !== call) return; // a newer message was faster
  if (root.dataset.kind !== data.kind) root.replaceChildren();
  root.dataset.kind = data.kind;
  root.setAttribute("aria-label", data.label);
  drawings[data.kind](root, data, image, (value) => setTriggerValue("picked", value));
}

async function decoded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** As many buttons as choices; kept from message to message, so that the focus stays. */
function buttons(root, data, pick) {
  while (root.children.length > data.choices.length) root.lastChild.remove();
  while (root.children.length < data.choices.length) {
    const button = document.createElement("button");
    button.type = "button";
    root.append(button);
  }
  return data.choices.map((choice, index) => {
    const button = root.children[index];
    button.title = choice.title;
    button.setAttribute("aria-label", choice.title);
    button.setAttribute("aria-pressed", String(choice.value === data.chosen));
    button.onclick = () => pick(choice.value);
    return button;
  });
}

function drawTiles(root, data, image, pick) {
  buttons(root, data, pick).forEach((button, index) => {
    if (!button.firstChild) {
      button.append(document.createElement("canvas"), document.createElement("span"));
    }
    const [canvas, label] = button.children;
    const { width, height } = data;
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${data.side}px`;
    canvas.style.imageRendering = width > data.side ? "auto" : ""; // what is shrunk, smoothly
    const from = [0, index * height, width, height];
    canvas.getContext("2d").drawImage(image, ...from, 0, 0, width, height);
    label.textContent = data.choices[index].label;
  });
}

function drawBars(root, data, _image, pick) {
  const crowded = data.choices.length > MOST_LABELLED;
  root.classList.toggle("crowded", crowded);
  root.style.setProperty("--zero", `${100 * data.zero}%`); // of the room, from below
  buttons(root, data, pick).forEach((button, index) => {
    if (!button.firstChild) {
      button.append(document.createElement("div"), document.createElement("span"));
      button.firstChild.append(document.createElement("i"));
    }
    const [room, label] = button.children;
    const height = data.heights[index];
    room.firstChild.style.height = `${100 * Math.abs(height)}%`;
    room.firstChild.className = height < 0 ? "negative" : "";
    label.textContent = crowded ? "" : data.choices[index].label;
  });
}

function drawPlace(root, data, image, pick) {
  if (!root.firstChild) {
    const stage = document.createElement("div");
    stage.className = "stage";
    stage.append(...["canvas", "div", "div"].map((tag) => document.createElement(tag)));
    root.append(stage);
  }
  const stage = root.firstChild;
  const [canvas, box, place] = stage.children;
  const { width, height } = data;
  stage.style.width = `${data.side}px`;
  stage.setAttribute("role", data.canPick ? "application" : "img");
  stage.tabIndex = data.canPick ? 0 : -1;
  stage.classList.toggle("pickable", data.canPick);
  stage.setAttribute("aria-label", data.label);
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(image, 0, 0);
  const [row, column] = data.place ?? [];
  mark(box, data.box, "box", width, height);
  mark(place, data.place && [row, column, row, column], "place", width, height);
  const clamp = (value, side) => Math.min(Math.max(value, 0), side - 1);
  const pickInside = (r, c) => pick(`${clamp(r, height)},${clamp(c, width)}`);
  const under = (event) => {
    const area = canvas.getBoundingClientRect();
    return [
      Math.floor(((event.clientY - area.top) / area.height) * height),
      Math.floor(((event.clientX - area.left) / area.width) * width),
    ];
  };
  stage.classList.toggle("draggable", data.canDrag);
  stage.onclick = (event) => {
    if (data.canPick && !data.canDrag) pickInside(...under(event));
  };
  // The frame goes with the pointer, and is where it was let go.
  const drag = (event) => {
    const [top, left, bottom, right] = data.box;
    const [r, c] = under(event);
    const y = clamp(Math.round(r - (bottom - top) / 2), height - bottom + top);
    const x = clamp(Math.round(c - (right - left) / 2), width - right + left);
    mark(box, [y, x, y + bottom - top, x + right - left], "box", width, height);
  };
  stage.onpointerdown = (event) => {
    if (!data.canDrag || event.button) return;
    stage.setPointerCapture(event.pointerId);
    stage.onpointermove = drag;
    drag(event);
  };
  stage.onpointerup = (event) => {
    if (!stage.onpointermove) return;
    stage.onpointermove = null;
    pickInside(...under(event));
  };
  stage.onpointercancel = () => (stage.onpointermove = null);
  stage.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!data.canPick || !step || !data.place) return;
    event.preventDefault();
    pickInside(row + step[0], column + step[1]);
  };
}

/** Puts an element around a part of an image, given by its first and last row and column. */
function mark(element, part, className, width, height) {
  element.className = part ? className : "none";
  if (!part) return;
  const [top, left, bottom, right] = part;
  element.style.top = `${(100 * top) / height}%`;
  element.style.left = `${(100 * left) / width}%`;
  element.style.height = `${(100 * (bottom - top + 1)) / height}%`;
  element.style.width = `${(100 * (right - left + 1)) / width}%`;
}
