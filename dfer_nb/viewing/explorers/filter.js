// The arithmetic and the words of the snippet explorer: which snippets trip NR-DFERNet's filter, and what that does.
// snippets.py holds the same arithmetic on the probabilities themselves, and a test compares the two.

const HUNDRED = 100, THOUSAND = 1000;
const KINDS = {
  rescued: "rescued (called Neutral, now right)", broken: "broken (neutral, no longer called so)",
  moved: "wrong before and after",
};
const SETTINGS = ["mu1", "mu2", "length", "stride", "counted"];

/** Bytes in base 64, or little-endian pairs of them. */
function unpacked(text, pairs = false) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return pairs ? Uint16Array.from({ length: bytes.length / 2 }, (_, k) => bytes[2 * k] + 256 * bytes[2 * k + 1]) : bytes;
}

/** All that is stored of sets and clips, ready to be counted. */
function opened(data) {
  const limits = (one) => ({ high: unpacked(one.high), low: unpacked(one.low) });
  const sets = data.sets.map((one) => {
    const digits = Object.fromEntries(["label", "own", "otherwise"].map((name) => [name, [...one[name]].map(Number)]));
    return { ...one, ...digits, ...limits(one) };
  });
  const clips = data.clips.map((one) => ({ ...one, ...limits(one), said: unpacked(one.said, true) }));
  return { ...data, sets, clips };
}

/** Where the snippets of L frames, S apart, stand among those of 1, 2, … frames, one frame apart. */
function places(data, { length, stride }) {
  let first = 0;
  for (let width = 1; width < length; width += 1) first += data.features - width + 1;
  return Array.from({ length: Math.floor((data.features - length) / stride) + 1 }, (_, k) => first + k * stride);
}

/** How many snippets are kept of a clip. */
function keptOf(data) {
  return Array.from({ length: data.longest }, (_, k) => data.features - k).reduce((a, b) => a + b, 0);
}

/** Whether the snippet at `place` trips the filter: P_MAX > mu1 and P_NU < mu2, in hundredths (Eq. 7). */
function trips({ high, low }, place, { mu1, mu2 }) {
  return high[place] > Math.round(HUNDRED * mu1) && low[place] < Math.round(HUNDRED * mu2);
}

/** What is answered of each clip of a set. */
function answersOf(data, set, settings) {
  const at = places(data, settings), kept = keptOf(data);
  let asked = -1; // of the clips that are called Neutral, which alone can be changed
  return set.own.map((own, k) => {
    if (own !== data.neutral) return own;
    asked += 1;
    return at.some((place) => trips(set, asked * kept + place, settings)) ? set.otherwise[k] : own;
  });
}

/** Share of clips that are right, and mean of the expressions' recalls, in percent. */
function rates(label, answer) {
  const clips = new Map(), right = new Map();
  label.forEach((one, k) => {
    clips.set(one, (clips.get(one) || 0) + 1);
    right.set(one, (right.get(one) || 0) + (answer[k] === one));
  });
  const total = [...right.values()].reduce((a, b) => a + b, 0);
  const recalls = [...clips.keys()].sort().map((one) => (100 * right.get(one)) / clips.get(one));
  return { war: (100 * total) / label.length, uar: recalls.reduce((a, b) => a + b, 0) / recalls.length };
}

/** What the chosen clip's snippets say; the keys of `said` in SnippetExplorer.state. */
function saidOf(data, fact, settings) {
  const names = data.expressions, classes = names.length;
  const snippets = places(data, settings).map((place, n) => {
    const said = [...fact.said.slice(place * classes, (place + 1) * classes)], highest = Math.max(...said);
    return {
      first: n * settings.stride + 1, says: names[said.indexOf(highest)], highest: highest / THOUSAND,
      neutral: said[data.neutral] / THOUSAND, trips: trips(fact, place, settings),
    };
  });
  const turned = fact.own === data.neutral && snippets.some((one) => one.trips);
  return {
    clip: fact.clip, label: names[fact.label], without: names[fact.own],
    with: names[turned ? fact.otherwise : fact.own], snippets,
  };
}

