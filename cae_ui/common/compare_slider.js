// Two images of one size on one stage, divided by a line that can be moved.
//
// Python sends images and labels (the message of compare_slider.py) and hears nothing back:
// divider, zoom and pan live here, so that new images leave them as they are.

const SMALLEST_STAGE = 160; // CSS pixels: a panorama's stage still has room for the handle
const STAGE_PER_WINDOW = 0.85; // of the window's height, so that a telephone on its side shows all
const GRIP = 44; // CSS pixels, --grip-size in the style sheet
const GRIP_RING = 4; // CSS pixels, the ring of a handle in focus
const GRIP_ROOM = 3 * GRIP; // a lower image would hide behind the handle
const SNAP = 0.8; // of the room that an image may take, for pixels of equal size
const LABEL_MARGIN = 8; // CSS pixels between a label and what is beside it
const DRAG_BEGINS = 4; // CSS pixels: less is a click
const WHEEL_LINE = 16; // CSS pixels that a wheel event counted in lines moves
const PAN_STEP = 0.1; // of the stage, for an arrow key

const DIVIDER_KEYS = {
  ArrowLeft: (position) => position - 0.01,
  ArrowDown: (position) => position - 0.01,
  ArrowRight: (position) => position + 0.01,
  ArrowUp: (position) => position + 0.01,
  PageDown: (position) => position - 0.1,
  PageUp: (position) => position + 0.1,
  Home: () => 0,
  End: () => 1,
};
const PAN_KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const sliders = new WeakMap(); // by the element that Streamlit keeps from call to call
// Divider, zoom and pan by the slider's key: Streamlit makes a new element where something new
// above a container moves it, and where a page is visited again.
const views = new Map();

/** Streamlit calls this when the component appears and again for every new message. */
export default async function compareSlider({ parentElement, data }) {
  const root = parentElement.querySelector(".compare");
  if (!sliders.has(root)) sliders.set(root, new CompareSlider(root));
  const slider = sliders.get(root);
  const call = (slider.lastCall = Symbol("call"));
  await slider.receive(data);
  return () => {
    // Streamlit also runs this for a call that a newer one has overtaken, which changes nothing.
    if (slider.lastCall !== call) return;
    sliders.delete(root);
    slider.end();
  };
}

/** The parts of a message: 4 bytes with the header's length, the header as JSON, two images. */
function unpack(data) {
  const start = 4 + new DataView(data.buffer, data.byteOffset).getUint32(0);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, start)));
  const middle = start + header.beforeBytes;
  return { ...header, before: data.subarray(start, middle), after: data.subarray(middle) };
}

/** An image element that can be painted at once. */
async function decoded(bytes, className, label) {
  const image = new Image();
  image.className = className;
  image.alt = label;
  image.draggable = false;
  image.decoding = "sync";
  image.src = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
  await image.decode();
  return image;
}

