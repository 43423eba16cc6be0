"""What the class token looks at and loses: from records, by hand."""

import numpy as np
import pytest
from filtered import FRAMES, made

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import attention
from dfer_nb.viewing.evidence.short import of_pair, short_pairs

DRAWS = range(10, 14)


def test_which_features_are_of_irrelevant_frames():
    record = made()
    rows = record.truth[record.truth["slice"] == "irrelevant"].head(3).assign(
        irrelevant_start=[0, 22, 0], irrelevant_frames=[10, 10, 0])
    off, on = attention.irrelevant(rows, record)
    inside = [(FRAMES < 10), (FRAMES >= 22), np.zeros(16, bool)]
    for k, of in enumerate(inside):
        assert off[k].tolist() == [bool(of[t] and of[t + 1]) for t in range(15)]
        assert on[k].tolist() == [not of[t] and not of[t + 1] for t in range(15)]
    off, on = attention.put_in(["clean0", "clean1"], record)
    assert off.sum(axis=1).tolist() == [3, 3] and (~off & ~on).sum(axis=1).max() <= 2


@pytest.mark.parametrize("look", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("kind", ["", "blocked", attention.PUT_IN])
def test_how_much_an_irrelevant_frame_is_looked_at_whatever_a_token_looks_at_anyway(look, kind):
    """The token of these records looks at the last frames most; one that knows nothing gets 100."""
    found = attention.looked_at(kind)(made(look=look))
    assert found == pytest.approx(100 * look, rel=0 if look == 1 else 0.025)  # what a frame loses, others of it gain


def test_noise_in_what_is_looked_at_makes_no_difference():
    record = made(look=1.0)
    names, rng = [f"a{t}" for t in range(15)], np.random.default_rng(0)
    clips, found = record.clips, []
    for _ in range(20):
        noisy = clips[names].to_numpy() * rng.lognormal(0, 0.7, (len(clips), 15))
        record.clips = clips.assign(**dict(zip(names, noisy.T, strict=True)))
        found.append(attention.looked_at()(record))
    assert np.mean(found) == pytest.approx(100, abs=2)


def test_what_is_lost_on_the_very_same_clips():
    record = made()
    parts = record.summary["slices"]
    assert attention.lost()(record) == parts["clean"]["unfiltered"]["WAR"] - parts["foreign"]["unfiltered"]["WAR"]
    assert attention.lost(filtered=True)(record) == parts["clean"]["WAR"] - parts["foreign"]["WAR"] > 0
    slim = made(draw=11)
    slim.clips = slim.clips[["clip", "split", "label", "prediction", "unfiltered"]]
    assert attention.watched([record, slim]) == [record] and attention.lost()(slim) > 0
    with pytest.raises(BadInput, match="keep: own"):
        attention.looked_at()(slim)


def test_two_pairs_stand_in_a_table_with_their_contrast():
    looks = {"as-many": 0.5, "as-many-learned": 0.9, "no-irrelevant": 0.8, "no-irrelevant-learned": 0.9}
    records = [made(variant, draw, look=look) for variant, look in looks.items() for draw in DRAWS]
    pairs = {"seen": ("as-many", "as-many-learned"), "not seen": ("no-irrelevant", "no-irrelevant-learned"),
             "absent": ("nothing", "as-many")}
    frame = short_pairs(records, pairs, {"looked at": attention.looked_at()}, "seen less not seen").frame
    mean = {name: np.mean([attention.looked_at()(r) for r in records if r.config["variant"] == name]) for name in looks}
    seen, unseen = mean["as-many"] - mean["as-many-learned"], mean["no-irrelevant"] - mean["no-irrelevant-learned"]
    assert frame["looked at"].tolist() == [f"{mean['as-many']:.1f} less {mean['as-many-learned']:.1f}",
                                           f"{mean['no-irrelevant']:.1f} less {mean['no-irrelevant-learned']:.1f}",
                                           "not run", "–"]
    starts = [cell.split(" ")[0] for cell in frame["looked at, difference"]]
    assert starts == [f"{seen:.1f}", f"{unseen:.1f}", "not", f"{seen - unseen:.1f}"]
    assert "[" in frame.loc["seen less not seen", "looked at, difference"]
    alone = short_pairs(records, {"as-many": ("as-many", "")}, {"looked at": attention.looked_at()})
    assert alone.frame.loc["as-many", "looked at"].startswith(f"+{mean['as-many']:.1f} [")
    assert "4 draws" in alone.caption
    effect = of_pair(records, "as-many", "as-many-learned", attention.looked_at())
    assert effect.difference == pytest.approx(seen) and effect.draws == 4
    assert of_pair(records, "nothing", "as-many", attention.looked_at()) is None
