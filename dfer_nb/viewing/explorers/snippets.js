// The snippet explorer's plane of snippets, tables and controls. controls.js, filter.js and clip.js stand in front of it.

const LISTED = 12; // clips that are named

// ---------------------------------------------------------------------------------- all snippets of a set of clips

/** What the filter would make of a clip that is called Neutral. */
function fateOf({ label, otherwise }, k, neutral) {
  if (label[k] === neutral) return "broken";
  return label[k] === otherwise[k] ? "rescued" : "moved";
}

/** The snippets of a set as paths, one a fate: what their clips would become if they tripped the filter. */
function cloud(data, set, settings, x, y) {
  const at = places(data, settings), kept = keptOf(data), paths = { moved: [], broken: [], rescued: [] };
  let asked = -1;
  set.own.forEach((own, k) => {
    if (own !== data.neutral) return;
    asked += 1;
    const path = paths[fateOf(set, k, data.neutral)];
    for (const place of at.map((one) => asked * kept + one)) {
      path.push([x((set.low[place] + 0.5) / HUNDRED).toFixed(1), y((set.high[place] - 0.5) / HUNDRED).toFixed(1)]);
    }
  });
  const shapes = { rescued: ([a, b]) => `M${a} ${b}h0`, moved: ([a, b]) => `M${a} ${b}h0`,
    broken: ([a, b]) => `M${a - 2.5} ${b - 2.5}l5 5m0-5l-5 5` };
  return Object.entries(paths).map(([name, points]) =>
    svg("path", { class: `dfer-${name}`, "stroke-opacity": 0.7, d: points.map(shapes[name]).join("") }));
}

/** P_MAX against P_NU of every snippet of the clips that are called Neutral; in the corner a snippet trips. */
function plane(data, set, settings, said, width) {
  const height = Math.min(320, Math.max(230, 0.55 * width));
  const [left, right, top, bottom] = [34, width - 8, 20, height - 34];
  const x = (value) => left + (right - left) * value, y = (value) => bottom - (bottom - top) * value;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    picture.append(line(left, y(value), right, y(value)), line(x(value), top, x(value), bottom));
    picture.append(text(`${value}`, left - 5, y(value) + 4, { "text-anchor": "end" }));
    picture.append(text(`${value}`, x(value), bottom + 14, { "text-anchor": "middle" }));
  }
  const { mu1, mu2 } = settings;
  picture.append(
    text("highest probability of a snippet, P_MAX", 2, 12),
    text("its probability of Neutral, P_NU", (left + right) / 2, height - 5, { "text-anchor": "middle" }),
    svg("rect", { class: "dfer-corner", x: x(0), y: y(1), width: x(mu2) - x(0), height: y(mu1) - y(1) }),
    ...cloud(data, set, settings, x, y),
    ...said.snippets.map((one) => svg("circle", {
      class: "dfer-chosen-snippet", r: one.trips ? 6 : 4, cx: x(one.neutral), cy: y(one.highest) })));
  return picture;
}

/** The key of the plane. */
function legend() {
  const sample = (name, d) => svg("svg", { width: 14, height: 12, viewBox: "-7 -6 14 12", "aria-hidden": "true" },
    name === "chosen-snippet" ? svg("circle", { class: `dfer-${name}`, r: 4 }) : svg("path", { class: `dfer-${name}`, d }));
  const entry = (name, d, words) => html("span", { class: "dfer-entry" }, sample(name, d), ` ${words}`);
  return html("p", { class: "dfer-legend dfer-hint" },
    html("span", {}, "Each mark is a snippet of a clip that the network calls Neutral. One in the yellow corner is enough, "
      + "and the clip is ", entry("rescued", "M0 0h0", "rescued"), entry("broken", "M-2.5-2.5l5 5m0-5l-5 5", "broken"),
    entry("moved", "M0 0h0", "wrong before and after"), entry("chosen-snippet", "", "the clip below")));
}

// ----------------------------------------------------------------------------------------- numbers, lists, controls

/** Both rates without and with the filter. */
function ratesTable(state) {
  const row = (words, war, uar) => [words, war.toFixed(1), uar.toFixed(1)];
  return table(`${setWords(state.counted)} (${state.clips}), in percent`, [["", "WAR", "UAR"],
    row("without the filter", state.war_without, state.uar_without), row("with it", state.war, state.uar),
    ["difference", signed(state.war - state.war_without, 1), signed(state.uar - state.uar_without, 1)]]);
}

/** Which clips are changed; one that can be looked at is a button. */
function lists(data, state, model) {
  const set = data.sets.find((one) => one.name === state.counted), offered = new Set(data.clips.map((one) => one.clip));
  return Object.entries(KINDS).map(([kind, words]) => {
    const names = state[kind].map((clip) => {
      const label = `${data.expressions[set.label[set.clip.indexOf(clip)]]} ${clip}`;
      if (!offered.has(clip)) return label;
      const button = html("button", { type: "button", title: "Show this clip", ...KEYS }, label);
      button.addEventListener("click", () => {
        model.set("clip", clip);
        model.save_changes();
      });
      return button;
    });
    const shown = names.slice(0, LISTED).flatMap((one, k) => [k ? ", " : ": ", one]), more = names.length - LISTED;
    return html("p", {}, html("b", {}, `${state[kind].length} ${words}`), ...shown, more > 0 ? ` and ${more} more` : "");
  });
}

