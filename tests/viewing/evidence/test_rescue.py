"""What the filter turns and gains, the parts of the network, and what its token looks at: from records, by hand."""

import numpy as np
import pandas as pd
import pytest
from filtered import FRAMES, made

from dfer_nb.errors import BadInput
from dfer_nb.training import metrics
from dfer_nb.viewing.evidence import attention, components, rescue
from dfer_nb.viewing.evidence.short import short_numbers

DRAWS = range(10, 14)
SKILLS = {"baseline-filter": 2.0, "token-filter": 2.2, "fusion-filter": 3.0, "nr_dfernet": 3.3}


@pytest.fixture(scope="module")
def records():
    return [made(variant, draw, skill) for variant, skill in SKILLS.items() for draw in DRAWS]


def test_four_trainings_are_the_eight_rows_of_table_1(records):
    rows = components.components(records)
    assert {row.config["variant"] for row in rows} == set(components.SWITCHES) and len(rows) == 2 * len(records)
    alone = next(row for row in rows if row.config["variant"] == "fusion" and row.config["draw"] == 11)
    own = next(row for row in records if row.config["variant"] == "fusion-filter" and row.config["draw"] == 11)
    assert alone.summary["reported"]["WAR"] == own.summary["reported"]["unfiltered"]["WAR"]


def test_what_a_part_adds_is_the_mean_over_what_is_beside_it(records):
    rows = components.components(records)
    war = {(r.config["variant"], r.config["draw"]): r.summary["reported"]["WAR"] for r in rows}
    for part, effect in components.switched(rows).items():
        gains = [np.mean([war[row, draw] for row, on in components.SWITCHES.items() if part in on.split()])
                 - np.mean([war[row, draw] for row, on in components.SWITCHES.items() if part not in on.split()])
                 for draw in DRAWS]
        assert effect.difference == pytest.approx(np.mean(gains)) and effect.draws == 4
    assert components.switched(rows)["DSF"].low > 0


def test_the_parts_need_all_their_rows(records):
    few = components.components(r for r in records if r.config["variant"] != "token-filter")
    assert set(components.switched(few).values()) == {None} and rescue.gain([], "nr_dfernet") is None


def test_what_the_filter_turns_by_hand():
    #        missed and rescued, missed and renamed, missed and kept, broken, kept, never called Neutral
    clips = pd.DataFrame({"split": "test", "clip": list("abcdef"), "label": [0, 1, 3, 2, 2, 5],
                          "unfiltered": [2, 2, 2, 2, 2, 5], "prediction": [0, 4, 2, 6, 2, 5]})
    record = made()
    record.clips, record.truth = clips, None
    assert rescue.turned(record, "test") == {"clips": 6, "missed": 3, "rescued": 1, "renamed": 1, "neutral": 2,
                                             "broken": 1}


def test_the_gain_is_paired_by_draw(records):
    own = [r for r in records if r.config["variant"] == "nr_dfernet"]
    gains = [r.summary["slices"]["clean"]["WAR"] - r.summary["slices"]["clean"]["unfiltered"]["WAR"] for r in own]
    found = rescue.gain(records, "nr_dfernet", "clean")
    assert found.difference == pytest.approx(np.mean(gains)) and found.draws == 4 and any(gains)
    turned = rescue.turned(own[0], "clean")
    assert gains[0] == pytest.approx(100 * (turned["rescued"] - turned["broken"]) / turned["clips"])


def test_a_table_of_what_is_turned(records):
    table = rescue.turned_table(records, ["nr_dfernet", "absent"], ["test", "short_apex"])
    assert list(table.frame.index) == ["nr_dfernet, test", "nr_dfernet, short apex", "absent, test",
                                       "absent, short apex"]
    assert set(table.frame.loc["absent, test"]) == {"not run"} and "Bonferroni" in table.note
    assert table.frame.loc["nr_dfernet, test", "called Neutral, and are not"].endswith(" of 140")


def test_other_snippets_and_thresholds_are_asked_of_what_is_kept(records):
    asked = {"usual": (3, 2, 0.3, 0.2), "same": (3, 2, 0.3, 0.2), "long": (6, 1, 0.3, 0.2), "never": (3, 2, 1.0, 0.0)}
    frame = rescue.settings_table(records, "nr_dfernet", asked).frame
    assert list(frame.index) == list(asked) and frame.loc["usual", "WAR, less usual"] == "–"
    assert frame.loc["same", "WAR, less usual"] == "0.0 [0.0, 0.0]"
    never = frame.loc["never"]
    own = [r for r in records if r.config["variant"] == "nr_dfernet"]
    alone = np.mean([metrics.war(rows["label"], rows["unfiltered"])
                     for rows in (r.clips[r.clips["split"] == "test"] for r in own)])
    assert never["WAR"] == f"{alone:.1f}"
    assert set(rescue.settings_table([], "nr_dfernet", asked).frame.loc["usual"]) == {"not run"}
    with pytest.raises(BadInput, match="no snippets of 9 frames"):
        rescue.settings_table(records, "nr_dfernet", {"odd": (9, 1, 0.3, 0.2)})


def test_which_features_are_of_irrelevant_frames():
    record = made()
    rows = record.truth[record.truth["slice"] == "irrelevant"].head(3).assign(
        irrelevant_start=[0, 22, 0], irrelevant_frames=[10, 10, 0])
    off, on = attention.irrelevant(rows, record)
    inside = [(FRAMES < 10), (FRAMES >= 22), np.zeros(16, bool)]
    for k, of in enumerate(inside):
        assert off[k].tolist() == [bool(of[t] and of[t + 1]) for t in range(15)]
        assert on[k].tolist() == [not of[t] and not of[t + 1] for t in range(15)]


def test_how_much_an_irrelevant_frame_is_looked_at():
    for look in (0.25, 1.0, 2.0):
        found = attention.on_irrelevant(made(look=look))
        assert len(found) == 70 and np.allclose(found["ratio"], look)
        assert attention.looked_at()(made(look=look)) == pytest.approx(100 * look)
        assert attention.looked_at("blocked")(made(look=look)) == pytest.approx(100 * look)
    record = made()
    assert attention.drop(record) == (record.summary["slices"]["clean"]["WAR"]
                                      - record.summary["slices"]["irrelevant"]["WAR"])
    slim = made(draw=11)
    slim.clips = slim.clips[["clip", "split", "label", "prediction", "unfiltered"]]
    assert attention.watched([record, slim]) == [record]
    with pytest.raises(BadInput, match="keep: whole"):
        attention.shares(record.clips[["clip", "label"]])


def test_attention_stands_in_a_table_of_numbers_of_a_run():
    records = [made("nr_dfernet", draw, look=0.5) for draw in DRAWS] + [
        made("fusion-filter", draw, look=0.9) for draw in DRAWS]
    values = {"attention": attention.looked_at(), "drop": attention.drop}
    frame = short_numbers(records, ["nr_dfernet", "absent"], "fusion-filter", values).frame
    assert frame["attention"].tolist() == ["90.0", "50.0", "not run"]
    assert frame["attention, less fusion-filter"].tolist() == ["–", "-40.0 [-40.0, -40.0]", "not run"]
