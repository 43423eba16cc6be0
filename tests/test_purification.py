"""SCIU's training: what is pruned and corrected, how the paper's openings are read, and what is remembered."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from test_sciu import PROBABILITIES
from torch import nn

from dfer_nb import sciu
from dfer_nb.data.batches import Batch
from dfer_nb.errors import BadInput
from dfer_nb.presets import build, plan
from dfer_nb.rdfer import AgreementReweighting
from dfer_nb.request import Request, make_fabric, prepare
from dfer_nb.training.controls import Instead
from dfer_nb.training.fit import Fit
from dfer_nb.training.method import Method
from dfer_nb.training.record import Record, load_checkpoint

TRUTH = pd.DataFrame({"clip": list("cab"), "wrong_label": [True, False, False], "low_quality": [False, True, True],
                      "true_label": [1, 0, 0]})  # in any order


def method(names=("a", "b", "c"), labels=(0, 0, 0), **options) -> sciu.Purification:
    made = sciu.Purification(**{"start": 0, "prune_below": 0.5, "correct_above": 0.2} | options)
    made.prepare(pd.DataFrame({"clip": names, "label": labels})[::-1], TRUTH, 0)  # in any order
    return made


def table(probabilities: torch.Tensor, **columns) -> pd.DataFrame:
    """The clip table of an epoch from probabilities (N, 3)."""
    rows = pd.DataFrame(probabilities.numpy(), columns=["p0", "p1", "p2"])
    rows.insert(0, "clip", [chr(97 + k) for k in range(len(rows))])
    return rows.assign(prediction=probabilities.argmax(1).numpy(), **columns)


def trained(made: sciu.Purification, epochs=PROBABILITIES, **columns) -> list[pd.DataFrame]:
    """Epochs as the loop would tell them; the tables, with what the method put into them."""
    tables = [table(each, **columns) for each in epochs]
    for number, rows in enumerate(tables):
        made.before_epoch(number)
        made.after_epoch(rows)
    return tables


def batch(names, labels) -> Batch:
    return Batch(frames=None, label=torch.tensor(labels), index=None, clip=list(names))


def test_two_epochs_by_hand():
    first, second = trained(made := method(prune_below=0.66))
    # the means of the highest probabilities are 0.8, 0.65, 0.7: b goes; a is surely 2, by 0.7
    assert first["mean_score"].isna().all() and first["kept"].tolist() == [1, 1, 1]
    assert second["score"].tolist() == pytest.approx([0.9, 0.7, 0.6])
    assert second["mean_score"].tolist() == pytest.approx([0.8, 0.65, 0.7])
    assert second["margin"].tolist() == pytest.approx([0.7, 0.25, 0.0])
    assert second["kept"].tolist() == [1, 0, 1] and second["corrected_to"].tolist() == [2, 0, 0]
    assert made.kept.tolist() == [True, False, True] and made.labels.tolist() == [2, 0, 0]
    output = {"logits": torch.tensor([[0.0, 0.0, 50.0], [50.0, 0.0, 0.0]])}
    assert made.loss(output, batch("ax", [0, 0])).tolist() == pytest.approx([0, 0], abs=1e-6)  # x is a test clip
    assert made.columns(output) == {} and made.decide(output) is None


def test_pruned_clips_leave_the_batch_or_weigh_nothing():
    loss = torch.tensor([1.0, 2.0, 3.0])
    for leaves, expected in ((True, [1.5, 0.0, 1.5]), (False, [1.0, 0.0, 1.0])):
        trained(made := method(prune_below=0.66, leaves=leaves))
        assert made.weights(loss, {}, ["a", "b", "c"]).tolist() == expected
        assert made.weights(loss[:1], {}, ["b"]).tolist() == [0.0]  # nothing left of a batch


def test_a_stage_can_be_left_out():
    trained(pruning := method(prune_below=0.66, correct=False))
    trained(correction := method(prune_below=0.66, prune=False))
    assert (pruning.kept.tolist(), pruning.labels.tolist()) == ([True, False, True], [0, 0, 0])
    assert (correction.kept.tolist(), correction.labels.tolist()) == ([True] * 3, [2, 0, 0])


def test_nothing_is_decided_before_the_warm_up_ends():
    for start, decides in ((2, True), (3, False)):  # epochs 0 and 1 are trained as they are; with start=3, 2 as well
        trained(made := method(prune_below=0.66, start=start))
        assert made.kept.all() != decides and made.clearance["lambda"].tolist() == pytest.approx(
            [0.14, -0.01, 0.04], abs=1e-6)


def test_the_score_is_of_the_highest_or_of_the_given_class():
    assert trained(method(score_of="label"))[1]["mean_score"].tolist() == pytest.approx([0.1, 0.4, 0.7])


def test_with_probabilities_scores_are_multiplied_by_the_weight():
    rows = trained(made := method(times="probabilities"), sample_weight=[0.5, 1.0, 0.25])[1]
    assert rows["mean_score"].tolist() == pytest.approx([0.4, 0.65, 0.175])
    assert rows["margin"].tolist() == pytest.approx([0.35, 0.25, 0.0])
    output = {"logits": torch.tensor([[1.0, 0.0]]), "unweighted": torch.tensor([[2.0, 0.0]]),
              "sample_weight": torch.tensor([0.5])}
    assert torch.equal(made.decide(output), output["unweighted"])
    assert made.loss(output, batch("c", [0])).tolist() == pytest.approx([math.log(2) + math.log(1 + math.exp(-2))])


def test_a_pruned_clip_may_come_back_or_not():
    surer = torch.tensor([[[0.1, 0.0, 0.9], [0.0, 1.0, 0.0], [0.6, 0.2, 0.2]]])
    for returns, kept in ((True, [True, True, False]), (False, [True, False, False])):
        trained(made := method(prune_below=0.66, returns=returns), torch.cat([PROBABILITIES, surer]))
        assert made.kept.tolist() == kept


def test_a_correction_is_decided_anew_or_lasts():
    undone = torch.tensor([[[0.6, 0.0, 0.4], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]]])  # a is of its first label again
    for lasting, labels in ((False, [0, 1, 0]), (True, [2, 1, 0])):
        trained(made := method(prune_below=0.0, lasting=lasting), torch.cat([PROBABILITIES, undone]))
        assert made.labels.tolist() == labels


def test_rdfers_reweighting_weighs_the_clips_that_are_left():
    inner = AgreementReweighting(hard=0.5, noisy=0.0)
    trained(made := method(prune_below=0.66, inner=inner), agreement=1.0, loss=1.0)
    columns = {"agreement": torch.tensor([1.0, 0.25, 0.5])}
    # of a and c, c is the hard one: 1.5; the mean is over two of three
    assert made.weights(torch.ones(3), columns, ["a", "b", "c"]).tolist() == pytest.approx([1.5, 0.0, 2.25])
    logits = nn.functional.one_hot(torch.tensor([[0, 1, 2, 0]]), 7).float()
    found = made.columns({"clip_logits": logits, "logits": torch.zeros(1, 7), "sample_weight": torch.tensor([0.3])})
    assert found["agreement"].tolist() == [0.5] and found["sample_weight"].tolist() == pytest.approx([0.3])


@pytest.mark.parametrize(
    ("rule", "gone"),
    [("", "b"),  # its mean score is the lowest
     ("loss", "a"),  # its label's probabilities are 0.1 and 0.1
     ("wrong_label", "c"), ("low_quality", "ab")],  # one of the two, by lot
)
def test_a_control_prunes_as_many_clips_but_others(rule, gone):
    trained(made := method(prune_below=0.66, correct=False, instead=Instead(rule)))
    out = [clip for clip, kept in zip("abc", made.kept.tolist(), strict=True) if not kept]
    assert len(out) == 1 and out[0] in gone


@pytest.mark.parametrize(("rule", "labels"), [("", [2, 0, 0]), ("true_label", [0, 0, 1])])
def test_a_control_corrects_as_many_labels_but_others(rule, labels):
    trained(made := method(prune=False, instead=Instead(correct_by=rule)))
    assert made.labels.tolist() == labels


def test_labels_that_are_corrected_by_lot_are_of_clips_predicted_otherwise():
    found = []
    for seed in range(8):
        made = method(prune=False, instead=Instead(correct_by="lot"))
        made.instead.prepare(list("abc"), None, seed)
        trained(made)
        found.append(tuple(made.labels.tolist()))
    assert set(found) == {(2, 0, 0), (0, 1, 0)}  # a as it is predicted, or b; c is predicted as it is labelled


# What is remembered


class Stop(Exception):
    """Stands for a power cut."""


@pytest.fixture
def fit(tiny, runs):
    """Makes the same training of five epochs again and again, into the folder of this name."""
    request = Request("sciu", "dfew", str(tiny), preset="frozen", variant="sciu-reweighting", epochs=5, device="cpu")
    data, chosen = prepare(request, progress=False), request.plan()
    looser = {"prune_below": 0.18, "correct_above": 0.02, "returns": False, "lasting": True, "start": 1}
    chosen = replace(chosen, method=chosen.method | looser)

    def make(name: str) -> Fit:
        torch.manual_seed(0)
        model, method = build("sciu", chosen)
        return Fit(model, method, data, chosen.training, 0, make_fabric(request), runs / name, progress=False)

    return make


def test_a_run_that_is_cut_short_ends_with_the_same_record(fit, runs, monkeypatch):
    fit("whole").run({}, {})
    step = Fit.train_step

    def mortal(self, batch, number, steps):
        if (self.epoch, number) == (3, 1):
            raise Stop
        return step(self, batch, number, steps)

    with monkeypatch.context() as patch, pytest.raises(Stop):
        patch.setattr(Fit, "train_step", mortal)
        fit("cut").run({}, {})
    state = load_checkpoint(runs / "cut.unfinished" / "checkpoint.pt")["method"]
    n = len(state["kept"])
    assert 0 < state["kept"].sum() < n and state["history"]["scores"].shape == (2, n, 7)
    fit("cut").run({}, {})
    whole, cut = Record(runs / "whole"), Record(runs / "cut")
    pd.testing.assert_frame_equal(whole.epochs.drop(columns="seconds"), cut.epochs.drop(columns="seconds"))
    pd.testing.assert_frame_equal(whole.clips, cut.clips)
    weights, same = (load_checkpoint(record.path / "checkpoint.pt")["model"] for record in (whole, cut))
    assert weights.keys() == same.keys() and all(torch.equal(weights[name], same[name]) for name in weights)


def test_a_record_says_what_was_pruned_and_corrected(fit, runs):
    fit("run").run({}, {})
    record = Record(runs / "run")
    train = record.clips.query("split == 'train'")
    assert {"loss", "agreement", "weight", "score", "mean_score", "margin", "kept", "corrected_to"} <= set(train)
    assert {"weight_mean", "weight_sd", "weight_05", "weight_95", "weight_finds_error"} <= set(record.epochs)
    assert record.epochs["weight_mean"].iloc[-1] == pytest.approx(
        train.loc[train["epoch"] == 4, "sample_weight"].mean(), abs=1e-5)
    for epoch, rows in train.groupby("epoch"):
        row = record.epochs.iloc[epoch]
        assert row["pruned"] == (rows["kept"] == 0).sum()
        assert row["corrected"] == (rows["corrected_to"] != rows["label"]).sum()
        if epoch:  # what was decided after the epoch before it
            before = train.query("epoch == @epoch - 1").set_index("clip")["kept"].loc[rows["clip"]].to_numpy()
            assert (rows["weight"][before == 0] == 0).all()  # and RDFER's noisy ones
    assert record.epochs["pruned"].iloc[0] == 0 < record.epochs["pruned"].iloc[-1]
    assert record.epochs["corrected"].iloc[-1] > 0
    score = train[[f"p{k}" for k in range(7)]].max(axis=1)
    assert np.allclose(train["score"], score, atol=1e-6) and train["sample_weight"].between(0, 1).all()
    tested = record.clips.query("split == 'test'")
    assert tested[["score", "kept", "corrected_to"]].isna().all(axis=None) and tested["sample_weight"].notna().all()


def test_a_state_of_other_clips_is_refused():
    trained(made := method())
    with pytest.raises(BadInput, match="state is of other training clips"):
        method(names=("a", "b", "d")).load_state_dict(made.state_dict())


def test_training_stops_with_a_word_when_nothing_is_left():
    trained(made := method(prune_below=1.0))
    with pytest.raises(BadInput, match="after 2 epochs no clip has a score above lambda=1.0(.|\n)*prune_below"):
        made.before_epoch(2)
    made.lenient = True
    made.before_epoch(2)
    assert made.weights(torch.ones(2), {}, ["a", "b"]).tolist() == [0, 0]


def test_every_training_clip_is_shown_once():
    for rows in (table(PROBABILITIES[0][:2]), pd.concat([table(PROBABILITIES[0])] * 2)):
        with pytest.raises(BadInput, match="did not show every training clip once(.|\n)*balance=0"):
            method().after_epoch(rows)


def test_without_a_weight_branch_and_stages_it_is_cross_entropy():
    plain, made = Method(0.1), sciu.Purification(0.1, prune=False, correct=False)
    output = {"logits": torch.randn(3, 7, generator=torch.Generator().manual_seed(0))}
    assert torch.equal(made.loss(output, batch("abc", [1, 2, 3])), plain.loss(output, batch("abc", [1, 2, 3])))
    assert build("sciu", plan("sciu", variant="host"))[1].inner.auxiliary(output, None) == 0.0
