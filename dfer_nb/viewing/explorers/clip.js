// The snippet explorer's picture of a clip: its frames, its snippets and what they say. filter.js stands in front of it.

const FRAMES = 16, NARROW = 480; // px: below it, a clip takes two rows
const LANE = 17, CHART = 120, ABOVE = 17; // px: a row of snippets, the chart, and the words over the frames
const LEAST = 0.1; // an expression that no snippet gives more is not drawn

const text = (words, x, y, attributes = {}) => svg("text", { x, y, ...attributes }, words);
const line = (x1, y1, x2, y2, attributes = {}) => svg("line", { x1, y1, x2, y2, stroke: "#dddddd", ...attributes });

/** Bars with a word over each run of frames that are flagged. */
function marks(flags, word, fill, column) {
  const bars = [];
  for (let k = 0; flags && k < FRAMES; k += 1) {
    let end = k;
    while (flags[end] && end < FRAMES) end += 1;
    if (end === k) continue;
    const wide = (end - k) * column, words = wide > 6 * word.length ? word : "";
    bars.push(svg("rect", { class: `dfer-mark-${word}`, x: k * column, y: 0, width: wide, height: ABOVE - 2, fill }));
    bars.push(text(words, k * column + wide / 2, 11, { "text-anchor": "middle", style: `fill: ${inkOn(fill)}` }));
    k = end;
  }
  return bars;
}

/** The snippets under their frames, each in the colour of what it says; those that trip are framed. */
function lanes(data, said, length, stride, column, top) {
  const count = Math.ceil(length / stride);
  return said.snippets.flatMap((one, n) => {
    const colour = data.colours[data.expressions.indexOf(one.says)], y = top + (n % count) * LANE;
    const wide = length * column, words = `${n + 1} ${wide > 80 ? one.says : one.says.slice(0, 3)}`;
    const edge = one.trips ? { stroke: "#111111", "stroke-width": 3 } : {};
    return [svg("rect", { class: "dfer-snippet", "data-trips": one.trips, x: (one.first - 1) * column + 2, y: y + 1.5,
      width: wide - 4, height: LANE - 3, rx: 3, fill: colour, ...edge }),
    text(wide > 26 ? words : `${n + 1}`, (one.first - 1) * column + wide / 2, y + 12,
      { "text-anchor": "middle", style: `fill: ${inkOn(colour)}` })];
  });
}

/** The snippets' probabilities over time: a line an expression, through the middles of the snippets. */
function curves(data, fact, settings, column, top) {
  const y = (value) => top + CHART * (1 - value), classes = data.expressions.length;
  const at = places(data, settings), middle = (n) => (n * settings.stride + settings.length / 2) * column;
  const value = (place, k) => fact.said[place * classes + k] / THOUSAND;
  return data.expressions.flatMap((name, k) => {
    if (k !== data.neutral && !at.some((place) => value(place, k) >= LEAST)) return [];
    const points = at.map((place, n) => [middle(n).toFixed(1), y(value(place, k)).toFixed(1)]);
    const style = { stroke: data.colours[k], "stroke-width": k === data.neutral ? 2.5 : 1.8, fill: "none" };
    return [svg("polyline", { class: "dfer-curve", "data-name": name, points: points.join(" "), ...style }),
      ...points.map(([cx, cy]) => svg("circle", { cx, cy, r: 3, fill: data.colours[k] }))];
  });
}

