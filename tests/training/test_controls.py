"""Controls by hand, held-out identities, and an epoch that is chosen on them."""

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb import facsimile
from dfer_nb.data.batches import Batch
from dfer_nb.errors import BadInput
from dfer_nb.presets import build, plan
from dfer_nb.rdfer import AgreementReweighting
from dfer_nb.request import Request, make_fabric, prepare, read_table
from dfer_nb.run import run
from dfer_nb.training.controls import HELD_OUT, Control, Instead, as_many, hold_out, with_true_labels
from dfer_nb.training.fit import Fit

NAMES = [f"{number:05d}" for number in range(20)]
LOSS = torch.tensor([0.1, 2.0, 0.3, 1.5, 0.5, 0.6, 0.2, 1.9, 0.7, 0.8])


def batch(names) -> Batch:
    names = [*names]
    return Batch(torch.zeros(len(names), 1), torch.zeros(len(names), dtype=torch.long), np.arange(len(names)), names)


def weights(control: Control, loss=LOSS, names=NAMES, epoch: int = 0) -> list[float]:
    control.before_epoch(epoch)
    return control.weights(loss, {}, [*names[: len(loss)]]).tolist()


def control(rule: str, share: float = 0.3, start: int = 0, seed: int = 0) -> Control:
    made = Control(AgreementReweighting(), rule, share, start)
    made.prepare(pd.DataFrame(), None, seed)
    return made


# The rules


def test_the_plain_control_weighs_every_clip_alike():
    assert weights(control("none")) == [1.0] * 10


@pytest.mark.parametrize(("share", "dropped"), [(0.0, []), (0.1, [1]), (0.3, [1, 3, 7]), (0.26, [1, 3, 7]),
                                                (1.0, list(range(10)))])
def test_the_largest_losses_are_dropped(share, dropped):
    found = weights(control("loss", share))
    assert [place for place, weight in enumerate(found) if weight == 0] == dropped
    assert set(found) <= {0.0, 1.0}


@pytest.mark.parametrize("n", [1, 4, 5, 31, 32])
def test_dropping_by_loss_is_what_rdfers_own_method_does_without_agreement_and_hard_clips(n):
    loss = torch.rand(n, generator=torch.Generator().manual_seed(n))
    own = AgreementReweighting(use_agreement=False, hard=0, noisy=0.1, start=1)
    ours = Control(own, "loss", 0.1, 1)
    for epoch in (0, 1):
        own.before_epoch(epoch)
        ours.before_epoch(epoch)
        columns, names = ours.columns({"clip_logits": torch.randn(n, 4, 7)}), [*map(str, range(n))]
        assert torch.equal(ours.weights(loss, columns, names), own.weights(loss, columns, names))


def lots(seed: int = 0, epoch: int = 0, names=NAMES) -> set[str]:
    found = weights(control("random", 0.3, seed=seed), torch.zeros(len(names)), names, epoch)
    return {name for name, weight in zip(names, found, strict=True) if weight == 0}


def test_as_many_clips_are_dropped_by_lot():
    found = weights(control("random", 0.26))
    assert found.count(0.0) == 3 and found.count(1.0) == 7
    assert found == weights(control("random", 0.26), LOSS.flip(0))  # whatever their losses


