"""Features on the plane, and how far apart the expressions lie."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.pictures import embedding


def make_record(spread: float, seed: int = 0):
    """70 test clips whose features lie around the corner of their expression."""
    rng = np.random.default_rng(seed)
    label = np.arange(70) % 7
    x = np.eye(7)[label] + spread * rng.standard_normal((70, 7))
    names = [f"c{n}" for n in range(70)]
    features = pd.DataFrame({"clip": names, "features": list(x.astype(np.float16))})
    clips = pd.DataFrame({"split": "test", "clip": names, "label": label, "prediction": label})
    return SimpleNamespace(clips=clips, features=features.sample(frac=1, random_state=1), truth=None, path="here",
                           summary={"reported": {"epoch": 1}})


@pytest.fixture(scope="module")
def records():
    return {"apart": make_record(0.02), "mixed": make_record(3.0)}


def test_vectors_are_standardised_and_keep_their_labels(records):
    x, label = embedding.vectors(records["apart"])
    assert x.shape == (70, 7) and np.allclose(x.mean(0), 0, atol=1e-6) and np.allclose(x.std(0), 1, atol=1e-6)
    assert (x.argmax(1) == label).all()


def test_separation_tells_the_two_apart(records):
    frame = embedding.separation(records).frame
    near = frame["right by its 5 nearest, percent"].astype(float)
    assert near["apart"] == 100 and near["mixed"] < 50
    assert float(frame.loc["apart", "silhouette"]) > 0.9 > float(frame.loc["mixed", "silhouette"])


def test_tsne_draws_every_clip_and_repeats_itself(records):
    first, second = (embedding.tsne(records) for _ in range(2))
    places = [[c.get_offsets().data for c in figure.axes[0].collections] for figure in (first, second)]
    assert sum(map(len, places[0])) == 70 and all(np.array_equal(a, b) for a, b in zip(*places, strict=True))
    assert [axes.get_title(loc="left") for axes in first.axes] == ["apart", "mixed"]


def test_a_record_without_features_says_how_to_get_them():
    record = make_record(1.0)
    record.features = None
    with pytest.raises(BadInput, match="(?s)no features.*--keep features"):
        embedding.tsne({"x": record})
