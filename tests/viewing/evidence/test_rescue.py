"""What the filter turns and gains, and the parts of the network: from records, by hand."""

import numpy as np
import pandas as pd
import pytest
from filtered import made

from dfer_nb import presets
from dfer_nb.errors import BadInput
from dfer_nb.training import metrics
from dfer_nb.viewing.evidence import components, filtering, rescue

DRAWS = range(10, 14)
SKILLS = {"baseline-filter": 2.0, "token-filter": 2.2, "fusion-filter": 3.0, "nr_dfernet": 3.3}


@pytest.fixture(scope="module")
def records():
    return [made(variant, draw, skill) for variant, skill in SKILLS.items() for draw in DRAWS]


def test_four_trainings_are_the_eight_rows_of_table_1(records):
    rows = components.components(records)
    answers = {row.config["variant"]: presets.variants("nr_dfernet")[row.config["variant"]].answers for row in rows}
    assert sorted(words[:10] for words in answers.values()) == [f"Table 1, {row}" for row in "abcdefgh"]
    assert len(rows) == 2 * len(records)
    for row in rows:  # each is what its name stands for
        chosen = presets.plan("nr_dfernet", variant=row.config["variant"])
        assert {part: has(row.config) for part, has in components.PARTS.items()} == {
            part: has({"model": chosen.model, "method": chosen.method}) for part, has in components.PARTS.items()}
    alone = next(row for row in rows if row.config["variant"] == "fusion" and row.config["draw"] == 11)
    own = next(row for row in records if row.config["variant"] == "fusion-filter" and row.config["draw"] == 11)
    assert alone.summary["reported"]["WAR"] == own.summary["reported"]["unfiltered"]["WAR"]


def test_what_a_part_adds_is_the_mean_over_what_is_beside_it(records):
    rows = components.components(records)
    war = {(r.config["variant"], r.config["draw"]): r.summary["reported"]["WAR"] for r in rows}
    on = {"DSF": ["fusion", "fusion-filter", "without-filter", "nr_dfernet"],
          "DCT": ["token", "token-filter", "without-filter", "nr_dfernet"], "SF": list(SKILLS)}
    for part, effect in components.switched(rows).items():
        gains = [np.mean([war[row, draw] for row in on[part]])
                 - np.mean([value for (row, other), value in war.items() if other == draw and row not in on[part]])
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


def test_gains_of_a_record_and_how_they_grow():
    record = made()
    record.epochs = pd.DataFrame({"epoch": range(4), "test_war": [50.0, 52.0, 54.0, 56.0],
                                  "test_war_unfiltered": [50.0, 51.5, 53.0, 54.5]})
    assert rescue.growth(record) == pytest.approx(1.5)
    part = record.summary["slices"]["clean"]
    assert rescue.gained("clean", "UAR")(record) == part["UAR"] - part["unfiltered"]["UAR"]
    assert rescue.gained()(record) == (record.summary["reported"]["WAR"]
                                       - record.summary["reported"]["unfiltered"]["WAR"])


def test_what_is_saved_is_held_against_what_is_broken():
    record = made()
    brief = pd.DataFrame({"split": "short_apex", "clip": list("abcd"), "label": [0, 1, 3, 5],
                          "unfiltered": [2, 2, 2, 5], "prediction": [0, 4, 2, 5]})
    clean = pd.DataFrame({"split": "clean", "clip": list("efghi"), "label": [2, 2, 2, 2, 0],
                          "unfiltered": [2, 2, 2, 0, 2], "prediction": [1, 2, 2, 0, 0]})
    record.clips, record.truth = pd.concat([brief, clean]), None
    assert rescue.net(record) == 100 * (1 / 4 - 1 / 4)


def test_of_how_many_clips_an_expression_can_be_seen():
    record = made()
    seen = set(filtering.frames_seen(record, 32))
    assert seen == {frame for first in range(1, 32, 4) for frame in (first, first + 1)}
    starts = record.truth[record.truth["slice"] == "neutral97"]["apex_start"]
    assert filtering.within_reach(record, "neutral97") == pytest.approx(100 * starts.isin(seen).mean())
    assert 0 < starts.isin(seen).mean() < 1
    assert filtering.within_reach(record, "neutral50") == 100
    short = record.truth["slice"] == "neutral97"  # three frames, of which the outer two are on the way
    record.truth.loc[short, "neutral_share"] = 1 - 3 / 32
    assert filtering.within_reach(record, "neutral97") == 100
    assert filtering.neutral_slices(record) == {f"neutral{share}": share for share in (50, 75, 90, 97)}


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
    with pytest.raises(BadInput, match="mu1=0.305, mu2=0.2 are no hundredths"):
        rescue.settings_table(records, "nr_dfernet", {"odd": (3, 1, 0.305, 0.2)})
    beside = rescue.settings_table(records, "nr_dfernet", {"S=2, L=3": (3, 2, 0.7, 0.05), "other": (3, 2, 0.75, 0.03)},
                                   ("nr_dfernet", "2"))
    assert beside.frame["WAR, paper"].tolist() == ["68.19", "–"] and "not the paper's data" in beside.note
