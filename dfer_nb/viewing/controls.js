// Shared by every explorer of the book: read in front of the explorer's own script, as one module.
// A "model" is anywidget's (get, set, save_changes, on, off), or the stand-in of a page without a kernel.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; attributes whose value is null or false are left out. */
function html(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** An SVG element. */
function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Keeps JupyterLab from taking a control's arrow keys for its own shortcuts. */
const KEYS = { "data-lm-suppress-shortcuts": "true" };

/** Keep a control and one value of the model equal: `show` puts the value into the control. */
function bind(model, name, input, event, read, show) {
  const refresh = () => show(model.get(name));
  input.addEventListener(event, () => {
    model.set(name, read());
    model.save_changes();
  });
  model.on(`change:${name}`, refresh);
  refresh();
  return () => model.off(`change:${name}`, refresh);
}

/** "t_h" as a letter with an index, as the equations set it. */
function symbolOf(name) {
  const [letter, index] = name.split("_");
  return html("span", { class: "dfer-symbol" }, html("i", {}, letter), html("sub", {}, index || ""));
}

/** A labelled slider. The label holds the input, so that no ids are needed and two instances cannot clash. */
function slider(model, { name, label, symbol, max, min = 0, step, digits = 0, format, colour }, cleanups) {
  const words = format || ((value) => value.toFixed(digits));
  const input = html("input", { type: "range", min, max, step, "data-name": name, "aria-label": label, ...KEYS });
  const shown = html("output", { "aria-hidden": "true" });
  const caption = html("span", { class: "dfer-caption" }, html("span", {}, `${label} `, symbolOf(symbol)), shown);
  if (colour) input.style.accentColor = colour;
  cleanups.push(bind(model, name, input, "input", () => input.valueAsNumber, (value) => {
    input.value = value;
    shown.textContent = words(value);
    input.setAttribute("aria-valuetext", words(value));
  }));
  return html("label", { class: "dfer-control" }, caption, input);
}

/** A labelled list of choices; options: value -> words. */
function choice(model, { name, label, options }, cleanups) {
  const select = html("select", { "data-name": name, ...KEYS });
  for (const [value, words] of Object.entries(options)) select.append(html("option", { value }, words));
  cleanups.push(bind(model, name, select, "change", () => select.value, (value) => (select.value = value)));
  return html("label", { class: "dfer-control" }, html("span", { class: "dfer-caption" }, `${label} `), select);
}

/** A labelled tick box. */
function tick(model, { name, label }, cleanups) {
  const box = html("input", { type: "checkbox", "data-name": name, ...KEYS });
  cleanups.push(bind(model, name, box, "change", () => box.checked, (value) => (box.checked = value)));
  return html("label", { class: "dfer-control dfer-tick" }, box, " " + label);
}

/** Call `update` whenever one of the named values changes. */
function watch(model, names, update, cleanups) {
  for (const name of names) {
    model.on(`change:${name}`, update);
    cleanups.push(() => model.off(`change:${name}`, update));
  }
}

/** Python's round: halves go to the even neighbour, so that both sides count alike. */
function roundHalfEven(x) {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** 32 well-mixed bits of a number and a seed; the same as `scramble` in explorer.py. */
function scramble(number, seed = 0) {
  let x = (number + Math.imul(seed + 1, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A share as whole percent, or a dash where there is none. */
function percent(share) {
  return share === null ? "–" : `${(100 * share).toFixed(0)} %`;
}
