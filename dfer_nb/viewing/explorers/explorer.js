// The threshold explorer's picture, tables and sliders. controls.js and counts.js stand in front of it.

const MARKS = {
  clean: "M-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0z",
  low_quality: "M-3-3h6v6h-6z",
  hard: "M0-3.8L3.6 2.6H-3.6z",
  wrong: "M-3.6-3.6L3.6 3.6M-3.6 3.6L3.6-3.6",
};
const KIND_LABELS = Object.fromEntries(KINDS.map(({ name, label }) => [name, label]));

/** The mark of a clip: the first of wrong label, low quality, hard that holds; the last is drawn on top. */
function markOf(bits) {
  if (bits & WRONG) return "wrong";
  if (bits & LOW_QUALITY) return "low_quality";
  return bits & HARD ? "hard" : "clean";
}

/** Columns of the plot: one an agreement, wider where more clips are. */
function columnsOf(agreement, left, right) {
  const size = new Map();
  for (const a of agreement) size.set(a, (size.get(a) || 0) + 1);
  const levels = [...size.keys()].sort((a, b) => a - b);
  const least = 0.2 * Math.sqrt(agreement.length);
  const share = levels.map((a) => Math.max(Math.sqrt(size.get(a)), least));
  const total = share.reduce((a, b) => a + b, 0);
  let x = left;
  return levels.map((level, k) => {
    const width = ((right - left) * share[k]) / total;
    x += width;
    return { level, left: x - width, width, clips: size.get(level) };
  });
}

/** Steps of an axis from 0 to `top`: at most seven, of 1, 2 or 5 times a power of ten. */
function steps(top) {
  const rough = top / 6, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, k) => k * step);
}

/** Grid, columns and words of the plot. */
function axes(picture, frame, columns, y, highest) {
  const { left, right, top, bottom, height } = frame;
  const words = (text, attributes) => picture.append(svg("text", { "text-anchor": "middle", ...attributes }, text));
  for (const value of steps(highest)) {
    picture.append(svg("line", { class: "dfer-grid", x1: left, x2: right, y1: y(value), y2: y(value) }));
    words(`${+value.toFixed(3)}`, { x: left - 5, y: y(value) + 4, "text-anchor": "end" });
  }
  for (const column of columns) {
    const x = column.left + column.width / 2;
    picture.append(svg("rect", {
      class: "dfer-column", x: column.left + 1, y: top, width: column.width - 2, height: bottom - top,
    }));
    words(`${+column.level.toFixed(2)}`, { x, y: bottom + 15 });
    words(`${column.clips}`, { x, y: top - 6, class: "dfer-faint" });
  }
  const what = right > 400 ? "agreement of the sub-clips" : "agreement";
  words(`${what} (number of clips above)`, { x: (left + right) / 2, y: height - 6 });
  words("loss", { transform: `translate(11 ${(top + bottom) / 2}) rotate(-90)` });
}

/** Draw the clips; returns the picture, and `paint(group)`, which only changes the classes of the marks. */
function scatter(data, width, say) {
  const height = Math.max(280, Math.min(400, 0.62 * width));
  const frame = { left: 40, right: width - 6, top: 26, bottom: height - 42, height };
  const highest = 1.04 * Math.max(...data.loss, 0.001);
  const y = (loss) => frame.bottom - ((frame.bottom - frame.top) * loss) / highest;
  const columns = columnsOf(data.agreement, frame.left, frame.right);
  const columnAt = new Map(columns.map((column) => [column.level, column]));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  axes(picture, frame, columns, y, highest);
  const kinds = data.loss.map((_, i) => (data.truth ? markOf(data.truth[i]) : "clean"));
  const marks = data.loss.map((loss, i) => {
    const column = columnAt.get(data.agreement[i]);
    const x = column.left + 5 + (column.width - 10) * (scramble(i, 1) / 2 ** 32);
    const place = `translate(${x.toFixed(1)} ${y(loss).toFixed(1)})`;
    const mark = svg("path", { d: MARKS[kinds[i]], transform: place, "data-kind": kinds[i] });
    mark.addEventListener("pointerenter", () => say(i));
    return mark;
  });
  for (const kind of ["clean", "hard", "low_quality", "wrong"]) {
    picture.append(svg("g", {}, ...marks.filter((_, i) => kinds[i] === kind)));
  }
  const paint = (group) => group.forEach((g, i) => {
    const name = `dfer-mark dfer-${GROUPS[g]}`;
    if (marks[i].getAttribute("class") !== name) marks[i].setAttribute("class", name);
  });
  return { picture, paint };
}

