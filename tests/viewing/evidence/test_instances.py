"""What instances say against a known apex: by hand on made-up instances."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from dfer_nb.data.expressions import EXPRESSIONS
from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import instances
from dfer_nb.viewing.pictures import bags as bag_pictures

FRAMES = np.full((16, 8, 8, 3), 120, np.uint8)
EMPTY = {"low_quality": False, "hard": False, "irrelevant": False}


def make_record(rows: list[dict], **columns):
    """A record of bags: rows of test clips of 32 raw frames, as `Record` gives them."""
    defaults = {"split": "test", "epoch": 0, "n_frames": 32} | EMPTY | {f"p{k}": 1 / 7 for k in range(7)} | columns
    table = pd.DataFrame([defaults | row for row in rows])
    truth = [name for name in ("true_label", "apex_start", "apex_end", "n_frames", *EMPTY) if name in table]
    return SimpleNamespace(clips=table.drop(columns=truth), truth=table[["clip", *truth]],
                           summary={"reported": {"epoch": 1}}, config={"fold": 1, "draw": 0, "seed": 0})


def bag(clip, label, said, apex=(8, 16), support=None, attention=None, answer=None):
    """A bag of four: frames 8 to 15 of the raw video are those of its second instance."""
    row = {"clip": clip, "label": label, "true_label": label, "apex_start": apex[0], "apex_end": apex[1],
           "prediction": label if answer is None else answer, **{f"i{n}": k for n, k in enumerate(said)}}
    for letter, values in (("c", support), ("a", attention)):
        row |= {f"{letter}{n}": v for n, v in enumerate(values or ())}
    return row


@pytest.fixture(scope="module")
def record():
    rows = [bag("x", 1, [2, 1, 0, 2], support=[0, 3, 1, 1], attention=[0.4, 0.3, 0.2, 0.1]),
            bag("y", 5, [5, 5, 2, 2], apex=(10, 18), support=[0, 0, 2, 9], attention=[0, 1, 0, 0]),
            bag("neutral", 2, [2] * 4, support=[1] * 4, attention=[1, 0, 0, 0]),
            bag("everywhere", 0, [0] * 4, apex=(0, 32), support=[1] * 4, attention=[1, 0, 0, 0]),
            bag("wrong", 3, [0] * 4, support=[1] * 4, attention=[0, 1, 0, 0], answer=0)]
    return make_record(rows)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def test_the_apex_is_counted_in_the_frames_that_the_instances_hold(record):
    rows = instances.reported_rows(record, "test").set_index("clip")
    assert instances.in_apex(rows.loc[["x", "y"]], 4).tolist() == [[0, 1, 0, 0], [0, 0.75, 0.25, 0]]
    assert instances.in_apex(rows.loc[["x"]], 16)[0].tolist() == [0] * 4 + [1] * 4 + [0] * 8  # frames 1, 3, 5, …
    assert instances.bag_size(rows) == 4 and instances.bag_size(rows[["label"]]) == 1


def test_one_line_an_instance(record):
    one = instances.instance_table(instances.reported_rows(record, "test"))
    assert len(one) == 5 * 4 and "gate" not in one
    assert one.iloc[5].to_dict() == {"clip": "y", "instance": 1, "label": 5, "answer": 5, "prediction": 5,
                                     "support": 0.0, "attention": 1.0, "apex": 0.75}
    with pytest.raises(BadInput, match="no column i0"):
        instances.instance_table(pd.DataFrame({"clip": ["a"], "label": [0], "prediction": [0]}))


def test_clips_whose_apex_cannot_be_missed_are_left_out(record):
    assert instances.missable(record)["clip"].tolist() == ["0:x", "0:y", "0:wrong"]


def test_right_alone_in_and_outside_the_apex(record):
    frame = instances.alone_table({"ours": record}).frame.loc["ours"]
    # at least half inside: x's, y's and wrong's second instance; none inside: 3 + 2 + 3 others
    assert frame["in the apex"] == "67" and frame["outside"] == "12"
    assert frame["in the apex, bag wrong"] == "0"
    assert frame["neighbours agree"] == "56"  # x: none of 3, y: 2 of 3, wrong: 3 of 3


def test_a_cell_is_a_mean_over_draws_with_an_interval_from_four_on(record):
    says_nothing = make_record([bag("x", 1, [2] * 4, support=[0, 3, 1, 1])])
    draws = [SimpleNamespace(**vars(r) | {"config": {"fold": 1, "draw": k, "seed": k}})
             for k, r in enumerate([record, record, record, says_nothing])]
    table = instances.alone_table({"ours": draws})
    assert "4 draws of each" in table.caption
    half = t.ppf(0.975, 3) * 12.5 / 2 / 2  # 12.5, 12.5, 12.5 and 0 percent outside: mean 9.4, their spread is 6.25
    assert table.frame.loc["ours", "outside"] == f"9 (0 to {9.375 + half:.0f})"
    assert table.frame.loc["ours", "in the apex, bag wrong"] == "0"  # the last draw has no bag that is wrong
    assert instances.alone_table({"ours": draws[1:]}).frame.loc["ours", "in the apex"] == "44"
    assert instances.missable(draws[:2])["clip"].tolist()[3:] == ["1:x", "1:y", "1:wrong"]


def test_which_instance_carries_the_bag(record):
    frame = instances.carrier_table({"ours": record}).frame.loc["ours"]
    # of x and y, whose bags are right: support is largest at 1 (inside) and 3 (outside), attention at 0 and 1;
    # place 0 touches no apex, place 1 both, place 2 one, place 3 none
    assert frame["bags"] == "2" and frame["most support"] == "50, shuffled 50"
    assert frame["most attention"] == "50, shuffled 50" and frame["most gate"] == "–"


def test_what_the_place_alone_gives_is_no_evidence():
    always_second = [bag(str(n), 1, [1] * 4, (8, 16) if n % 2 else (16, 24), [0, 5, 0, 0], [0.1, 0.7 + n / 99, 0.1, 0])
                     for n in range(8)]
    frame = instances.carrier_table({"ours": make_record(always_second)}).frame.loc["ours"]
    assert frame["most support"] == "50, shuffled 50" and frame["r of support"] == "0.00"
    follows = [bag(str(n), 1, [1] * 4, (8, 16) if n % 2 else (16, 24), [0, n % 2, 1 - n % 2, 0]) for n in range(8)]
    frame = instances.carrier_table({"ours": make_record(follows)}).frame.loc["ours"]
    assert frame["most support"] == "100, shuffled 50" and frame["r of support"] == "1.00"


def test_profile_has_a_panel_for_what_the_record_has(record):
    figure = bag_pictures.profile(record)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["support", "attention"]
    line = figure.axes[0].lines[0]
    # second places: 3, 0 and 1, mean 4/3; y's, three quarters inside, is 4/3 below it
    assert line.get_xdata().tolist() == [0, 0.25, 0.75, 1] and line.get_ydata()[2] == pytest.approx(-4 / 3)


def test_records_that_do_not_know_are_refused(record):
    bare = make_record([bag("x", 1, [1] * 4)])
    with pytest.raises(BadInput, match="no column c0"):
        bag_pictures.profile(bare)
    films = SimpleNamespace(**vars(record) | {"truth": None})
    with pytest.raises(BadInput, match="no column apex_start"):
        instances.carrier_table({"films": films})
    with pytest.raises(BadInput, match="no network to show"):
        bag_pictures.along(FRAMES, {})
    row = bag_pictures.clip_rows({"slim": record}, "x")["slim"].drop([f"p{k}" for k in range(7)])
    with pytest.raises(BadInput, match="no column p0"):
        bag_pictures.along(FRAMES, {"slim": row})


def test_along_says_each_instance_and_the_answer(record):
    rows = bag_pictures.clip_rows({"ours": record}, "x")
    figure = bag_pictures.along(FRAMES, rows, "a title")
    assert texts(figure) == ["a title", "▬ apex", "ours", "Neutral", "Sad", "Happy", "Neutral", "✓ Sad 0.14"]
    wrong = texts(bag_pictures.along(FRAMES, bag_pictures.clip_rows({"ours": record}, "wrong")))
    assert wrong[-1] == "✗ Happy 0.14"


def test_a_plain_network_and_a_neutral_clip(record):
    plain = make_record([bag("neutral", 2, [])])
    said = texts(bag_pictures.along(FRAMES, bag_pictures.clip_rows({"plain": plain, "bag": record}, "neutral")))
    assert said == ["plain", "Neutral", "✓ Neutral 0.14", "bag", *["Neutral"] * 4, "✓ Neutral 0.14"]


def test_inside_shows_the_numbers_of_every_instance(record):
    said = texts(bag_pictures.inside(FRAMES, bag_pictures.clip_rows({"ours": record}, "x")["ours"]))
    assert said[said.index("support") + 1:] == ["0.00", "3.00", "1.00", "1.00", "attention", "0.40", "0.30", "0.20",
                                                "0.10"]


@pytest.mark.parametrize("frames", [FRAMES[:4], FRAMES.astype(float), FRAMES[..., 0]])
def test_other_frames_are_refused(record, frames):
    with pytest.raises(BadInput, match="give 16 uint8 frames"):
        bag_pictures.along(frames, bag_pictures.clip_rows({"ours": record}, "x"))


def test_a_clip_that_a_record_lacks_is_refused(record):
    with pytest.raises(BadInput, match="no clip 'z' in the split 'test' of ours"):
        bag_pictures.clip_rows({"ours": record}, "z")


def test_clips_are_chosen_by_what_they_are_not_by_what_is_said_of_them():
    apexes = {"hidden": (8, 9), "half": (8, 22), "long": (4, 30), "dark": (8, 16)}
    rows = [bag(name, 1, [0] * 4, apex, answer=0) | {"low_quality": name == "dark"} for name, apex in apexes.items()]
    record = make_record([row | {f"c{n}": 0 for n in range(4)} for row in [*rows, bag("fear", 6, [2] * 4)]])
    assert bag_pictures.choose(record, [EXPRESSIONS.index("Sad"), 6, 0]) == ["half", "fear"]