/** What has to be known about the numbers. */
function notes(data, state) {
  const set = data.sets.find((one) => one.name === state.counted), words = [];
  if (!set.label.includes(data.neutral)) words.push("No clip of this set is neutral: the filter can break none.");
  if (set.differs) {
    words.push(`At the run's own settings, ${many(set.differs, "clip is", "clips are")} answered otherwise than in its `
      + "record: what snippets say was computed once more, in single precision.");
  }
  if (data.absent.length) {
    const names = data.absent.map(setWords).join(", ");
    words.push(`What snippets say of the sets with ${names} is not kept with this run: they cannot be counted.`);
  }
  return words.join(" ");
}

/** A button that brings the run's own settings back. */
function reset(model, own) {
  const button = html("button", { type: "button", ...KEYS }, "Back to the run's settings");
  button.addEventListener("click", () => {
    for (const [name, value] of Object.entries(own)) model.set(name, value);
    model.save_changes();
  });
  return button;
}

/** Everything on the page that stays; returns the parts that change. */
function build(model, el, data, cleanups) {
  const two = { min: 0, max: 1, step: 0.01, digits: 2 }, whole = { min: 1, step: 1 };
  const controls = html("div", { class: "dfer-controls" },
    slider(model, { name: "mu1", label: "highest probability above", symbol: "μ_1", ...two }, cleanups),
    slider(model, { name: "mu2", label: "Neutral's probability below", symbol: "μ_2", ...two }, cleanups),
    slider(model, { name: "length", label: "length of a snippet, in frames", symbol: "L", max: data.longest, ...whole }, cleanups),
    slider(model, { name: "stride", label: "stride to the next one", symbol: "S", max: data.strides, ...whole }, cleanups),
    choice(model, { name: "counted", label: "Clips that are counted",
      options: data.sets.map((one) => [one.name, `${setWords(one.name)} (${one.label.length})`]) }, cleanups),
    reset(model, data.own));
  const [plot, numbers, changed, picture] = [html("div", { class: "dfer-plot" }), html("div", {}),
    html("div", { class: "dfer-snippet-lists" }), html("div", { class: "dfer-snippet-picture", role: "img" })];
  const said = html("p", { class: "dfer-said", "aria-live": "polite" }), hint = html("p", { class: "dfer-hint" });
  const told = html("p", { class: "dfer-said", "aria-live": "polite" }), key = html("p", { class: "dfer-hint" });
  const form = html("form", { class: "dfer-snippet-form", "aria-label": "Clip" },
    choice(model, { name: "clip", label: "A clip: its label and name",
      options: data.clips.map((one) => [one.clip, clipWords(data, one)]) }, cleanups),
    steppers(model, data.clips.map((one) => one.clip)));
  form.addEventListener("submit", (event) => event.preventDefault());
  const root = html("div", { class: "dfer-explorer dfer-snippets" },
    html("div", { class: "dfer-top" }, controls, html("div", { class: "dfer-view" }, plot, legend())),
    said, html("div", { class: "dfer-snippet-counts" }, numbers, changed), hint, form, told, picture, key);
  el.append(root);
  return { root, plot, numbers, changed, picture, said, hint, told, key };
}

function render({ model, el }) {
  const cleanups = [], data = opened(model.get("data")), parts = build(model, el, data, cleanups);
  const draw = () => {
    const settings = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    const state = stateOf(data, settings, model.get("clip")), words = finding(state);
    const set = data.sets.find((one) => one.name === settings.counted);
    const fact = data.clips.find((one) => one.clip === state.said.clip);
    const wide = (part) => Math.floor(part.clientWidth) || 560;
    const map = plane(data, set, settings, state.said, wide(parts.plot));
    map.setAttribute("aria-label", `Snippets by their highest probability and Neutral's. ${words}`);
    parts.plot.replaceChildren(map);
    parts.picture.replaceChildren(...clipPicture(data, fact, state.said, settings, wide(parts.picture)));
    parts.key.replaceChildren(...colourKey(data, parts.picture));
    parts.picture.setAttribute("aria-label", pictureWords(state.said, fact, settings.length));
    parts.said.textContent = words;
    parts.told.textContent = clipFinding(data, state.said, fact, settings.length);
    parts.numbers.replaceChildren(ratesTable(state));
    parts.changed.replaceChildren(...lists(data, state, model));
    parts.hint.textContent = notes(data, state);
    parts.root.dataset.shown = JSON.stringify(state);
    model.set("shown", state);
    model.save_changes();
  };
  let drawnAt = null;
  const fit = () => {
    const now = `${parts.plot.clientWidth} ${parts.picture.clientWidth}`;
    if (now === drawnAt) return;
    drawnAt = now;
    draw();
  };
  const resized = new ResizeObserver(fit);
  resized.observe(parts.plot);
  resized.observe(parts.picture);
  cleanups.push(() => resized.disconnect());
  fit();
  watch(model, [...SETTINGS, "clip"], draw, cleanups);
  return () => cleanups.forEach((undo) => undo());
}

export default { render };