/** The key of colours (groups) and, where the truth is known, of shapes. */
function legend(withTruth) {
  const entry = (kind, group, words) => {
    const path = svg("path", { d: MARKS[kind], class: `dfer-mark dfer-${group}` });
    const sample = svg("svg", { width: 14, height: 12, viewBox: "-7 -6 14 12", "aria-hidden": "true" }, path);
    return html("span", { class: "dfer-entry" }, sample, ` ${words}`);
  };
  const colours = ["noisy", "hard", "ordinary"].map((group) => entry("low_quality", group, group));
  const shapes = ["wrong", "low_quality", "hard", "clean"].map((kind) => entry(kind, "key", KIND_LABELS[kind]));
  const lines = [html("span", {}, html("b", {}, "Colour, what the rule says: "), ...colours)];
  if (withTruth) lines.push(html("span", {}, html("b", {}, "Shape, what is true: "), ...shapes));
  return html("p", { class: "dfer-legend" }, ...lines);
}

/** How large the groups are, and which clips are in them. */
function groupTable(result, withTruth) {
  const kinds = withTruth ? ["wrong", "low_quality", "hard", "clean"] : [];
  const rows = ["noisy", "hard", "ordinary"].map((name) =>
    [name, `${result[name]}`, ...kinds.map((kind) => `${result[`${name}_of_${kind}`]}`)]);
  const title = withTruth ? "Who is in each group? (A clip can have several troubles.)" : "How large is each group?";
  return table(title, [["group", "clips", ...kinds.map((kind) => KIND_LABELS[kind])], ...rows]);
}

/** What ranking by agreement adds: the same budget spent by other rankings, and what chance gives on average. */
function rankingTable(results, settings) {
  const names = Object.keys(RANKINGS), one = results.agreement, n = one.noisy + one.hard + one.ordinary;
  const row = (words, key, show, chance) => [words, ...names.map((name) => show(results[name][key])), show(chance)];
  const weight = (value) => (value === null ? "–" : value.toFixed(2));
  const noise = settings.count_low_quality ? "wrong labels and low quality" : "wrong labels";
  return table(`Does “noisy” find ${noise}, does “hard” find hard clips, and what does agreement add?`, [
    ["", ...Object.values(RANKINGS), "chance"],
    row("noisy: precision", "noisy_precision", percent, one.noisy_chance),
    row("noisy: recall", "noisy_recall", percent, one.noisy / n),
    row("hard: precision", "hard_precision", percent, one.hard_chance),
    row("hard: recall", "hard_recall", percent, one.hard / n),
    row("mean weight of a wrong label", "wrong_mean_weight", weight, one.mean_weight),
    row("wrong labels' share of the loss", "wrong_share_after", percent, one.wrong_share_before),
  ], 1 + names.indexOf(settings.ranking));
}

/** The finding in two sentences, for everybody and for screen readers. */
function finding(result, n, settings) {
  if (result.noisy_precision === undefined) {
    return `${result.noisy} of ${n} clips are called noisy and ${result.hard} hard. `
      + "Whether they are is not known for this dataset.";
  }
  const what = settings.count_low_quality ? "have a wrong label or low quality" : "have a wrong label";
  const said = (group, words) => (result[group]
    ? `Of ${result[group]} clips called ${group}, ${result[`${group}_found`]} ${words} `
      + `(${percent(result[`${group}_precision`])}; chance: ${percent(result[`${group}_chance`])}).`
    : `No clip is called ${group}.`);
  return `${said("noisy", what)} ${said("hard", "are hard")}`;
}

/** What is known of one clip, in words. */
function describe(data, group, i) {
  const words = [`Clip ${data.clip[i]}`], name = (labels) => data.expressions[labels[i]];
  const { label, true_label: truly } = data;
  if (label) words.push(`labelled ${name(label)}`);
  if (label && truly && label[i] !== truly[i]) words.push(`in truth ${name(truly)}`);
  if (data.truth) {
    words.push(KINDS.filter((kind) => kind.holds(data.truth[i])).map((kind) => kind.label).join(" and "));
  }
  return `${words.join(", ")}; agreement ${data.agreement[i]}, loss ${data.loss[i]}: ${GROUPS[group[i]]}.`;
}

