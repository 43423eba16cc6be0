"""What a method decides beside what the network says, from the loop to kept tables; and runs that begin with others."""

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb import run as running
from dfer_nb.errors import BadInput
from dfer_nb.nr_dfernet import snippet_filter, tripping
from dfer_nb.presets import build
from dfer_nb.request import Request, make_fabric, prepare, record_folder
from dfer_nb.run import add_features, out_of_date, run, traces
from dfer_nb.training import metrics
from dfer_nb.training.keeping import keep
from dfer_nb.training.record import load_checkpoint
from dfer_nb.training.results import called, kept
from dfer_nb.viewing.evidence import filtering

LOOSE = {"mu1": 0.05, "mu2": 0.9}  # after two epochs, snippets are not sure of much


@pytest.fixture(scope="module")
def filtered(tiny, tmp_path_factory):
    """A run with its filter, with the features of the test clips; and the request that made it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("runs", "data"):
            patch.setenv(f"DFER_{name.upper()}", str(tmp_path_factory.mktemp(name)))
        request = Request("nr_dfernet", "dfew", str(tiny), preset="frozen", epochs=2, threads=1)
        loosely(patch)
        yield request, add_features(request, run(**asked(request))), patch


def asked(request: Request, **changes) -> dict:
    names = ("paper", "dataset", "root", "preset", "epochs", "threads", "variant")
    return {name: getattr(request, name) for name in names} | {"progress": False} | changes


def loosely(patch) -> None:
    """Thresholds that trip, in every variant that decides."""
    from dfer_nb.presets import nr_dfernet

    frozen = nr_dfernet.PRESETS["frozen"]
    own = {name: type(frozen["method"][name])(value, "assumption") for name, value in LOOSE.items()}
    patch.setitem(nr_dfernet.PRESETS, "frozen", {**frozen, "method": {**frozen["method"], **own}})


def test_both_answers_are_in_the_record(filtered):
    _, record, _ = filtered
    rows, train = record.clips, record.clips["split"] == "train"
    assert (rows.loc[train, "unfiltered"] == rows.loc[train, "prediction"]).all()  # a training clip is not filtered
    tested = rows[~train]
    turned = tested["unfiltered"] != tested["prediction"]
    assert rows["unfiltered"].dtype == rows["prediction"].dtype == np.int8
    assert turned.any() and (tested.loc[turned, "unfiltered"] == filtering.NEUTRAL).all()
    shares = tested[[f"p{k}" for k in range(7)]].to_numpy()
    assert (shares.argmax(1) == tested["prediction"]).all() and np.allclose(shares.sum(1), 1, atol=1e-5)
    assert (tested.loc[turned, "prediction"] == tested.loc[turned, "otherwise"]).all()


def test_metrics_are_of_both(filtered):
    _, record, _ = filtered
    last = record.clips.query("split == 'test' and epoch == 1")
    for column, part in (("prediction", record.summary["reported"]),
                         ("unfiltered", record.summary["reported"]["unfiltered"])):
        assert part["WAR"] == metrics.war(last["label"], last[column])
        assert part["UAR"] == metrics.uar(last["label"], last[column])
    assert record.epochs["test_war"].iloc[-1] == record.summary["reported"]["WAR"]
    assert record.epochs["test_war_unfiltered"].iloc[-1] == record.summary["reported"]["unfiltered"]["WAR"]


def test_a_run_without_the_filter_is_the_same_run_unfiltered(filtered):
    request, record, _ = filtered
    plain = run(**asked(request, variant="without-filter"))
    view = filtering.unfiltered(record, "without-filter")
    assert "unfiltered" not in plain.clips and view.config["variant"] == "without-filter"
    assert [view.summary["reported"][name] for name in ("WAR", "UAR", "epoch")] == [
        plain.summary["reported"][name] for name in ("WAR", "UAR", "epoch")]
    columns = ["clip", "prediction", "loss", *(f"p{k}" for k in range(7))]
    pd.testing.assert_frame_equal(view.clips[columns], plain.clips[columns], rtol=1e-4, atol=1e-6)
    assert (view.epochs["test_war"] == plain.epochs["test_war"]).all()
    with pytest.raises(BadInput, match="decides nothing"):
        filtering.unfiltered(plain, "plain")


def test_other_thresholds_and_windows_can_be_asked_of_what_is_kept(filtered, tmp_path, monkeypatch):
    request, record, _ = filtered
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    keep([(record, "slim")])
    slim = kept("nr_dfernet")[0].clips
    assert set(slim) == {"split", "clip", "label", "prediction", "unfiltered"}
    keep([(record, "features")])
    (run_,) = kept("nr_dfernet")
    rows = run_.clips.query("split == 'test'").set_index("clip").loc[run_.features["clip"]].reset_index()
    assert (filtering.decided(rows, *filtering.own_snippets(rows), **LOOSE) == rows["prediction"]).mean() > 0.9
    assert (filtering.decided(rows, *filtering.own_snippets(rows), 1.0, 0.0) == rows["unfiltered"]).all()
    model, _ = build("nr_dfernet", request.plan())
    record.load_weights(model)
    frames = torch.stack([features_of(request, clip) for clip in rows["clip"]])
    tokens = model.eval().spatial_features(frames)
    vectors = np.stack(run_.features["windows"])
    for width, stride in ((1, 1), (3, 2), (8, 3)):
        with torch.no_grad():
            logits = model.of_snippets(tokens, width, stride)
        found = filtering.windows(vectors, 15, width, stride)
        assert np.allclose(found, logits.softmax(-1).numpy(), atol=1e-3)
        trips = tripping(logits, 0.2, 0.1).any(1).numpy()
        ours = filtering.decided(rows, found.max(-1), found[..., filtering.NEUTRAL], 0.2, 0.1)
        theirs = snippet_filter(model.classifier(model.classify(tokens)[0]), logits, 0.2, 0.1).argmax(1).numpy()
        assert (ours == theirs).mean() > 0.9 and trips.shape == ours.shape  # half precision may turn a close one
    for width, stride in ((9, 1), (0, 1), (3, 0), (16, 1)):
        with pytest.raises(BadInput, match=f"no snippets of {width} frames, {stride} apart"):
            filtering.windows(vectors, 15, width, stride)
    with pytest.raises(BadInput, match="keep: whole"):
        filtering.own_snippets(slim)


def test_what_snippets_say_of_other_splits_is_put_beside_a_record_once(filtered, tmp_path, monkeypatch):
    request, record, _ = filtered
    monkeypatch.setenv("DFER_RESULTS", str(tmp_path))
    with pytest.raises(BadInput, match="not tested on neutral50(.|\n)*choose among: none"):
        add_features(request, record, ["neutral50"])
    more = add_features(request, record, ["train"])
    monkeypatch.setattr(running, "prepare", lambda *args, **kwargs: pytest.fail("computed again"))
    assert len(add_features(request, more, ["train"]).features) == len(more.features)
    test = more.features.iloc[:len(record.features)]
    assert np.array_equal(np.stack(test["windows"]), np.stack(record.features["windows"]))
    assert np.array_equal(np.stack(test["features"]), np.stack(record.features["features"]))
    assert set(more.features["clip"]) == set(record.clips["clip"]) and more.features["clip"].is_unique
    assert more.features["features"].isna().sum() == record.clips.query("split == 'train'")["clip"].nunique()
    keep([(more, "features")])
    (run_,) = kept("nr_dfernet")
    assert np.array_equal(np.stack(run_.features["windows"]), np.stack(more.features["windows"]))
    record.features.to_parquet(record.path / "features.parquet", index=False)


def features_of(request: Request, clip: str) -> torch.Tensor:
    from dfer_nb.data.video import dynamic

    data = prepare(request, progress=False)
    return data.frames.take([clip], [dynamic(len(data.frames.frames(clip)), 8, 2)])[0]


def test_weights_of_another_depth_are_refused(filtered):
    request, record, _ = filtered
    for variant in ("depth-2-6", "depth-3-4"):
        model, _ = build("nr_dfernet", Request(**{**vars(request), "variant": variant}).plan())
        with pytest.raises(BadInput, match="weights of another network(.|\n)*layers?|temporal|static"):
            record.load_weights(model)
    wider, _ = build("m3dfel", Request("m3dfel", preset="frozen").plan())
    with pytest.raises(BadInput, match="weights of another network"):
        record.load_weights(wider)


def test_a_run_begins_with_another_ones_weights(filtered):
    request, first, patch = filtered
    start = called(first.config)
    with pytest.raises(BadInput, match="fine-tuned goes on from another run"):
        Request(**{**vars(request), "variant": "fine-tuned"})
    patch.setitem(running.variants("nr_dfernet")["fine-tuned"].training, "train_clips", 20)
    second = Request(**{**vars(request), "variant": "fine-tuned", "epochs": 1, "start": start})
    record = run(**asked(second, start=start))
    assert record.path == record_folder(second.config()) and record.config["start"] == start
    assert len(record.clips.query("split == 'train'")) == 20 and record.environment["start"]
    data, plan = prepare(second, progress=False), second.plan()
    fits = [running._fit(second, plan, data, make_fabric(second), record.path, False, start=start)
            for start in (first, None)]
    weights = load_checkpoint(first.path / "checkpoint.pt")["model"]
    same = [all(torch.equal(own, weights[name]) for name, own in fit.model.module.state_dict().items()) for fit in fits]
    assert same == [True, False]
    assert set(traces(second.first())) <= set(record.traces) and len(record.traces) == len(traces(second.first())) + 1
    assert out_of_date(record, second, second.config()) == []


@pytest.mark.parametrize(
    ("start", "message"),
    [("nr_dfernet", "no run of nr_dfernet called 'nr_dfernet'"),
     ("rdfer/facsimile/laptop/rdfer/fold1/draw0/seed0", "no run of nr_dfernet called 'rdfer/"),
     ("nr_dfernet/facsimile/laptop/nothing/fold1/draw0/seed0", "no variant 'nothing'"),
     ("nr_dfernet/facsimile/laptop/nr_dfernet/fold9/draw0/seed0", "no fold 9")],
)
def test_a_name_of_no_run_is_refused(start, message):
    with pytest.raises(BadInput, match=message):
        Request("nr_dfernet", start=start)


def test_a_licensed_run_to_begin_with_must_be_there_and_a_drawn_one_is_made(runs, monkeypatch):
    name, made = "nr_dfernet/{}/frozen/nr_dfernet/fold1/draw3/seed4", []
    monkeypatch.setattr(running, "run", lambda **parameters: made.append(parameters))
    running._started(Request("nr_dfernet", start=name.format("facsimile")), progress=False)
    assert {key: made[0][key] for key in ("dataset", "draw", "seed", "preset", "threads", "start")} == {
        "dataset": "facsimile", "draw": 3, "seed": 4, "preset": "frozen", "threads": 1, "start": ""}
    for request in (Request("nr_dfernet", start=name.format("dfew")),
                    Request("nr_dfernet", start=name.format("facsimile"), devices=2)):
        with pytest.raises(BadInput, match="has not been made"):
            running._started(request, progress=False)
    assert len(made) == 1


def test_an_old_record_is_not_moved_by_a_start_that_it_lacks():
    config = Request("rdfer", device="cpu").config()
    older = {name: value for name, value in config.items() if name != "start"}
    assert record_folder(older) == record_folder(config)
