"""Nothing but the faces tells a label, and nothing at all which labels are wrong: no network can learn a short cut.

Each thing that can be measured is asked by itself, label by label (a rank test, corrected for the seven labels), and
all of them together by trees. Some two hundred questions are asked of fixed data, so that a chance below one in ten
thousand counts. A shift of a label by half a standard deviation is seen; of the sizes of files, of which few are made,
one by a whole one. What is exempt, and why:
- the clip's number, for wrong labels: a run of one label is a row of neighbours, as an annotator leaves them;
- clips of low quality, for wrong labels: there labels are wrong the more often the worse the picture is, by design, so
  darkness and blur may tell something. In all other clips they tell nothing;
- the size of a file, for the label: an open mouth takes more bits. No network is shown it.
"""

from functools import cache

import cv2
import numpy as np
import pytest
from scipy.stats import mannwhitneyu, rankdata
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from dfer_nb import facsimile
from dfer_nb.data import film
from dfer_nb.facsimile import casting, dataset, storyboard
from dfer_nb.facsimile.styles import STYLES

KINDS = [kind for kind in facsimile.KINDS if not STYLES[kind].clips_of]
DRAW, FILED = 9, 120  # clips that are written to files
RARE = 1e-4  # a chance below it counts


@cache
def plan(kind):
    """The clips of the five folds in a random order."""
    table = casting.plan(kind, DRAW, **casting.SIZES).query("fold > 0").sample(frac=1, random_state=0)
    return table.assign(wrong=table.given_label != table.true_label)


def traits(frames):
    """What can be measured of a clip without looking at the face: name -> numbers; frames (T, S, S, 3)."""
    pixels, size = frames.astype(float), frames.shape[1]
    corners = [pixels[:, y, x].mean(axis=(0, 1, 2)) for y in (slice(6), slice(-6, None))
               for x in (slice(6), slice(-6, None))]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    edges = np.array([cv2.Laplacian(image, cv2.CV_64F) for image in grey])
    sides = np.concatenate([edges[:, :, :8], edges[:, :, size - 8 :]], axis=2)
    return {
        "brightness": [pixels.mean(), pixels.std()],
        "background": pixels[:, :, [0, 1, -2, -1]].mean(axis=(0, 1, 2)),
        "corner colour": np.concatenate(corners),
        "grain": [sides.std()],
        "sharpness": [np.log1p(np.abs(np.concatenate([sides[:, :8], sides[:, -8:]], axis=1)).mean())],
    }


@cache
def measured(kind):
    """Traits of a frame of every clip of the plan, before most of them move: name -> (clips, ...)."""
    found = [traits(dataset.render(row, kind, DRAW, 56, (3,))[0]) for row in plan(kind).itertuples()]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


@pytest.fixture(scope="module")
def file_sizes(tmp_path_factory):
    """File sizes of clips cut down to every fourth frame, by kind (FILED,)."""
    folder, found = tmp_path_factory.mktemp("files"), {}
    for kind in KINDS:
        sizes, path = [], folder / "clip.mp4"
        for row in plan(kind).head(FILED).itertuples():
            film.write(path, dataset.render(row, kind, DRAW, 112, range(0, STYLES[kind].n_frames, 4))[0])
            sizes.append(path.stat().st_size)
        found[kind] = np.array(sizes, float)
    return found


def chance(values, target):
    """How often a target (N,) that has nothing to do with the values (N,) or (N, F) would go with them as much.

    The smallest over columns and values of the target of a rank test of one against the rest, times their number.
    """
    columns, target = np.reshape(values, (len(target), -1)), np.asarray(target)
    classes = np.unique(target)[: None if len(np.unique(target)) > 2 else 1]
    lots = [mannwhitneyu(x[target == k], x[target != k]).pvalue for x in columns.T for k in classes]
    return min(lots) * len(lots)