const asPercent = (value) => `${value} %`;
const BLUE = "#0072B2", RED = "#D55E00", GREY = "#666666";
const SLIDERS = [
  { name: "t_h", label: "Hard: share", symbol: "t_h", max: 50, step: 1, format: asPercent, colour: BLUE },
  { name: "t_n", label: "Noisy: share", symbol: "t_n", max: 50, step: 1, format: asPercent, colour: RED },
  { name: "lambda_hard", label: "Hard: weight", symbol: "λ_hard", max: 3, step: 0.1, digits: 1, colour: BLUE },
  { name: "lambda_noisy", label: "Noisy: weight", symbol: "λ_noisy", max: 1, step: 0.05, digits: 2, colour: RED },
  {
    name: "lambda_ordinary", label: "Ordinary: weight", symbol: "λ_ordinary", max: 2, step: 0.1, digits: 1, colour: GREY,
  },
];

/** Everything on the page that stays; returns the parts that change. */
function build(model, el, data, cleanups) {
  const controls = html("div", { class: "dfer-controls", role: "group", "aria-label": "Thresholds and weights" },
    ...SLIDERS.map((options) => slider(model, options, cleanups)),
    choice(model, { name: "ranking", label: "Clips ranked by", options: RANKINGS }, cleanups));
  if (data.truth) {
    controls.append(tick(model, { name: "count_low_quality", label: "count low quality as noise too" }, cleanups));
  }
  const plot = html("div", { class: "dfer-plot" }), numbers = html("div", {});
  const hint = html("p", { class: "dfer-hint" }, "Point at a mark to see which clip it is.");
  const said = html("p", { class: "dfer-said", "aria-live": "polite" });
  const view = html("div", { class: "dfer-view" }, plot, legend(!!data.truth), hint);
  const top = html("div", { class: "dfer-top" }, controls, view);
  const root = html("div", { class: "dfer-explorer" }, top, said, numbers);
  el.append(root);
  return { root, plot, hint, said, numbers };
}

/** The tables under the picture. */
function tablesOf(results, settings, withTruth) {
  const result = results[settings.ranking];
  const terms = withTruth
    ? "Precision: share of the group that is of the kind. Recall: share of the kind that is in the group. " : "";
  const note = `${terms}Mean weight of a clip: ${result.mean_weight.toFixed(2)}; the weighted loss is `
    + `${percent(result.loss_kept)} of the plain one.`;
  const parts = [groupTable(result, withTruth), html("p", { class: "dfer-hint" }, note)];
  if (withTruth) parts.splice(1, 0, rankingTable(results, settings));
  return parts;
}

function render({ model, el }) {
  const cleanups = [], data = model.get("data"), n = data.loss.length;
  const parts = build(model, el, data, cleanups);
  let drawn = null, group = [];
  const update = () => {
    const settings = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    const all = Object.keys(RANKINGS).map((ranking) => [ranking, count(data, settings, ranking)]);
    const results = Object.fromEntries(all.map(([ranking, { result }]) => [ranking, result]));
    const result = results[settings.ranking], words = finding(result, n, settings);
    group = Object.fromEntries(all)[settings.ranking].group;
    drawn.paint(group);
    drawn.picture.setAttribute("aria-label", `Loss against agreement of ${n} clips. ${words}`);
    parts.said.textContent = words;
    parts.numbers.replaceChildren(...tablesOf(results, settings, !!data.truth));
    parts.root.dataset.counts = JSON.stringify(result);
    model.set("shown", result);
    model.save_changes();
  };
  const draw = () => {
    const width = Math.floor(parts.plot.clientWidth) || 560;
    if (drawn && drawn.width === width) return;
    drawn = { ...scatter(data, width, (i) => (parts.hint.textContent = describe(data, group, i))), width };
    parts.plot.replaceChildren(drawn.picture);
    update();
  };
  const resized = new ResizeObserver(draw);
  resized.observe(parts.plot);
  cleanups.push(() => resized.disconnect());
  draw();
  watch(model, SETTINGS, update, cleanups);
  return () => cleanups.forEach((undo) => undo());
}

export default { render };