class CompareSlider {
  view = {
    position: 0.5, // of the divider, across the part of the image that is on the stage
    zoom: "fit", // or CSS pixels per image pixel
    centre: { x: 0.5, y: 0.5 }, // the image's point at the stage's centre, in parts of its size
  };
  message = null; // what is on the stage
  data = null; // the newest bytes received
  received = 0; // messages
  shown = 0; // the number of the message on the stage
  gesture = null; // what a pressed pointer is doing

  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.stage = find(".stage");
    this.divider = find(".divider");
    this.labels = { before: find(".before-label"), after: find(".after-label") };
    this.images = { before: find("img.before"), after: find("img.after") };
    this.buttons = [...root.querySelectorAll("[data-zoom]")];
    this.scaleText = find(".scale");
    this.listen();
  }

  listen() {
    this.ending = new AbortController();
    const { signal } = this.ending;
    const on = (target, type, handle, options) =>
      target.addEventListener(type, handle.bind(this), { signal, ...options });
    on(this.stage, "pointerdown", this.press);
    on(this.stage, "pointermove", this.move);
    on(this.stage, "pointerup", this.release);
    on(this.stage, "pointercancel", this.endGesture);
    on(this.stage, "wheel", this.wheel, { passive: false });
    on(this.stage, "keydown", this.panByKey);
    on(this.divider, "keydown", this.divideByKey);
    on(window, "resize", this.render); // also when the pixel ratio changes
    for (const button of this.buttons) {
      on(button, "click", () => {
        this.view.zoom = button.dataset.zoom === "fit" ? "fit" : Number(button.dataset.zoom);
        this.render();
      });
    }
    // In the next frame: rendering changes the height of what is observed.
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.render()));
    this.observer.observe(this.stage);
  }

  end() {
    this.ending.abort();
    this.observer.disconnect();
    for (const image of Object.values(this.images)) URL.revokeObjectURL(image.src);
  }

  // Images

  /** Shows a message once both of its images are decoded; until then the old ones stay. */
  async receive(data) {
    if (data === this.data) return; // called for another reason, a change of theme
    this.data = data;
    const number = ++this.received;
    const message = unpack(data);
    if (this.message === null) this.resizeStage(message); // no jump when the first one is decoded
    const [before, after] = await Promise.all([
      decoded(message.before, "before", message.beforeLabel),
      decoded(message.after, "after", message.afterLabel),
    ]);
    if (number < this.shown || this.ending.signal.aborted) {
      for (const image of [before, after]) URL.revokeObjectURL(image.src);
      return;
    }
    this.shown = number;
    this.message = message;
    if (!views.has(message.key)) views.set(message.key, this.view);
    this.view = views.get(message.key);
    for (const [side, image] of Object.entries({ before, after })) {
      this.images[side].replaceWith(image);
      URL.revokeObjectURL(this.images[side].src);
      this.images[side] = image;
      this.labels[side].textContent = image.alt;
    }
    this.render();
  }

  // Geometry, in CSS pixels from the stage's top left corner

  /** CSS pixels per image pixel at which all of an image has room. */
  fittingScale({ width, height, maxHeight }) {
    const ratio = window.devicePixelRatio;
    const room = Math.min(maxHeight, STAGE_PER_WINDOW * document.documentElement.clientHeight);
    const scale = Math.min(this.stage.clientWidth / width, room / height);
    // Enlarged, all image pixels get equally many device pixels, unless that costs much room.
    const whole = Math.floor(scale * ratio) / ratio;
    return whole >= SNAP * scale ? whole : scale;
  }

  /** An image's size on screen: whole device pixels, never more than there is room for. */
  sizeAt(scale, { width, height }) {
    const ratio = window.devicePixelRatio;
    // The thousandth is for products that are whole numbers but for the arithmetic.
    const length = (pixels) => Math.max(1, Math.floor(pixels * scale * ratio + 0.001)) / ratio;
    return { x: length(width), y: length(height) };
  }

  /** Makes the stage as high as an image needs that fits; returns its size. */
  resizeStage(message) {
    const fitted = this.sizeAt(this.fittingScale(message), message);
    const size = { x: this.stage.clientWidth, y: Math.max(SMALLEST_STAGE, fitted.y) };
    this.stage.style.height = `${size.y}px`;
    return size;
  }

  render() {
    if (this.message === null || this.stage.clientWidth === 0) return; // nothing, or hidden
    const { view } = this;
    const ratio = window.devicePixelRatio;
    const toDevice = (length) => Math.round(length * ratio) / ratio;
    const stage = this.resizeStage(this.message);
    // A CSS pixel is the nearest whole number of device pixels: all image pixels are equal.
    const pixel = Math.max(1, Math.round(ratio)) / ratio;
    const scale = view.zoom === "fit" ? this.fittingScale(this.message) : view.zoom * pixel;
    const size = this.sizeAt(scale, this.message);
    const image = {};
    for (const axis of ["x", "y"]) {
      // No edge comes inside the stage; an image smaller than the stage stays in its middle.
      const half = Math.min(0.5, stage[axis] / 2 / size[axis]);
      view.centre[axis] = clamp(view.centre[axis], half, 1 - half);
      image[axis] = toDevice(stage[axis] / 2 - view.centre[axis] * size[axis]);
    }
    const frame = {
      left: Math.max(0, image.x),
      top: Math.max(0, image.y),
      right: Math.min(stage.x, image.x + size.x),
      bottom: Math.min(stage.y, image.y + size.y),
    };
    this.size = size;
    this.frame = frame;
    this.dividerX = toDevice(frame.left + view.position * (frame.right - frame.left));
    this.pannable = { x: size.x > stage.x, y: size.y > stage.y };
    const low = frame.bottom - frame.top < GRIP_ROOM;
    this.place({
      "image-left": image.x,
      "image-top": image.y,
      "image-width": size.x,
      "image-height": size.y,
      "frame-left": frame.left,
      "frame-top": frame.top,
      "frame-right": frame.right,
      "frame-bottom": frame.bottom,
      "divider-x": this.dividerX,
      "grip-x": clamp(this.dividerX, GRIP / 2, stage.x - GRIP / 2),
      "grip-y": low
        ? Math.min(frame.bottom + GRIP / 2 + GRIP_RING, stage.y - GRIP / 2)
        : (frame.top + frame.bottom) / 2,
    });
    this.describe(scale, ratio);
  }

  place(lengths) {
    for (const [name, length] of Object.entries(lengths)) {
      this.stage.style.setProperty(`--${name}`, `${length}px`);
    }
  }

  /** What the geometry means for styles, labels, buttons and screen readers. */
  describe(scale, ratio) {
    const { stage, divider, labels, frame, message } = this;
    const canPan = this.canPan();
    stage.classList.toggle("sharp", scale * ratio >= 1);
    stage.classList.toggle("pannable", canPan);
    stage.classList.toggle("pannable-down", this.pannable.y);
    const names = `${message.beforeLabel} and ${message.afterLabel}`;
    stage.ariaLabel = canPan ? `${names}: arrow keys move the image` : names;
    if (canPan) stage.tabIndex = 0;
    else stage.removeAttribute("tabindex");
    const high = frame.bottom - frame.top;
    const room = { before: this.dividerX - frame.left, after: frame.right - this.dividerX };
    for (const [side, label] of Object.entries(labels)) {
      const fits =
        label.offsetWidth + 2 * LABEL_MARGIN <= room[side] &&
        label.offsetHeight + 2 * LABEL_MARGIN <= high;
      label.classList.toggle("no-room", !fits);
    }
    const percent = Math.round(100 * this.view.position);
    divider.ariaLabel = `Divider between ${names}`;
    divider.ariaValueNow = `${percent}`;
    divider.ariaValueText = `${percent} % ${message.beforeLabel}`;
    for (const button of this.buttons) {
      button.ariaPressed = `${button.dataset.zoom === `${this.view.zoom}`}`;
    }
    const shown = `shown at ${Math.round(100 * scale)} %`;
    // As everywhere in the app, whatever language the browser speaks.
    const [columns, rows] = [message.width, message.height].map((side) => side.toLocaleString("en-US"));
    this.scaleText.textContent = `${columns} × ${rows} pixels, ${shown}`;
  }

  // Moving

  divideAt(x) {
    const { left, right } = this.frame;
    this.view.position = clamp((x - left) / (right - left), 0, 1);
    this.render();
  }

  /** Moves the image as far as it goes; returns whether that was anywhere. */
  panBy(x, y) {
    const old = { ...this.view.centre };
    this.view.centre.x -= x / this.size.x;
    this.view.centre.y -= y / this.size.y;
    this.render();
    return this.view.centre.x !== old.x || this.view.centre.y !== old.y;
  }

  divideByKey(event) {
    const moved = DIVIDER_KEYS[event.key];
    if (!moved) return;
    event.preventDefault();
    this.view.position = clamp(moved(this.view.position), 0, 1);
    this.render();
  }

  panByKey(event) {
    const direction = PAN_KEYS[event.key];
    if (event.target !== this.stage || !direction) return;
    const step = PAN_STEP * Math.min(this.stage.clientWidth, this.stage.clientHeight);
    if (this.panBy(direction[0] * step, direction[1] * step)) event.preventDefault();
  }

  /** A wheel pans; where the image ends, the page scrolls. */
  wheel(event) {
    if (event.ctrlKey || !this.message) return; // the browser's own zoom
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE : 1;
    if (this.panBy(-unit * event.deltaX, -unit * event.deltaY)) event.preventDefault();
  }

  /** A pointer goes down: on the divider it moves that, elsewhere it depends on what follows. */
  press(event) {
    if (event.button !== 0 || !event.isPrimary || !this.message) return;
    this.stage.setPointerCapture(event.pointerId);
    const x = this.stageX(event);
    this.gesture = {
      pointer: event.pointerId,
      does: "nothing",
      x: event.clientX,
      y: event.clientY,
      offset: 0,
    };
    if (this.divider.contains(event.target)) {
      this.gesture.offset = this.dividerX - x; // the divider does not jump to the pointer
      this.does("dividing");
    } else if (event.pointerType !== "touch" && !this.canPan()) {
      this.does("dividing");
      this.divideAt(x);
    }
  }

  move(event) {
    if (event.pointerId !== this.gesture?.pointer) return;
    const x = event.clientX - this.gesture.x;
    const y = event.clientY - this.gesture.y;
    if (this.gesture.does === "nothing") {
      if (this.canPan() && Math.hypot(x, y) >= DRAG_BEGINS) this.does("panning");
      else if (!this.canPan() && Math.abs(x) >= DRAG_BEGINS) this.does("dividing");
    }
    if (this.gesture.does === "dividing") {
      this.divideAt(this.stageX(event) + this.gesture.offset);
    } else if (this.gesture.does === "panning") {
      this.panBy(x, y);
      this.gesture.x = event.clientX;
      this.gesture.y = event.clientY;
    }
  }

  release(event) {
    if (event.pointerId !== this.gesture?.pointer) return;
    const { does } = this.gesture;
    this.endGesture();
    if (does === "panning") return;
    if (does === "nothing") this.divideAt(this.stageX(event)); // it was a click
    this.divider.focus({ preventScroll: true }); // the arrow keys go on from here
  }

  does(what) {
    this.gesture.does = what;
    this.stage.classList.add(what);
  }

  endGesture() {
    this.gesture = null;
    this.stage.classList.remove("dividing", "panning");
  }

  canPan() {
    return this.pannable.x || this.pannable.y;
  }

  stageX(event) {
    return event.clientX - this.stage.getBoundingClientRect().left;
  }
}
