"""What RDFER's groups hold: by hand, beside the loss, over draws, and never more than is known."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence import tables
from dfer_nb.viewing.evidence.comparison import paired
from dfer_nb.viewing.evidence.groups import (
    against_chance_and_rival,
    by_loss,
    compare_groups,
    contents,
    detection,
    held,
    kinds,
    weight_on_wrong,
)

LOSS = [3.0, 1.0, 0.9, 2.5, 0.2, 0.1, 2.0, 0.3, 0.0, 0.4]


def tiny(variant="rdfer", draw=0, loss=LOSS, **columns):
    """Ten training clips of one epoch, as a record: two noisy, three hard."""
    clips = pd.DataFrame({"clip": list("abcdefghij"), "split": "train", "epoch": 3, "label": 0, "prediction": 0,
                          "loss": loss, "weight": [0.0, 0.0, 1.5, 1.5, 1.5, 1, 1, 1, 1, 1]} | columns)
    why = [""] * 4 + ["low intensity", "two expressions", "short apex"] + [""] * 3
    truth = pd.DataFrame({"clip": list("abcdefghij"), "wrong_label": [clip in "agj" for clip in "abcdefghij"],
                          "low_quality": [False, True] + 8 * [False], "hard_why": why, "hard": [bool(w) for w in why],
                          "irrelevant": 9 * [False] + [True]})
    config = {"paper": "rdfer", "dataset": "facsimile-hard", "fold": 1, "preset": "laptop", "variant": variant,
              "seed": draw, "draw": draw, "training": {"epochs": 4},
              "method": {"lambda_hard": 1.5, "lambda_noisy": 0.0, "lambda_ordinary": 1.0}}
    return SimpleNamespace(clips=clips, truth=truth, config=config,
                           summary={"rule": "last epoch", "reported": {"epoch": 4}})


def test_kinds_of_clips_by_hand():
    found = {name: "".join(np.array(list("abcdefghij"))[mask]) for name, mask in kinds(tiny().truth).items()}
    assert found == {"wrong label": "agj", "hard, label right": "ef", "weak": "e", "mixed": "f",
                     "brief, label right": "", "brief, label wrong": "g", "irrelevant frames": "j", "low quality": "b"}


def test_the_loss_alone_makes_groups_of_the_same_size():
    rows = tables.reported_rows(tiny(), "train")
    group = tables.group_of(rows, tiny().config["method"])
    words = by_loss(rows, group)
    assert "".join(rows["clip"][words == "noisy"]) == "ad"  # 3.0 and 2.5
    assert "".join(rows["clip"][words == "hard"]) == "bcg"  # then 2.0, 1.0 and 0.9
    assert words.value_counts().to_dict() == group.value_counts().to_dict()


def test_contents_by_hand():
    found = contents(tiny())
    assert found["noisy"].to_dict() == {"wrong label": 50, "hard, label right": 0, "weak": 0, "mixed": 0,
                                        "brief, label right": 0, "brief, label wrong": 0, "irrelevant frames": 0,
                                        "low quality": 50}
    assert found["hard"].round(1).tolist() == [0, 33.3, 33.3, 0, 0, 0, 0, 0]  # c, d and the weak e
    assert found["by loss: noisy"].tolist() == [50, 0, 0, 0, 0, 0, 0, 0]
    assert found["by loss: hard"].round(1).tolist() == [33.3, 0, 0, 0, 0, 33.3, 0, 33.3]  # b, c and the brief, wrong g
    assert found["all clips"].tolist() == [30, 20, 10, 10, 0, 10, 10, 10]
    assert contents(tiny(weight=1.0))["noisy"].isna().all()


def test_detection_shows_what_is_in_the_groups():
    table = detection(tiny())
    assert table.frame.loc["wrong label"].tolist() == ["50", "50", "0", "33", "30"]
    assert list(table.frame)[0] == "noisy (2 clips)" and list(table.frame)[-1] == "all 10 clips"
    assert detection(tiny(weight=1.0)).frame.loc["weak"].tolist() == ["–", "–", "–", "–", "10"]


def test_detection_where_the_truth_is_not_known(films):
    table = detection(films)
    assert table.frame["clips"].to_dict() == {"ordinary": "784", "hard": "224", "noisy": "112"}
    assert "not known" in table.note
    with pytest.raises(BadInput, match="truth about these clips"):
        contents(films)


def test_weight_on_wrong_labels_by_hand():
    assert weight_on_wrong(tiny()) == pytest.approx(100 * 2 / 9.5)  # a is dropped, g and j count 1 each
    assert weight_on_wrong(tiny(weight=1.0)) == pytest.approx(30)


@pytest.fixture
def sweep():
    """Five draws of RDFER and of the loss alone; in one of them the two differ less."""
    best, fair = [0.0, 1, 1, 1, 1.5, 1.5, 1.5, 1, 1, 0], [0.0, 0, 1, 1, 1.5, 1.5, 1.5, 1, 1, 1]  # e f g hard
    ours = [tiny("rdfer", draw, weight=best if draw else fair) for draw in range(5)]
    return [*ours, *(tiny("loss-only", draw) for draw in range(5))]


def test_groups_are_compared_on_the_same_draws(sweep):
    of = held(sweep, "noisy")
    assert list(of) == ["all clips", "rdfer", "as many by loss", "loss-only"]
    assert of["rdfer"]["wrong label"].tolist() == [50, 100, 100, 100, 100]
    assert of["loss-only"]["wrong label"].tolist() == [50] * 5
    effects = against_chance_and_rival(sweep, "noisy")
    assert effects["loss-only"]["wrong label"] == paired(of["rdfer"]["wrong label"], of["loss-only"]["wrong label"], 8)
    table = compare_groups(sweep, "noisy")
    assert table.frame.loc["wrong label"].tolist()[:4] == ["30.0", "90.0", "50.0", "50.0"]
    assert table.frame.loc["wrong label", "rdfer less loss-only"] == effects["loss-only"]["wrong label"].words()
    assert effects["loss-only"]["wrong label"].difference == 40 and "5 draws, a seed each" in table.caption
    assert compare_groups(sweep, "hard").frame.loc["weak", "rdfer"] == "33.3"


def test_groups_that_were_not_run_say_so(sweep):
    table = compare_groups(sweep[:5], "hard")
    assert table.frame["rdfer"].tolist() == ["not run"]
    with pytest.raises(BadInput, match="no group 'ordinary'"):
        compare_groups(sweep, "ordinary")
