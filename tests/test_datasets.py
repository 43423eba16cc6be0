"""The registry of datasets: FACSimile's kinds and the licensed ones answer the same questions."""

import json

import pandas as pd
import pytest

from dfer_nb import datasets, facsimile
from dfer_nb.data import batches
from dfer_nb.data.choices import Reading
from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.data.ferv39k import SCENES
from dfer_nb.data.known import LAYOUTS
from dfer_nb.errors import BadInput
from dfer_nb.facsimile import casting


def test_names():
    films = ("dfew", "ferv39k", "mafw", "afew", "listfiles", "listfiles-mafw",
             *(f"ferv39k-{scene.lower()}" for scene in SCENES))
    assert tuple(datasets.DATASETS) == (*facsimile.KINDS, *films) and len(SCENES) == 22
    assert all(each.name == name for name, each in datasets.DATASETS.items())
    assert all(each.classes[:7] == EXPRESSIONS for each in datasets.DATASETS.values())
    assert datasets.drawn() == facsimile.KINDS
    with pytest.raises(BadInput, match="no dataset 'dfw'(.|\n)*facsimile-motion(.|\n)*dfew"):
        datasets.dataset("dfw")


def test_facsimile_is_drawn_where_it_is_asked_for(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(facsimile, "make", lambda *words, **named: asked.append((words, named)) or tmp_path)
    assert datasets.dataset("facsimile-hard").folder(str(tmp_path), 3, progress=False) == tmp_path
    datasets.dataset("facsimile").folder()
    assert asked == [(("facsimile-hard",), {"draw": 3, "base": str(tmp_path), "progress": False}),
                     (("facsimile",), {"draw": 0, "base": None, "progress": True})]


def test_facsimile_is_known_without_drawing(monkeypatch):
    monkeypatch.setattr(facsimile, "make", lambda *_, **__: pytest.fail("drawn"))
    kind = datasets.dataset("facsimile-long")
    assert kind.identity("anywhere", 2, 4, Reading(drop_missing=True)) == "facsimile-long, draw 2"


def test_facsimile_has_slices_a_truth_and_a_digest(tiny):
    kind, films = datasets.dataset("facsimile"), datasets.dataset("dfew")
    table, truth = kind.table(tiny, 2), kind.truth(tiny)
    assert set(table["split"]) == {"train", "test", "clean", *casting.SLICES}
    assert set(table["clip"]) == set(truth["clip"])
    assert kind.digest(tiny) == json.loads((tiny / "card.json").read_text(encoding="utf-8"))["frames_sha256"]
    plain = films.table(tiny, 2, Reading(scenes=True))
    pd.testing.assert_frame_equal(plain, table[table["fold"] == 2].reset_index(drop=True))
    assert films.truth(tiny) is None and films.digest(tiny) == ""


@pytest.mark.parametrize("name", [*facsimile.KINDS, *(each.name for each in LAYOUTS), "ferv39k-war"])
def test_every_dataset_has_a_sample(name, tmp_path):
    each = datasets.dataset(name)
    each.sample(tmp_path / "sample", 24)
    table, truth = each.table(tmp_path / "sample", 1), each.truth(tmp_path / "sample")
    frames = batches.cache(table, 24, 8, tmp_path / "cache", progress=False)
    assert set(table["clip"]) == set(frames.index["clip"]) and frames.n_frames.max() == 8
    assert {"train", "test"} <= set(table["split"]) and table["label"].between(0, len(each.classes) - 1).all()
    assert (truth is not None) == each.drawn and bool(table.attrs.get("read")) != each.drawn
