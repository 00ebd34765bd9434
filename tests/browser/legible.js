// What a page has that is hard to read: text of less contrast than 4.5 to 1, a heading whose level
// leaves one out, an image or a chart without words.
() => {
  const READABLE = 4.5;
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  /** Red, green and blue in [0, 255] and opacity in [0, 1] of any colour that CSS knows. */
  function parsed(color) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { rgb: [red, green, blue], alpha: alpha / 255 };
  }

  const over = (front, back, alpha) => front.map((c, i) => alpha * c + (1 - alpha) * back[i]);

  function luminance(rgb) {
    const [red, green, blue] = rgb
      .map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function contrast(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  function* ancestors(element) {
    for (; element; element = element.parentElement) yield element;
  }

  const scrolled = document.querySelector("[data-testid=stMain]");

  /** Whether an element's box is under the middle of a text; a slider's value hangs above its thumb. */
  function isUnder(element, place) {
    if (element.contains(scrolled)) return true; // whatever is below the fold now
    const box = element.getBoundingClientRect();
    const [x, y] = [place.left + place.width / 2, place.top + place.height / 2];
    return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
  }

  /** What is behind an element's text, as far as it is a colour. */
  function behind(element, place) {
    const layers = [];
    for (const each of ancestors(element)) {
      if (!isUnder(each, place)) continue;
      const { rgb, alpha } = parsed(getComputedStyle(each).backgroundColor);
      if (alpha > 0) layers.push({ rgb, alpha });
      if (alpha === 1) break;
    }
    return layers.reduceRight((back, { rgb, alpha }) => over(rgb, back, alpha), [255, 255, 255]);
  }

  const isShown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 1;
  const isIcon = (element) => element.closest("[aria-hidden=true], [data-testid*=Icon]") !== null;
  const isOff = (element) => element.closest("[disabled], [aria-disabled=true]") !== null;

  const complaints = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    if (!text || element.closest("style, script, noscript, option")) continue;
    if (!isShown(element) || isIcon(element) || isOff(element)) continue;
    const style = getComputedStyle(element);
    const { rgb, alpha } = parsed(element instanceof SVGElement ? style.fill : style.color);
    let opacity = alpha;
    for (const each of ancestors(element)) opacity *= Number(getComputedStyle(each).opacity);
    const range = document.createRange();
    range.selectNodeContents(node);
    const back = behind(element, range.getBoundingClientRect());
    const ratio = contrast(over(rgb, back, opacity), back);
    if (ratio < READABLE) complaints.push(`${ratio.toFixed(2)}: ${text.slice(0, 40)}`);
  }

  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (!isShown(heading)) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) complaints.push(`h${own} after h${level}: ${heading.textContent}`);
    level = own;
  }

  for (const image of document.querySelectorAll("img:not([alt]), [data-testid=stPlotlyChart]")) {
    const named = image.closest("[aria-label]") ?? image.querySelector("[aria-label]");
    if (isShown(image) && !named) complaints.push(`no words: ${image.outerHTML.slice(0, 80)}`);
  }
  return [...new Set(complaints)];
}
