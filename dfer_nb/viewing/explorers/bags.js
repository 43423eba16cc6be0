// The bag explorer's picture, table and controls. controls.js and answers.js stand in front of it.

const NARROW = 480; // px: below it, the strip of 16 frames takes two rows
const HEIGHT = 40, PAD = 15; // px of a chart's bars, and of the numbers above and below them
const GREY = "#8C8C8C", BLUE = "#0072B2";

const box = (name, style = null, ...children) => html("div", { class: `dfer-bag-${name}`, style }, ...children);

/** A bar with a word over each run of frames, of `count` from `from`, that are flagged. */
function runs(flags, from, count, word) {
  const bars = [];
  for (let k = from; flags && k < from + count; k += 1) {
    let end = k;
    while (flags[end] && end < from + count) end += 1;
    if (end > k) {
      bars.push(box(word, `left: ${(100 * (k - from)) / count}%; width: ${(100 * (end - k)) / count}%`, word));
      k = end;
    }
  }
  return bars;
}

/** The frames `from` to `from + count` of a clip's strip, what is known of them above, the cuts between instances.
 *  withTime: whether there is room above; else nothing is known of any clip. */
function film(fact, from, count, length, withTime) {
  const rows = LENGTH / count, image = html("img", {
    src: fact.strip, alt: "", decoding: "sync", class: "dark-light", // the theme leaves such a picture as it is
    style: `width: ${100 * rows}%; margin-left: ${(-100 * from) / count}%`,
  });
  const cuts = [];
  for (let k = length; k < count; k += length) cuts.push(box("cut", `left: ${(100 * k) / count}%`));
  const marks = ["apex", "irrelevant"].flatMap((word) => runs(fact[word], from, count, word));
  return [...(withTime ? [box("time", null, ...marks)] : []), box("film", null, image, ...cuts)];
}

/** The instances under their frames: each says its number, and in its colour what it predicts alone. */
function blocks(data, state, from, count) {
  const names = state.instances.length ? state.instances.map((one) => one.prediction) : [state.answer];
  const length = LENGTH / names.length, first = Math.floor(from / length);
  const shown = names.slice(first, Math.max(first + 1, first + count / length));
  return box("cells", null, ...shown.map((name, k) => {
    const colour = data.colours[data.expressions.indexOf(name)];
    const number = state.instances.length ? [html("span", { class: "dfer-bag-long" }, "instance "), `${first + k + 1}`]
      : [from ? "…" : "whole clip"];
    return box("block", `background: ${colour}; color: ${inkOn(colour)}`,
      html("span", { class: "dfer-bag-number" }, ...number),
      html("b", { class: "dfer-bag-long" }, name), html("b", { class: "dfer-bag-short" }, name.slice(0, 3)));
  }));
}

/** Bars of some instances on one scale, with a line across: `low` to `high`, numbers in words at the bars' ends. */
function chart({ title, values, low, high, line, colour, words, strong = [] }) {
  const at = (value) => PAD + (HEIGHT * (high - value)) / (high - low);
  const bottom = low < 0 ? PAD : 0;
  const cells = values.map((value, k) => {
    const [top, end] = [Math.max(value, 0), Math.min(value, 0)].map(at);
    const number = value < 0 ? `top: ${end}px` : `top: ${top - PAD}px`;
    return box("cell", null,
      box("bar", `top: ${top}px; height: ${Math.max(end - top, 1)}px; background: ${colour(value)}`),
      box(strong[k] ? "value dfer-bag-strong" : "value", number, words(value)));
  });
  const lines = [box("base", `top: ${at(0)}px`)];
  if (line) lines.push(box("line", `top: ${at(line)}px`));
  return [box("name", null, title),
    box("chart", `height: ${PAD + HEIGHT + bottom}px`, ...lines, box("cells", null, ...cells))];
}

