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
  drawings[data.kind](root, data, image, (value) => {
    root.press = String(performance.now());
    setTriggerValue("picked", { value, press: root.press });
  });
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
  const between = (value, first, last) => Math.min(Math.max(value, first), last);
  const [top, left, bottom, right] = data.canDrag ? data.box : [0, 0, 0, 0];
  const [tall, wide] = [bottom - top, right - left];
  const frame = (r, c) => {
    const y = between(Math.round(r - tall / 2), 0, height - 1 - tall);
    const x = between(Math.round(c - wide / 2), 0, width - 1 - wide);
    mark(box, [y, x, y + tall, x + wide], "box", width, height);
  };
  const show = (r, c) => {
    stage.at = [r, c];
    mark(place, [r, c, r, c], "place", width, height);
  };
  // The place is kept here: a message that was sent before the last press has an older one.
  const size = `${height},${width}`;
  if (stage.dataset.size !== size || !root.press || root.press === data.answered) {
    root.press = null;
    stage.at = data.place;
    mark(box, data.box, "box", width, height);
    mark(place, data.place && [...data.place, ...data.place], "place", width, height);
  }
  stage.dataset.size = size;
  const pickInside = (r, c) => {
    show(between(r, 0, height - 1), between(c, 0, width - 1));
    if (data.canDrag) frame(...stage.at);
    pick(stage.at.join());
  };
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
  const drag = (event) => frame(...under(event));
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
    if (!data.canPick || !step || !stage.at) return;
    event.preventDefault();
    // From the middle of the frame, which stays inside where it was asked to leave the image.
    const [y, x] = [Math.floor(tall / 2), Math.floor(wide / 2)];
    const r = between(stage.at[0], y, height - 1 - tall + y);
    const c = between(stage.at[1], x, width - 1 - wide + x);
    pickInside(r + step[0], c + step[1]);
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