/** All numbers that are shown; the keys of SnippetExplorer.state. */
function stateOf(data, settings, clip) {
  const set = data.sets.find((one) => one.name === settings.counted), { label, own } = set;
  const answer = answersOf(data, set, settings), before = rates(label, own), after = rates(label, answer);
  const named = (holds) => set.clip.filter((_, k) => own[k] !== answer[k] && holds(k));
  return {
    counted: set.name, clips: label.length, neutral: own.filter((one) => one === data.neutral).length,
    snippets: places(data, settings).length, war: after.war, uar: after.uar,
    war_without: before.war, uar_without: before.uar,
    rescued: named((k) => answer[k] === label[k]), broken: named((k) => own[k] === label[k]),
    moved: named((k) => own[k] !== label[k] && answer[k] !== label[k]),
    said: saidOf(data, data.clips.find((one) => one.clip === clip), settings),
  };
}

/** A set of clips in the list of sets. */
function setWords(name) {
  const share = /^neutral(\d+)$/.exec(name);
  return share ? `${share[1]} % neutral frames` : name === "test" ? "test clips" : name;
}

const many = (count, one, more) => `${count} ${count === 1 ? one : more}`;

/** A clip in the list of clips: its label, its name, and where it is from. */
function clipWords(data, { clip, label, true_label: truly, apex, set }) {
  const other = truly !== null && truly !== label ? ` (in truth ${data.expressions[truly]})` : "";
  const from = set === "test" ? "" : `, ${setWords(set)}`;
  const brief = apex && apex.reduce((a, b) => a + b, 0) <= 2 && set === "test" ? ", short apex" : "";
  return `${data.expressions[label]}${other}, clip ${clip}${from}${brief}`;
}

/** The finding on all clips in words, for everybody and for screen readers. */
function finding(state) {
  const { rescued, broken, moved } = state, changed = rescued.length + broken.length + moved.length;
  const calls = `The network calls ${state.neutral} of ${many(state.clips, "clip", "clips")} Neutral.`;
  if (!changed) return `${calls} The filter changes none of them.`;
  const gain = rescued.length - broken.length;
  const sum = gain === 0 ? "as many right as before" : `${many(Math.abs(gain), "clip", "clips")} `
    + `${gain > 0 ? "more" : "fewer"} right, WAR ${signed(state.war - state.war_without, 1)}`;
  return `${calls} The filter changes ${changed}: ${rescued.length} rescued, ${broken.length} broken, `
    + `${moved.length} wrong before and after: ${sum}.`;
}

/** Frames of a snippet, counted from 1. */
const framesOf = ({ first }, length) => (length === 1 ? `frame ${first}` : `frames ${first} to ${first + length - 1}`);

/** The finding on the chosen clip. */
function clipFinding(data, said, fact, length) {
  const all = said.snippets, guilty = all.filter((one) => one.trips);
  const sure = said.without === "Neutral" ? ` (${fact.neutral.toFixed(2)})` : "";
  const whole = `All frames together say ${said.without}${sure}`;
  const [first, ...rest] = guilty, which = rest.map((one) => all.indexOf(one) + 1).join(", ");
  const tells = first && `Snippet ${all.indexOf(first) + 1} (${framesOf(first, length)}) says ${first.says} with `
    + `${first.highest.toFixed(2)}, Neutral with ${first.neutral.toFixed(2)}`;
  const verdict = said.with === said.label ? "right" : `wrong: the label is ${said.label}`;
  if (said.without !== "Neutral") return `${whole}, ${verdict}. The filter touches no such answer.`;
  if (!first) return `${whole}, ${verdict}. No snippet trips the filter, so it stays.`;
  const kind = said.with === said.label ? "rescued" : said.label === "Neutral" ? "broken" : "still wrong";
  const others = rest.length ? ` So ${rest.length > 1 ? "do snippets" : "does snippet"} ${which}, but one is enough.` : "";
  return `${whole}. ${tells}: it trips the filter.${others} Neutral is ruled out, and ${said.with} is likeliest of the `
    + `others: ${kind}${kind === "still wrong" ? `, the label is ${said.label}` : ""}.`;
}