/** A clip's frames, its snippets and their probabilities, one under the other, for all frames. */
function drawn(data, fact, said, settings, column, rows) {
  const width = FRAMES * column, { length, stride } = settings, high = column;
  const count = Math.ceil(length / stride), lanesTop = ABOVE + high + 15, chartTop = lanesTop + count * LANE + 10;
  const y = (value) => chartTop + CHART * (1 - value), parts = svg("g", {});
  const guilty = said.snippets.filter((one) => one.trips).map((one) => svg("rect", {
    class: "dfer-guilty", x: (one.first - 1) * column, y: lanesTop, width: length * column,
    height: chartTop + CHART - lanesTop }));
  parts.append(...marks(fact.apex, "apex", "#f3c969", column));
  parts.append(...marks(fact.irrelevant, "irrelevant", "#222222", column));
  parts.append(svg("image", { href: fact.strip, x: 0, y: ABOVE, width, height: high, preserveAspectRatio: "none" }));
  for (let k = 0; k < FRAMES; k += 1) {
    parts.append(text(`${k + 1}`, (k + 0.5) * column, ABOVE + high + 12, { "text-anchor": "middle" }));
  }
  parts.append(...guilty, ...lanes(data, said, length, stride, column, lanesTop));
  for (const value of [0, 0.5, 1]) parts.append(line(0, y(value), width, y(value)));
  for (const name of ["mu1", "mu2"]) {
    parts.append(line(0, y(settings[name]), width, y(settings[name]), { class: "dfer-threshold" }));
  }
  parts.append(...curves(data, fact, settings, column, chartTop));
  for (let row = 0; row < rows; row += 1) { // each row shows a part of this picture
    const left = (row * width) / rows + 3, right = ((row + 1) * width) / rows - 3;
    const words = (value, x, gap, anchor, what) => text(what, x, y(value) + gap, { "text-anchor": anchor, class: "dfer-halo" });
    for (const [name, symbol] of [["mu1", "μ₁"], ["mu2", "μ₂"]]) {
      parts.append(words(settings[name], left, -3, "start", `${symbol} = ${settings[name].toFixed(2)}`));
    }
    for (const value of [0, 0.5, 1]) parts.append(words(value, right, value === 1 ? 11 : -3, "end", `${value}`));
  }
  return { parts, height: chartTop + CHART + 6 };
}

/** All of a clip, in one row or in two halves. */
function clipPicture(data, fact, said, settings, width) {
  const rows = width < NARROW ? 2 : 1, wide = width * rows, column = wide / FRAMES;
  return Array.from({ length: rows }, (_, row) => {
    const { parts, height } = drawn(data, fact, said, settings, column, rows);
    const box = `${row * width} 0 ${width} ${height}`;
    return html("div", { class: "dfer-snippet-row" }, svg("svg", { viewBox: box, width, height }, parts));
  });
}

/** What the picture of a clip shows, and the colours that are in it. */
function colourKey(data, picture) {
  const names = new Set([...picture.querySelectorAll(".dfer-curve")].map((curve) => curve.dataset.name));
  const chips = data.expressions.flatMap((name, k) => (names.has(name) ? [html("span", { class: "dfer-entry" },
    html("span", { class: "dfer-chip", style: `background: ${data.colours[k]}` }), name)] : []));
  return [...chips, html("span", {}, "Bars: the snippets under their frames, and what each says by itself; framed, if it trips "
    + "the filter. Lines: their probabilities over time, of the expressions that reach 0.1. A snippet trips the filter "
    + "where the line of Neutral is under μ₂ while another is over μ₁.")];
}

/** What the clip's picture shows, for those who cannot see it. */
function pictureWords(said, fact, length) {
  const where = (flags, words) => (flags && flags.includes(1)
    ? `; ${words} frames ${flags.indexOf(1) + 1} to ${flags.lastIndexOf(1) + 1}` : "");
  const words = said.snippets.map((one, n) => `snippet ${n + 1}, ${framesOf(one, length)}, says ${one.says} with `
    + `${one.highest.toFixed(3)} and Neutral with ${one.neutral.toFixed(3)}${one.trips ? ", and trips the filter" : ""}`);
  const known = where(fact.apex, "the apex is in") + where(fact.irrelevant, "irrelevant are");
  return `${[`Film strip of ${FRAMES} frames${known}`, ...words].join("; ")}.`;
}