def told_by_trees(values, target):
    """How much better than by chance a target (N,) is guessed from values (N, F) by trees, in cross-validation.

    AUC, the mean over clips of that of their class, less a bound: 4 standard deviations above the mean AUC of the same
    guesses for shuffled targets.
    """
    model = ExtraTreesClassifier(60, min_samples_leaf=5, class_weight="balanced", random_state=0)
    folds, target, rng = StratifiedKFold(5, shuffle=True, random_state=0), np.asarray(target), np.random.default_rng(0)
    ranks = rankdata(cross_val_predict(model, values, target, cv=folds, method="predict_proba"), axis=0)
    shown = target[:, None] == np.unique(target)  # [N, C]

    def area(shown):
        positive, n = shown.sum(axis=0), len(shown)
        areas = ((ranks * shown).sum(axis=0) - positive * (positive + 1) / 2) / positive / (n - positive)
        return (positive * areas).sum() / n

    by_lot = [area(shown[rng.permutation(len(shown))]) for _ in range(200)]
    return area(shown) - np.mean(by_lot) - 4 * np.std(by_lot)


@pytest.mark.parametrize("label", range(7))
def test_a_leak_would_be_seen(label):
    table, values = plan("facsimile"), measured("facsimile")
    of = (table.true_label == label).to_numpy()
    shift = 0.5 if of.mean() > 0.1 else 0.75  # Disgust has 70 clips, Fear 105
    assert chance(values["brightness"][:, 0] + shift * of * values["brightness"][:, 0].std(), table.true_label) < RARE
    wrong = 0.5 * table.wrong.to_numpy()
    assert chance(values["grain"][:, 0] + wrong * values["grain"][:, 0].std(), table.wrong) < RARE


def test_trees_would_see_a_leak_that_no_trait_shows_by_itself():
    table, lots = plan("facsimile"), np.random.default_rng(0)
    x, y = lots.normal(size=(2, len(table)))
    for target in (table.true_label == 0, table.wrong):
        together = np.stack([x, np.where(target, np.sign(x) * np.abs(y), y)], axis=1)
        assert chance(together, target) > RARE and told_by_trees(together, target) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_tell_nothing(kind):
    table, values = plan(kind), measured(kind)
    good, together = (table.quality_kind == "").to_numpy(), np.concatenate(list(values.values()), axis=1)
    for name, each in values.items():
        assert chance(each, table.true_label) > RARE, f"{name}: the label"
        assert chance(each[good], table.wrong[good]) > RARE, f"{name}: wrong labels"
    assert told_by_trees(together, table.true_label) <= 0
    assert told_by_trees(together[good], table.wrong[good]) <= 0


@pytest.mark.parametrize("kind", [kind for kind in facsimile.KINDS if kind not in KINDS and STYLES[kind].wrong])
def test_pictures_tell_nothing_of_the_wrong_labels_of_the_ladder(kind):
    table, whose = plan(kind), STYLES[kind].clips_of
    assert (table.number == plan(whose).number).all() and (table.wrong != plan(whose).wrong).any()
    good, values = (table.quality_kind == "").to_numpy(), measured(whose)
    for name, each in values.items():
        assert chance(each[good], table.wrong[good]) > RARE, name
    assert told_by_trees(np.concatenate(list(values.values()), axis=1)[good], table.wrong[good]) <= 0


@pytest.mark.parametrize("kind", KINDS)
def test_files_tell_nothing_of_wrong_labels(kind, file_sizes):
    table = plan(kind).head(FILED)
    good = (table.quality_kind == "").to_numpy()
    assert chance(file_sizes[kind][good], table.wrong[good]) > RARE


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_and_people_tell_nothing(kind):
    table = plan(kind)
    for name in ("number", "identity", "other_identity"):
        assert chance(table[name].to_numpy(float), table.true_label) > RARE, name
        assert told_by_trees(table[[name]].to_numpy(float), table.true_label) <= 0, name
        assert name == "number" or chance(table[name].to_numpy(float), table.wrong) > RARE, name
        assert name == "number" or told_by_trees(table[[name]].to_numpy(float), table.wrong) <= 0, name
    lengths = {len(storyboard.script(row, kind, DRAW).views) for row in table.head(50).itertuples()}
    assert lengths == {STYLES[kind].n_frames}


@pytest.mark.parametrize("kind", KINDS)
def test_bad_pictures_are_labelled_wrongly_more_often(kind):
    bad = plan(kind).query("quality_kind != ''")
    mild, severe = (bad[bad.severity.between(*ends)].wrong.mean() for ends in ((0, 0.5), (0.5, 1)))
    share = STYLES[kind].wrong
    assert mild == pytest.approx(0.5 * share, abs=0.04) and severe == pytest.approx(1.5 * share, abs=0.04)
