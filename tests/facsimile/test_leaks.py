"""Nothing but the faces tells a label, and nothing at all which labels are wrong: no network can learn a short cut.

What could give something away is guessed from by neighbours and by trees, in cross-validation, and the guesses may be
no better than against shuffled labels. Some sixty questions are asked, so the bound is wide: 4 standard deviations.
What is exempt, and why:
- the clip's number, for wrong labels: a run of one label is a row of neighbours, as an annotator leaves them;
- clips of low quality, for wrong labels: there labels are wrong the more often the worse the picture is, by design, so
  darkness and blur may tell something. In all other clips they tell nothing.
"""

from functools import cache

import cv2
import numpy as np
import pytest
from scipy.stats import rankdata
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dfer_nb import facsimile
from dfer_nb.data import film
from dfer_nb.data.expressions import NEUTRAL
from dfer_nb.facsimile import casting, dataset, storyboard
from dfer_nb.facsimile.styles import STYLES

KINDS = [kind for kind in facsimile.KINDS if not STYLES[kind].clips_of]
DRAW, SHOWN, FILED = 9, 600, 120  # clips that are looked at, and among them those that are written to files


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
    edges = [cv2.Laplacian(image, cv2.CV_64F) for image in grey]
    return {
        "brightness": [pixels.mean(), pixels.std()],
        "background": pixels[:, :, [0, 1, -2, -1]].mean(axis=(0, 1, 2)),
        "corner colour": np.concatenate(corners),
        "grain": [np.mean([edge[:, :8].std() + edge[:, size - 8 :].std() for edge in edges])],
        "sharpness": [np.log1p(np.mean([edge.var() for edge in edges]))],
    }


@cache
def measured(kind):
    """Traits of the first clips of the plan: name -> (SHOWN, ...)."""
    found = [traits(dataset.render(row, kind, DRAW, 56, (3, STYLES[kind].n_frames - 4))[0])
             for row in plan(kind).head(SHOWN).itertuples()]
    return {name: np.array([each[name] for each in found]) for name in found[0]}


@pytest.fixture(scope="module")
def file_sizes(tmp_path_factory):
    """File sizes of clips cut down to every fourth frame, by kind (FILED, 1)."""
    folder, found = tmp_path_factory.mktemp("files"), {}
    for kind in KINDS:
        sizes, path = [], folder / "clip.mp4"
        for row in plan(kind).head(FILED).itertuples():
            film.write(path, dataset.render(row, kind, DRAW, 112, range(0, STYLES[kind].n_frames, 4))[0])
            sizes.append([path.stat().st_size])
        found[kind] = np.array(sizes)
    return found


def told(values, target, trees=False):
    """How much better than by chance a target (N,) is guessed from values (N, F): AUC, mean over classes, less a bound.

    The bound: 4 standard deviations above the mean AUC of the same guesses for shuffled targets.
    """
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(15))
    if trees:
        model = ExtraTreesClassifier(60, min_samples_leaf=5, class_weight="balanced", random_state=0)
    folds, target, rng = StratifiedKFold(5, shuffle=True, random_state=0), np.asarray(target), np.random.default_rng(0)
    ranks = rankdata(cross_val_predict(model, values, target, cv=folds, method="predict_proba"), axis=0)
    shown = target[:, None] == np.unique(target)  # [N, C]

    def area(shown):
        positive, n = shown.sum(axis=0), len(shown)
        return (((ranks * shown).sum(axis=0) - positive * (positive + 1) / 2) / positive / (n - positive)).mean()

    chance = [area(shown[rng.permutation(len(shown))]) for _ in range(200)]
    return area(shown) - np.mean(chance) - 4 * np.std(chance)


def test_it_would_see_a_leak():
    table, values = plan("facsimile").head(SHOWN), measured("facsimile")["brightness"]
    assert told(values + 15 * (table.true_label.to_numpy() == 0)[:, None], table.true_label) > 0
    assert told(values + 25 * table.wrong.to_numpy()[:, None], table.wrong) > 0
    assert told(values + 25 * table.wrong.to_numpy()[:, None], table.wrong, trees=True) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_tell_nothing(kind):
    table, values = plan(kind).head(SHOWN), measured(kind)
    good, together = (table.quality_kind == "").to_numpy(), np.concatenate(list(values.values()), axis=1)
    for name, each in values.items():
        assert told(each, table.true_label) <= 0, f"{name}: the label"
        assert told(each[good], table.wrong[good]) <= 0, f"{name}: wrong labels"
    assert told(together, table.true_label, trees=True) <= 0
    assert told(together[good], table.wrong[good], trees=True) <= 0


@pytest.mark.parametrize("kind", KINDS)
def test_files_tell_nothing(kind, file_sizes):
    table = plan(kind).head(FILED)
    good, shows = (table.quality_kind == "").to_numpy(), (table.true_label != NEUTRAL).to_numpy()
    assert told(file_sizes[kind], table.true_label) <= 0
    assert told(file_sizes[kind][shows], table.true_label[shows]) <= 0
    assert told(file_sizes[kind][good], table.wrong[good]) <= 0


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_and_people_tell_nothing(kind):
    table = plan(kind)
    for name in ("number", "identity", "other_identity"):
        assert told(table[[name]].to_numpy(float), table.true_label) <= 0, name
        assert name == "number" or told(table[[name]].to_numpy(float), table.wrong) <= 0, name
    lengths = {len(storyboard.script(row, kind, DRAW).views) for row in table.head(50).itertuples()}
    assert lengths == {STYLES[kind].n_frames}


@pytest.mark.parametrize("kind", KINDS)
def test_bad_pictures_are_labelled_wrongly_more_often(kind):
    bad = plan(kind).query("quality_kind != ''")
    mild, severe = (bad[bad.severity.between(*ends)].wrong.mean() for ends in ((0, 0.5), (0.5, 1)))
    share = STYLES[kind].wrong
    assert mild == pytest.approx(0.5 * share, abs=0.04) and severe == pytest.approx(1.5 * share, abs=0.04)
