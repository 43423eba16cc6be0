// The arithmetic of the threshold explorer: which clips RDFER's Eq. 2 calls hard and noisy, and whether they are.
// explorer.py holds the same arithmetic, and a test compares the two after every move of a slider.

const WRONG = 1, LOW_QUALITY = 2, HARD = 4; // bits of `truth`
const ORDINARY_GROUP = 0, HARD_GROUP = 1, NOISY_GROUP = 2;
const GROUPS = ["ordinary", "hard", "noisy"];
const RANKINGS = {
  agreement: "agreement, then loss",
  loss: "loss alone",
  random: "one random draw",
};
const KINDS = [
  { name: "clean", label: "clean", holds: (bits) => bits === 0 },
  { name: "low_quality", label: "low quality", holds: (bits) => (bits & LOW_QUALITY) > 0 },
  { name: "hard", label: "hard", holds: (bits) => (bits & HARD) > 0 },
  { name: "wrong", label: "wrong label", holds: (bits) => (bits & WRONG) > 0 },
];
const SETTINGS = ["t_h", "t_n", "lambda_hard", "lambda_noisy", "lambda_ordinary", "ranking", "count_low_quality"];

/** What the clips are ranked by: [agreement, loss], or stand-ins for them. */
function keys(data, ranking) {
  if (ranking === "agreement") return [data.agreement, data.loss];
  const same = data.loss.map(() => 1);
  return [same, ranking === "loss" ? data.loss : data.loss.map((_, i) => scramble(i))];
}

/** Group of every clip (RDFER, Sec. III-A). Noisy: highest agreement, then largest loss. Hard: of the rest,
 *  lowest agreement, then largest loss. Ties by position. */
function groupsOf(data, ranking, tHard, tNoisy) {
  const [agreement, loss] = keys(data, ranking);
  const n = loss.length;
  const order = Array.from(loss, (_, i) => i);
  const group = new Array(n).fill(ORDINARY_GROUP);
  const nNoisy = Math.min(roundHalfEven((tNoisy / 100) * n), n);
  const nHard = Math.min(roundHalfEven((tHard / 100) * n), n - nNoisy);
  order.sort((a, b) => agreement[b] - agreement[a] || loss[b] - loss[a] || a - b);
  for (const i of order.slice(0, nNoisy)) group[i] = NOISY_GROUP;
  order.sort((a, b) => agreement[a] - agreement[b] || loss[b] - loss[a] || a - b);
  for (const i of order.filter((i) => group[i] !== NOISY_GROUP).slice(0, nHard)) group[i] = HARD_GROUP;
  return group;
}

const ratio = (part, whole) => (whole > 0 ? part / whole : null);

/** Precision and recall of a group against the clips that `isTarget`, and the precision of drawing lots. */
function detection(group, which, isTarget) {
  let chosen = 0, target = 0, both = 0;
  group.forEach((g, i) => {
    chosen += g === which;
    target += isTarget(i);
    both += g === which && isTarget(i);
  });
  return {
    found: both,
    precision: ratio(both, chosen),
    recall: ratio(both, target),
    chance: ratio(target, group.length),
  };
}

/** All the numbers that the explorer shows, for one way of ranking. */
function count(data, settings, ranking) {
  const group = groupsOf(data, ranking, settings.t_h, settings.t_n);
  const lambdas = [settings.lambda_ordinary, settings.lambda_hard, settings.lambda_noisy];
  const result = { ordinary: 0, hard: 0, noisy: 0 };
  let all = 0, kept = 0, wrong = 0, wrongKept = 0, wrongWeight = 0, wrongClips = 0, weight = 0;
  group.forEach((g, i) => {
    const w = lambdas[g], loss = data.loss[i];
    result[GROUPS[g]] += 1;
    weight += w;
    all += loss;
    kept += w * loss;
    if (data.truth && data.truth[i] & WRONG) {
      wrong += loss;
      wrongKept += w * loss;
      wrongWeight += w;
      wrongClips += 1;
    }
  });
  Object.assign(result, { mean_weight: ratio(weight, group.length), loss_kept: ratio(kept, all) });
  if (!data.truth) return { group, result };
  const noise = settings.count_low_quality ? WRONG | LOW_QUALITY : WRONG;
  const found = {
    noisy: detection(group, NOISY_GROUP, (i) => (data.truth[i] & noise) > 0),
    hard: detection(group, HARD_GROUP, (i) => (data.truth[i] & HARD) > 0),
  };
  for (const [name, numbers] of Object.entries(found)) {
    for (const [key, value] of Object.entries(numbers)) result[`${name}_${key}`] = value;
  }
  for (const [g, name] of GROUPS.entries()) {
    for (const kind of KINDS) {
      result[`${name}_of_${kind.name}`] = group.filter((x, i) => x === g && kind.holds(data.truth[i])).length;
    }
  }
  result.wrong_mean_weight = ratio(wrongWeight, wrongClips);
  result.wrong_share_before = ratio(wrong, all);
  result.wrong_share_after = ratio(wrongKept, kept);
  return { group, result };
}