def test_the_lot_is_a_function_of_seed_epoch_and_clip_alone():
    first = lots()
    torch.manual_seed(7)
    np.random.seed(7)
    assert lots(names=NAMES[::-1]) == first
    used = control("random", 0.3)
    for epoch in (0, 1, 2):
        weights(used, epoch=epoch)
    assert {n for n, w in zip(NAMES, weights(used, torch.zeros(20)), strict=True) if w == 0} == first
    assert len({frozenset(lots(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_the_oracle_drops_the_wrong_labels_and_no_others_from_the_first_epoch_on():
    oracle = Control(AgreementReweighting(), "truth", 0.1, start=5)
    oracle.prepare(pd.DataFrame(), pd.DataFrame({"clip": NAMES, "wrong_label": [n % 4 == 1 for n in range(20)]}), 0)
    assert weights(oracle) == [float(n % 4 != 1) for n in range(10)]
    assert weights(oracle, names=NAMES[::-1]) == [float(n % 4 != 1) for n in range(19, 9, -1)]


@pytest.mark.parametrize("rule", ["random", "loss"])
def test_nothing_is_dropped_before_the_start(rule):
    late = control(rule, start=2)
    dropped = [weights(late, epoch=epoch).count(0.0) for epoch in (0, 1, 2, 3)]
    assert dropped == [0, 0, 3, 3]


def test_losses_and_columns_are_those_of_the_papers_method():
    method = AgreementReweighting(smoothing=0.2, summary_loss=0.5)
    output = {"logits": torch.randn(4, 7), "clip_logits": torch.randn(4, 4, 7), "summary_logits": torch.randn(4, 7)}
    ours, some = Control(method, "none"), batch(NAMES[:4])
    assert torch.equal(ours.loss(output, some), method.loss(output, some))
    auxiliary = ours.auxiliary(output, some)
    assert torch.equal(auxiliary, method.auxiliary(output, some)) and auxiliary.sum() > 0
    assert ours.columns(output).keys() == method.columns(output).keys() > {"agreement"}


@pytest.mark.parametrize(("rule", "share"), [("best", 0.1), ("loss", -0.1), ("loss", 1.1)])
def test_a_control_that_does_not_exist(rule, share):
    with pytest.raises(BadInput, match="no control drops"):
        Control(AgreementReweighting(), rule, share)


def test_a_control_drops_the_share_of_the_papers_method_from_the_same_epoch():
    chosen = plan("rdfer", "laptop", "random-drop")
    _, method = build("rdfer", chosen)
    assert (method.rule, method.share, method.start) == ("random", chosen.method["noisy"], chosen.method["start"])
    assert method.share > 0 and method.start > 0


# Other clips, and as many


def yes(*places: int, n: int = 5) -> torch.Tensor:
    return torch.tensor([place in places for place in range(n)])


@pytest.mark.parametrize(
    ("chosen", "among", "expected"),
    [((0, 4), range(5), (1, 3)), ((0,), range(5), (3,)), ((0, 1, 2), (0, 2), (0, 2)), ((), range(5), ()),
     ((0, 1), (), ())],
)
def test_as_many_are_taken_of_those_that_come_first(chosen, among, expected):
    first = torch.tensor([0.2, 0.8, 0.1, 0.9, 0.3])
    assert torch.equal(as_many(yes(*chosen), first, yes(*among)), yes(*expected))


def instead(prune_by: str = "", correct_by: str = "", seed: int = 0, names=NAMES) -> Instead:
    made = Instead(prune_by, correct_by)
    truth = pd.DataFrame({"clip": NAMES, "wrong_label": [n % 5 == 0 for n in range(20)],
                          "low_quality": [n % 5 == 1 for n in range(20)], "true_label": [n % 3 for n in range(20)]})
    made.prepare(names, truth, seed)
    return made


def test_a_lot_is_drawn_once_and_belongs_to_its_clip():
    few, more = (instead("lot").pruned(yes(*range(n), n=20), LOSS) for n in (4, 7))
    assert few.sum() == 4 and more.sum() == 7 and (more | ~few).all()  # whoever is out is out of more, too
    backwards = instead("lot", names=NAMES[::-1]).pruned(yes(*range(4), n=20), LOSS)
    assert torch.equal(backwards.flip(0), few)
    assert len({tuple(instead("lot", seed=seed).pruned(yes(*range(4), n=20), LOSS).tolist()) for seed in range(6)}) == 6


def test_known_troubles_are_pruned_as_far_as_there_are_so_many():
    for rule, rest in (("wrong_label", 0), ("low_quality", 1)):
        for count in (2, 4, 9):
            found = instead(rule).pruned(yes(*range(count), n=20), LOSS).nonzero().flatten()
            assert len(found) == min(count, 4) and set((found % 5).tolist()) == {rest}


def test_labels_are_set_right_where_they_are_known_to_be_wrong():
    given, prediction, kept = (torch.zeros(20, dtype=torch.long) for _ in range(3))
    prediction[:] = 2
    ours = given.clone()
    ours[:3] = 2  # three are corrected
    kept = yes(*range(10), n=20)
    found = instead(correct_by="true_label").labels(ours, given, prediction, kept)
    changed = found.nonzero().flatten()
    assert len(changed) == 3 and set(changed.tolist()) <= {1, 2, 4, 5, 7, 8}  # kept, and of class 1 or 2
    assert (found[changed] == changed % 3).all()
    by_lot = instead(correct_by="lot").labels(ours, given, prediction, kept)
    assert (by_lot == 2).sum() == 3 and not by_lot[~kept].any()
    assert torch.equal(instead().labels(ours, given, prediction, kept), ours)
    assert torch.equal(instead().pruned(kept, LOSS), kept)


def test_what_no_control_goes_by_is_refused():
    for wrong in ({"prune_by": "best"}, {"correct_by": "loss"}):
        with pytest.raises(BadInput, match="no control goes by '(best|loss)'(.|\n)*'lot'"):
            Instead(**wrong)
    with pytest.raises(BadInput, match="a control by low_quality needs to know what is true"):
        Instead("low_quality").prepare(NAMES, None, 0)
    for variant in ("as-many-wrong", "as-many-low-quality", "as-many-true-labels"):
        with pytest.raises(BadInput, match="needs to know what is true of the clips, and dfew does not say"):
            Request("sciu", "dfew", "here", variant=variant)
    Request("sciu", "dfew", "here", variant="as-many-random")


# Held-out identities and true labels


@pytest.fixture(scope="module")
def table_and_truth(tiny) -> tuple[pd.DataFrame, pd.DataFrame]:
    return read_table("facsimile", tiny, 1)


def test_whole_identities_are_held_out_and_nothing_else_changes(table_and_truth):
    table, truth = table_and_truth
    found = hold_out(table, truth, 0.25, seed=0)
    people = table["clip"].map(truth.set_index("clip")["identity"])
    train, held = found["split"] == "train", found["split"] == HELD_OUT
    assert held.any() and not set(people[train]) & set(people[held])
    pd.testing.assert_frame_equal(found.drop(columns="split"), table.drop(columns="split"))
    others = table["split"] != "train"
    assert (found["split"] == table["split"])[others].all() and (train | held)[~others].all()


def people_table(sizes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Training clips of as many people as there are sizes, so many of each."""
    who = np.repeat(np.arange(len(sizes)), sizes)
    clips = [f"{number:05d}" for number in range(len(who))]
    table = pd.DataFrame({"clip": clips, "split": "train", "label": 0})
    return table, pd.DataFrame({"clip": clips, "identity": who})


@pytest.mark.parametrize("share", [0.05, 0.15, 0.5])
def test_about_the_share_is_held_out(share):
    sizes = np.random.default_rng(0).integers(1, 9, 100)
    table, truth = people_table(sizes)
    for seed in range(5):
        out = (hold_out(table, truth, share, seed)["split"] == HELD_OUT).sum()
        assert share * len(table) <= out < share * len(table) + sizes.max()


def test_who_is_held_out_depends_on_the_seed_and_not_on_the_order_of_the_rows():
    table, truth = people_table([3] * 40)

    def out(seed: int, table=table) -> frozenset[str]:
        return frozenset(hold_out(table, truth, 0.2, seed).query("split == @HELD_OUT")["clip"])

    assert len({out(seed) for seed in range(5)}) == 5
    assert out(1) == out(1, table.sample(frac=1, random_state=0))


def test_single_clips_are_held_out_where_no_truth_names_people(table_and_truth):
    table, _ = table_and_truth
    found = hold_out(table, None, 0.25, seed=0)["split"]
    assert (found == HELD_OUT).sum() == np.ceil(0.25 * (table["split"] == "train").sum())


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_that_leaves_nothing_on_one_side(table_and_truth, share):
    with pytest.raises(BadInput, match="cannot be held out"):
        hold_out(*table_and_truth, share, 0)


def test_only_the_labels_of_training_clips_become_true(table_and_truth):
    table, truth = table_and_truth
    right, train = table["clip"].map(truth.set_index("clip")["true_label"]), table["split"] == "train"
    # else those of the tests are true already
    table = table.assign(label=table["label"].where(train, (table["label"] + 1) % 7))
    found = with_true_labels(table, truth)
    assert (found["label"] == right)[train].all() and (table["label"] != right)[train].any()
    pd.testing.assert_frame_equal(found[~train], table[~train])
    pd.testing.assert_frame_equal(found.drop(columns="label"), table.drop(columns="label"))


@pytest.mark.parametrize("variant", ["oracle-drop", "clean-labels"])
def test_what_needs_a_truth_is_refused_on_dfew_before_anything_is_written(tiny, tmp_path, monkeypatch, variant):
    monkeypatch.setenv("DFER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("DFER_DATA", str(tmp_path / "data"))
    with pytest.raises(BadInput, match=rf"{variant} needs to know what is true of the clips(.|\n)*facsimile"):
        run(dataset="dfew", root=str(tiny), variant=variant, preset="frozen", epochs=1, progress=False)
    assert not list(tmp_path.iterdir())


def test_without_a_truth_there_are_no_true_labels_and_no_oracle(table_and_truth):
    with pytest.raises(BadInput, match="does not say"):
        with_true_labels(table_and_truth[0], None)
    with pytest.raises(BadInput, match="does not say"):
        Control(AgreementReweighting(), "truth").prepare(pd.DataFrame(), None, 0)


# Whole runs


@pytest.fixture
def drawn(tiny, runs, monkeypatch):
    """Runs on the dataset "facsimile" that take the tiny one instead of the whole one."""
    monkeypatch.setattr(facsimile, "make", lambda *_, **__: tiny)
    return {"preset": "frozen", "device": "cpu", "epochs": 4, "progress": False}


def forced(rows: pd.DataFrame, epoch: int) -> pd.DataFrame:
    """All held-out clips wrong in epochs 0 and 3, all right in 1 and 2."""
    return rows.assign(prediction=rows["label"] if epoch in (1, 2) else (rows["label"] + 1) % 7)


def test_stopped_early_reports_the_first_best_epoch_on_the_held_out_clips(drawn, monkeypatch, tmp_path):
    evaluate = Fit.evaluate

    def chosen_by_us(self, split):
        rows = evaluate(self, split)
        return forced(rows, self.epoch) if split == HELD_OUT else rows

    with monkeypatch.context() as patch:
        patch.setattr(Fit, "evaluate", chosen_by_us)
        record = run(variant="stopped-early", **drawn)
    assert record.epochs["held_out_war"].tolist() == [0, 100, 100, 0]
    assert record.summary["rule"] == "best epoch on held-out training clips"
    assert record.summary["reported"]["epoch"] == 2  # counted from 1
    test = record.clips.query("split == 'test'")
    hits = 100 * (test["label"] == test["prediction"]).groupby(test["epoch"]).mean()
    assert record.summary["reported"]["WAR"] == pytest.approx(hits[1])

    request = Request(variant="stopped-early", **{name: drawn[name] for name in ("preset", "device", "epochs")})
    data, (model, method) = prepare(request, progress=False), build("rdfer", request.plan())
    record.load_weights(model)
    fit = Fit(model, method, data, request.plan().training, 0, make_fabric(request), tmp_path / "none", progress=False)
    for split in ("test", "clean", "short_apex"):  # checkpoint and slices belong to that epoch's weights
        rows = fit.evaluate(split)
        kept = record.clips.query("split == @split and epoch == 1").reset_index(drop=True)
        np.testing.assert_allclose(rows["p0"], kept["p0"], atol=1e-4)
        assert (rows["prediction"] == kept["prediction"]).all()
    last = test[test["epoch"] == 3]["p0"].to_numpy()
    assert not np.allclose(fit.evaluate("test")["p0"], last, atol=1e-4)
    assert set(record.clips.query("split == 'clean'")["epoch"]) == {1}


def test_held_out_clips_are_not_trained_on(drawn):
    record = run(variant="stopped-early", **drawn)
    held, train = (set(record.clips.query("split == @name")["clip"]) for name in (HELD_OUT, "train"))
    plain = run(variant="plain", **drawn)
    assert held and not held & train and held | train == set(plain.clips.query("split == 'train'")["clip"])
    assert plain.summary["rule"] == "last epoch" and plain.summary["reported"]["epoch"] == 4
    wars = record.epochs["held_out_war"]
    assert record.summary["reported"]["epoch"] == wars.argmax() + 1  # the first of equal ones
    assert HELD_OUT not in record.summary["slices"]


def test_the_controls_of_a_run_are_in_its_weights(drawn):
    truth = facsimile.truth(facsimile.make()).set_index("clip")["wrong_label"]
    found = {}
    for variant in ("plain", "oracle-drop", "random-drop"):
        found[variant] = run(variant=variant, **drawn).clips.query("split == 'train'")
    assert (found["plain"]["weight"] == 1).all()
    oracle = found["oracle-drop"]
    assert ((oracle["weight"] == 0) == oracle["clip"].map(truth)).all() and (oracle["weight"] == 0).any()
    by_epoch = [frozenset(rows["clip"][rows["weight"] == 0]) for _, rows in found["random-drop"].groupby("epoch")]
    assert by_epoch[0] == by_epoch[1] == frozenset() and len(by_epoch[2]) == len(by_epoch[3]) > 0


def test_clean_labels_are_trained_on(drawn):
    truth = facsimile.truth(facsimile.make()).set_index("clip")["true_label"]
    for variant, right in (("clean-labels", True), ("plain", False)):
        train = run(variant=variant, **drawn).clips.query("split == 'train'")
        assert (train["label"] == train["clip"].map(truth)).all() == right