/** What the charts show, for a bag size: scales are those of all its clips, so that clips can be compared. */
function chartsOf(data, state) {
  const size = state.bag_size, { answers } = data.bags.find((bag) => bag.bag_size === size);
  const all = (name) => answers.flatMap((answer) => answer[name]);
  const support = all("c"), most = Math.max(...support.map(Math.abs));
  const hue = data.colours[data.expressions.indexOf(state.answer)];
  const charts = [{
    title: `support for ${state.answer}`, key: "support", low: Math.min(0, ...support),
    high: Math.max(0, ...support) || 1e-9, words: (value) => signed(value, most < 9.95 ? 2 : 1),
    colour: (value) => (value < 0 ? GREY : hue),
  }];
  if (answers[0].a) {
    charts.push({
      title: `attention received (line: an equal share, 1/${size})`, key: "attention", low: 0,
      high: Math.max(...all("a"), 1.2 / size), line: 1 / size, words: percent, colour: () => BLUE,
    });
  }
  if (answers[0].g) {
    charts.push({
      title: "gate (line: half open)", key: "gate", low: 0, high: 1, line: 0.5,
      words: (value) => value.toFixed(2), colour: () => GREY,
    });
  }
  return charts;
}

/** Strip, instances and charts, in one row or in two. */
function pictureOf(data, state, fact, rows) {
  const count = LENGTH / rows, size = state.bag_size, length = LENGTH / size;
  const charts = state.instances.length ? chartsOf(data, state) : [];
  const withTime = data.clips.some((one) => one.apex || one.irrelevant);
  return Array.from({ length: rows }, (_, row) => {
    const from = row * count, range = [from / length, (from + count) / length];
    const drawn = charts.flatMap((one) => chart({
      ...one, values: state.instances.map((instance) => instance[one.key]).slice(...range),
      strong: state.instances.map((_, n) => one.key === "support" && n + 1 === state.strongest).slice(...range),
    }));
    return box("row", null, ...film(fact, from, count, length, withTime), blocks(data, state, from, count), ...drawn);
  });
}

/** The bag's answer: a bar for each expression; label and truth are named beside theirs. */
function answerOf(data, state) {
  const known = state.true_label !== null && state.true_label !== state.label;
  const rows = data.expressions.map((name, k) => {
    const tags = [...(name === state.label ? ["label"] : []), ...(known && name === state.true_label ? ["truth"] : [])];
    const tag = name === state.label && name === state.true_label ? ["label = truth"] : tags;
    const share = state.probabilities[k];
    return html("li", { class: name === state.answer ? "dfer-chosen" : null },
      html("span", {}, name),
      box("track", null, box("share", `width: ${100 * share}%; background: ${data.colours[k]}`)),
      html("span", { class: "dfer-bag-digits" }, share.toFixed(2)),
      html("span", {}, ...tag.map((words) => html("span", { class: "dfer-bag-tag" }, words))));
  });
  const who = state.instances.length ? "The bag's answer" : "The network's answer";
  return [html("p", { class: "dfer-title" }, `${who}: ${state.answer}`), html("ul", {}, ...rows)];
}

/** The same numbers as a table. */
function tableOf(state) {
  if (!state.instances.length) return html("p", { class: "dfer-hint" }, "A plain network has no instances.");
  const length = LENGTH / state.bag_size, has = (key) => state.instances[0][key] !== null;
  const columns = [
    ["frames, from 0", (_, n) => (length === 1 ? `${n}` : `${n * length}–${(n + 1) * length - 1}`)],
    ["says alone", (one) => one.prediction], ["support", (one) => signed(one.support, 3)],
    ...(has("attention") ? [["attention", (one) => one.attention.toFixed(3)]] : []),
    ...(has("gate") ? [["gate", (one) => one.gate.toFixed(3)]] : []),
    ...(has("apex") ? [["frames in the apex", (one) => `${one.apex * length} of ${length}`]] : []),
  ];
  const rows = state.instances.map((one, n) => [`${n + 1}`, ...columns.map(([, words]) => words(one, n))]);
  return table(`Instances of a bag of ${state.bag_size}`, [["instance", ...columns.map(([name]) => name)], ...rows]);
}

