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

/** A labelled list of choices; options: value -> words, or such pairs (an object would put numbers first). */
function choice(model, { name, label, options }, cleanups) {
  const select = html("select", { "data-name": name, ...KEYS });
  const pairs = Array.isArray(options) ? options : Object.entries(options);
  select.append(...pairs.map(([value, words]) => html("option", { value }, words)));
  cleanups.push(bind(model, name, select, "change", () => select.value, (value) => (select.value = value)));
  return html("label", { class: "dfer-control" }, html("span", { class: "dfer-caption" }, `${label} `), select);
}

/** Numbers to choose one of, as radio buttons; options: pairs of a number and its words.
 *  A form around them keeps their names apart from those of another explorer on the page. */
function radios(model, { name, label, options }, cleanups) {
  const inputs = options.map(([value]) => html("input", { type: "radio", name, value, "data-name": name, ...KEYS }));
  const labels = options.map(([, words], k) => html("label", {}, inputs[k], ` ${words}`));
  const group = html("div", { class: "dfer-control dfer-radios", role: "radiogroup", "aria-label": label },
    html("span", { class: "dfer-caption", "aria-hidden": "true" }, label), ...labels);
  cleanups.push(bind(model, name, group, "change", () => Number(inputs.find((one) => one.checked).value),
    (value) => inputs.forEach((one) => (one.checked = Number(one.value) === value))));
  return group;
}

/** A labelled tick box. */
function tick(model, { name, label }, cleanups) {
  const box = html("input", { type: "checkbox", "data-name": name, ...KEYS });
  cleanups.push(bind(model, name, box, "change", () => box.checked, (value) => (box.checked = value)));
  return html("label", { class: "dfer-control dfer-tick" }, box, " " + label);
}

/** Two buttons that step through the names of clips, round and round. */
function steppers(model, names) {
  const step = (by, words, sign) => {
    const button = html("button", { type: "button", "aria-label": words, title: words, ...KEYS }, sign);
    button.addEventListener("click", () => {
      model.set("clip", names[(names.indexOf(model.get("clip")) + by + names.length) % names.length]);
      model.save_changes();
    });
    return button;
  };
  return html("div", { class: "dfer-steps" }, step(-1, "Previous clip", "◀"), step(1, "Next clip", "▶"));
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

/** Dark or white letters, whichever are read better on a colour like "#0072B2". */
function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#111111" : "#ffffff";
}

/** A number with its sign; nothing is less than nothing. */
function signed(value, digits) {
  const words = Math.abs(value).toFixed(digits);
  if (Number(words) === 0) return words;
  return `${value < 0 ? "−" : "+"}${words}`;
}

/** A share as whole percent, or a dash where there is none. */
function percent(share) {
  return share === null ? "–" : `${(100 * share).toFixed(0)} %`;
}

/** A table from rows of cells, under a title; the first row and the first column are headers. */
function table(title, rows, chosen = 0) {
  const mark = (column) => ({ class: column === chosen && column > 0 ? "dfer-chosen" : null });
  const head = html("tr", {}, ...rows[0].map((cell, k) => html("th", { scope: "col", ...mark(k) }, cell)));
  const body = rows.slice(1).map((row) => html("tr", {}, html("th", { scope: "row" }, row[0]),
    ...row.slice(1).map((cell, k) => html("td", mark(k + 1), cell))));
  const content = html("table", { "aria-label": title }, html("thead", {}, head), html("tbody", {}, ...body));
  return html("div", {}, html("p", { class: "dfer-title" }, title), html("div", { class: "dfer-scroll" }, content));
}
