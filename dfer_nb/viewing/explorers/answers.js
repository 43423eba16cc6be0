// The arithmetic and the words of the bag explorer: what a bag of instances says, and which of them carry it.
// bag_explorer.py holds the same arithmetic, and a test compares the two for every clip and bag size.

const LENGTH = 16; // frames of a clip

/** What is shown of the clip at place `k` in bags of `size`; the keys of `BagExplorer.state`. */
function stateOf(data, k, size) {
  const fact = data.clips[k], answer = data.bags.find((bag) => bag.bag_size === size).answers[k];
  const said = answer.prediction, name = (label) => (label === null ? null : data.expressions[label]);
  const length = LENGTH / size;
  const instances = answer.i.map((prediction, n) => ({
    prediction: name(prediction),
    support: answer.c[n],
    gate: answer.g && answer.g[n],
    attention: answer.a && answer.a[n],
    apex: fact.apex && fact.apex.slice(n * length, (n + 1) * length).reduce((a, b) => a + b, 0) / length,
  }));
  return {
    clip: fact.clip, bag_size: size, label: name(fact.label), true_label: name(fact.true_label), answer: name(said),
    probability: answer.p[said], right: said === fact.label, probabilities: answer.p,
    agree: answer.i.filter((label) => label === said).length, instances,
    strongest: instances.length ? answer.c.indexOf(Math.max(...answer.c)) + 1 : null,
  };
}

/** A clip in the list of clips. */
function clipWords(data, { clip, label, true_label: truly }) {
  const other = truly !== null && truly !== label ? ` (in truth ${data.expressions[truly]})` : "";
  return `${data.expressions[label]}${other}, clip ${clip}`;
}

/** Where the frames of an instance lie, as the end of a sentence; empty where no apex is known. */
function whereabouts(share, length) {
  if (share === null) return "";
  const inside = Math.round(share * length);
  if (length === 1) return `, whose frame lies ${inside ? "in" : "outside"} the apex`;
  if (inside === 0) return ", whose frames lie outside the apex";
  if (inside === length) return `, whose ${length} frames all lie in the apex`;
  return `, with ${inside} of its ${length} frames in the apex`;
}

/** The finding in words, for everybody and for screen readers. */
function finding(state) {
  const { bag_size: size, answer, agree, strongest, instances } = state;
  const truth = state.true_label && state.true_label !== state.label ? ` (in truth ${state.true_label})` : "";
  const right = truth ? "as the label says" : "which is right";
  const verdict = `${answer} (${state.probability.toFixed(2)}), `
    + `${state.right ? right : `but the label is ${state.label}`}${truth}.`;
  if (!instances.length) return `No bag: a plain network takes all ${LENGTH} frames at once and says ${verdict}`;
  const alone = agree === 1 ? "says" : "say";
  const one = instances[strongest - 1];
  const seen = instances.some((instance) => instance.apex > 0); // an apex can be too short for the 16 frames
  const most = one.support > 0
    ? `Most support comes from instance ${strongest}${whereabouts(seen ? one.apex : null, LENGTH / size)}.`
    : "No instance supports this answer more than it supports the average class.";
  return `${size} instances: the bag says ${verdict} ${agree} of ${size} instances ${alone} ${answer} alone. ${most}`;
}

/** All that the picture shows, for those who cannot see it. */
function pictureWords(state, fact) {
  const where = (flags, words) => {
    if (!flags || !flags.includes(1)) return "";
    return `; ${words} frames ${flags.indexOf(1)} to ${flags.lastIndexOf(1)}`;
  };
  const known = where(fact.apex, "the apex is in") + where(fact.irrelevant, "irrelevant are");
  const words = state.instances.map(({ prediction, support, attention, gate }, n) => [
    `instance ${n + 1} says ${prediction}`, `support ${signed(support, 2)}`,
    ...(attention === null ? [] : [`attention ${percent(attention)}`]),
    ...(gate === null ? [] : [`gate ${gate.toFixed(2)}`]),
  ].join(", "));
  return [`Film strip of ${LENGTH} frames in the order of time${known}`, ...words].join("; ") + ".";
}