/** What the words in the picture mean, as far as they are in it. */
function glossary(state, fact) {
  const entry = (word, words) => html("span", {}, html("b", {}, word), `: ${words} `);
  const [one] = state.instances, parts = [];
  if (fact.apex) {
    parts.push(entry("Apex", fact.apex.includes(1) ? "the frames in which the expression is at its strongest."
      : "so short in this clip that none of the 16 frames is from it."));
  }
  if (fact.irrelevant) parts.push(entry("Irrelevant", "frames that show something else than the clip's expression."));
  if (one) {
    parts.push(entry("Block", "an instance, and the expression that it would predict alone."));
    parts.push(entry("Support", "what an instance adds to the logit of the bag's answer, beyond what it adds to all "
      + "classes on average; grey bars speak against the answer."));
    if (one.attention !== null) parts.push(entry("Attention", "how much of the bag's attention an instance receives."));
    if (one.gate !== null) parts.push(entry("Gate", "how much of an instance is let through, averaged over channels."));
  }
  return parts;
}

/** Everything on the page that stays; returns the parts that change. */
function build(model, el, data, cleanups) {
  const clips = data.clips.map((fact) => [fact.clip, clipWords(data, fact)]);
  const sizes = data.bags.map(({ bag_size: size }) => [size, size === 1 ? "1 (no bag)" : `${size}`]);
  const form = html("form", { class: "dfer-bag-controls", "aria-label": "Clip and bag size" },
    choice(model, { name: "clip", label: "Clip: its label and name", options: clips }, cleanups),
    steppers(model, data.clips.map((fact) => fact.clip)),
    radios(model, { name: "bag_size", label: "Bag size: instances of a clip", options: sizes }, cleanups));
  form.addEventListener("submit", (event) => event.preventDefault());
  const picture = html("div", { class: "dfer-bag-picture", role: "img" }), answer = box("answer");
  const said = html("p", { class: "dfer-said", "aria-live": "polite" }), hint = html("p", { class: "dfer-hint" });
  const numbers = html("div", {});
  const details = html("details", {}, html("summary", KEYS, "The instances' numbers as a table"), numbers);
  const root = html("div", { class: "dfer-explorer dfer-bags" }, form, picture,
    box("bottom", null, answer, html("div", {}, said, hint)), details);
  el.append(root);
  return { root, picture, answer, said, hint, numbers };
}

function render({ model, el }) {
  const cleanups = [], data = model.get("data"), parts = build(model, el, data, cleanups);
  let rows = 0;
  const draw = () => {
    const name = model.get("clip"), k = data.clips.findIndex((fact) => fact.clip === name);
    const fact = data.clips[k], state = stateOf(data, k, model.get("bag_size"));
    parts.picture.replaceChildren(...pictureOf(data, state, fact, rows));
    parts.picture.setAttribute("aria-label", pictureWords(state, fact));
    parts.answer.replaceChildren(...answerOf(data, state));
    parts.said.textContent = finding(state);
    parts.hint.replaceChildren(...glossary(state, fact));
    parts.numbers.replaceChildren(tableOf(state));
    parts.root.dataset.shown = JSON.stringify(state);
    model.set("shown", state);
    model.save_changes();
  };
  const fit = () => {
    const wanted = (parts.picture.clientWidth || 700) < NARROW ? 2 : 1;
    if (wanted === rows) return;
    rows = wanted;
    draw();
  };
  const resized = new ResizeObserver(fit);
  resized.observe(parts.picture);
  cleanups.push(() => resized.disconnect());
  fit();
  watch(model, ["clip", "bag_size"], draw, cleanups);
  return () => cleanups.forEach((undo) => undo());
}

export default { render };
