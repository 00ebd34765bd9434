// Draws a network's tensors as blocks; where they can be chosen, each is a button.
//
// One of the buttons is in the order of the Tab key, the arrow keys lead to the others.

const ROOM = 10.5; // rem, the height of the highest block
const FITS_A_PHONE = 11; // blocks with their labels; more scroll sideways
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

export default function networkDiagram({ parentElement, data, setTriggerValue }) {
  const row = parentElement.querySelector(".blocks");
  const focused = row.querySelector(":focus")?.dataset.block;
  for (const [kind, color] of Object.entries(data.colors)) {
    parentElement.querySelector(".network").style.setProperty(`--${kind}`, color);
  }
  row.ariaLabel = data.label;
  row.classList.toggle("many", data.blocks.length > FITS_A_PHONE);
  const places = data.blocks.map((block) => place(block, data));
  row.replaceChildren(...places);
  fillLegend(parentElement.querySelector(".legend"), data);
  if (!data.canChoose) return;

  const marked = places.find((each) => each.dataset.block === data.chosen) ?? places[0];
  for (const each of places) {
    each.tabIndex = each === marked ? 0 : -1;
    each.onclick = () => setTriggerValue("choose", each.dataset.block);
    each.onkeydown = (event) => moveFocus(event, places);
  }
  places.find((each) => each.dataset.block === focused)?.focus({ preventScroll: true });
  const { offsetLeft: left, offsetWidth: width } = marked;
  const isShown = left >= row.scrollLeft && left + width <= row.scrollLeft + row.clientWidth;
  if (!isShown) row.scrollLeft = left - (row.clientWidth - width) / 2;
}

/** A tensor: its shape, its block, the name of its layer. */
function place(block, { chosen, canChoose }) {
  const found = document.createElement(canChoose ? "button" : "div");
  found.className = `place ${block.kind}`;
  found.classList.toggle("vector", block.is_vector);
  found.dataset.block = block.id;
  found.title = block.description;
  found.ariaLabel = block.description;
  if (canChoose) {
    found.type = "button";
    found.ariaPressed = `${block.id === chosen}`;
    found.classList.toggle("chosen", block.id === chosen);
  } else found.role = "img";
  const room = document.createElement("div");
  room.className = "room";
  const drawn = document.createElement("div");
  drawn.className = "block";
  drawn.style.height = `${ROOM * block.height}rem`;
  drawn.style.width = `${90 * block.width}%`;
  room.append(drawn);
  found.append(text("shape", block.shape), room, text("name", block.name));
  return found;
}

function text(className, content) {
  const found = document.createElement("span");
  found.className = className;
  found.textContent = content;
  return found;
}

function fillLegend(list, data) {
  const items = Object.entries(data.legend).map(([kind, title]) => [kind, title]);
  if (data.blocks.some((block) => block.is_vector)) items.push(["vector", "Vector"]);
  list.replaceChildren(
    ...items.map(([kind, title]) => {
      const item = document.createElement("li");
      item.className = kind;
      item.textContent = title;
      return item;
    }),
  );
}

function moveFocus(event, places) {
  const step = STEPS[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const to = places.indexOf(event.currentTarget) + step;
  const next = places[Math.min(Math.max(to, 0), places.length - 1)];
  for (const each of places) each.tabIndex = each === next ? 0 : -1;
  next.focus();
}
