"""Presets: every value has a source, `paper` agrees with what the paper states, every variant builds."""

import re
from dataclasses import asdict

import pytest
import torch
import yaml

from dfer_nb import files, presets
from dfer_nb.errors import BadInput
from dfer_nb.request import Request
from dfer_nb.training.controls import Control

EVERY_PRESET = [(paper, name) for paper, found in presets.PRESETS.items() for name in found]
EVERY_VARIANT = [(paper, name) for paper in presets.PRESETS for name in presets.variants(paper)]


def stated(paper: str) -> dict:
    published = yaml.safe_load((files.root() / "book" / "published.yml").read_text(encoding="utf-8"))
    return {name: entry["value"] for name, entry in published[paper]["settings"].items()}


# the papers' spelling -> ours
PRINTED = {"AdamW": "adamw", "SGD": "sgd", "ResNet50": "resnet50", "ImageNet": "imagenet", "R3D18": "r3d",
           "Torchvision": "torchvision"}


def agree(paper: str, fixed: dict, of_ours=lambda ours: {}) -> None:
    """Hold the `paper` preset against what the paper states.

    fixed: what the code decides, not a preset; of_ours: what the paper says in other terms, from our values.
    """
    found = presets.plan(paper, "paper", dataset="dfew")
    ours = asdict(found.training) | found.model | found.method
    assert ours["lr_backbone"] == ours["lr"]  # each paper gives one rate
    ours |= {"crop": "random" if ours["crop_scale"][0] < 1 else "none"} | of_ours(ours)
    said = stated(paper)
    expected = {name: PRINTED.get(str(value), value) for name, value in said.items() if name not in fixed}
    assert {name: ours[name] for name in expected} == expected
    assert {name: said[name] for name in fixed} == fixed


def test_the_rdfer_paper_preset_is_the_papers():
    agree("rdfer", {"sequence_model": "BiLSTM", "folds": 5}, lambda ours: {
        "n_clips": ours["n_frames"] // ours["clip_length"],
        "detector_frames": ours["max_frames"] // ours["detector_stride"],
    })


def test_the_m3dfel_paper_preset_is_the_papers():
    fixed = {"loss": "cross-entropy", "sequence_model": "BiLSTM", "attention": "MHSA", "aggregation": "Conv1D",
             "normalizers": ["bag", "instance"], "folds": 5}
    agree("m3dfel", fixed, lambda ours: {
        "n_frames": ours["max_frames"],
        "instance_length": ours["max_frames"] // ours["bag_size"],
    })
    whole = {"pooling": "dliam", "lstm": True, "attention": True, "norm": "dmin"}
    model = presets.plan("m3dfel", "paper").model
    assert {name: model[name] for name in whole} == whole  # what `fixed` says is switched on


def test_the_nr_dfernet_paper_preset_is_the_papers():
    fixed = {"loss": "cross-entropy", "pretrained_afew": "DFEW", "stem_layers": 3, "static_stride": 2,
             "dynamic_layers": 3, "dynamic_kernel": 3, "folds": 5}
    tuned = presets.plan("nr_dfernet", "paper", "fine-tuned").training
    agree("nr_dfernet", fixed, lambda ours: {
        "n_frames": ours["length"], "dynamic_frames": ours["length"] - 1, "mu_1": ours["mu1"], "mu_2": ours["mu2"],
        "fuse": {"both": "sum"}[ours["branches"]], "class_token": {"dynamic": "mean of the frames"}[ours["token"]],
        "jitter": ours["jitter"] > 0, "epochs_afew": tuned.epochs, "lr_afew": tuned.lr,
    })
    assert presets.plan("nr_dfernet", "paper").method["filtered"] and tuned.lr_backbone == tuned.lr
    assert tuned.schedule == "exponential" and not tuned.train_clips


def test_nr_dfernets_model_sees_u_times_v_frames_of_those_that_are_kept():
    frames = {("laptop", "facsimile"): 32, ("laptop", "facsimile-long"): 64, ("paper", "dfew"): 128}
    for (preset, dataset), kept in frames.items():
        chosen = presets.plan("nr_dfernet", preset, dataset=dataset)
        assert (chosen.training.max_frames, chosen.training.n_frames, chosen.model["length"]) == (kept, 16, 16)


def test_table_1_is_three_switches():
    """NR-DFERNet, Table 1: dynamic-static fusion, dynamic class token, snippet-based filter."""
    rows = {"a": "", "b": "SF", "c": "DCT", "d": "DCT SF", "e": "DSF", "f": "DSF SF", "g": "DSF DCT", "h": "DSF DCT SF"}
    found = {}
    for name, variant in presets.VARIANTS["nr_dfernet"].items():
        if row := re.match(r"Table 1, (\w)\b", variant.answers):
            chosen = presets.plan("nr_dfernet", variant=name)
            on = {"DSF": chosen.model["branches"] == "both", "DCT": chosen.model["token"] == "dynamic",
                  "SF": chosen.method["filtered"]}
            found[row[1]] = " ".join(part for part in on if on[part])
    assert found == rows


def test_the_sciu_paper_preset_is_the_papers():
    ferv39k = presets.plan("sciu", "paper", "ferv39k-thresholds").method
    fixed = {"momentum": 0.9, "loss": "weighted cross-entropy", "weight_layers": 2, "weight_activation": "sigmoid"}
    agree("sciu", fixed, lambda ours: {
        "n_frames": ours["max_frames"],
        **{f"{name}_ferv39k": ferv39k[name] for name in ("prune_below", "correct_above", "rounds")},
    })
    assert presets.plan("sciu", "paper").method["prune"] and presets.plan("sciu", "paper").method["correct"]


def test_tables_2_4_and_5_are_whole():
    """SCIU: both stages on and off, and each value of lambda, tau and t, once."""
    plans = {name: presets.plan("sciu", "paper", name) for name in presets.VARIANTS["sciu"]}
    stages = {(p.method["prune"], p.method["correct"]) for name, p in plans.items() if "Table" in
              presets.VARIANTS["sciu"][name].answers}
    assert len(stages) == 4
    for setting, values in (("prune_below", (0.5, 0.6, 0.7, 0.8, 0.9)), ("correct_above", (0.1, 0.2, 0.3, 0.4, 0.5)),
                            ("rounds", (2, 3, 4, 5))):
        own = [p.method[setting] for name, p in plans.items() if presets.VARIANTS["sciu"][name].answers.startswith(
            ("Table 4", "Table 5"))] + [plans["sciu"].method[setting]]
        assert sorted(set(own)) == list(values)


def test_fewer_epochs_than_t_shorten_it():
    assert presets.plan("sciu", variant="t-5", epochs=3).method["rounds"] == 3
    assert all(presets.plan("sciu", name).training.epochs > 5 for name in presets.PRESETS["sciu"])


def test_m3dfel_without_weights_differs_in_nothing_else():
    ours, scratch = (presets.plan("m3dfel", preset) for preset in ("paper", "paper-scratch"))
    assert scratch.model.pop("backbone_weights") == "none" and ours.model.pop("backbone_weights") == "torchvision"
    assert scratch == ours


@pytest.mark.parametrize(("paper", "name"), EVERY_PRESET)
def test_every_value_says_where_it_comes_from(paper, name):
    values = {key: value for part in presets.PRESETS[paper][name].values() for key, value in part.items()}
    strange = [key for key, value in values.items()
               if not value.source.startswith(("Sec. ", "Fig. ", "Eq. ", "Table "))
               and value.source not in ("assumption", "laptop")]
    assert values and strange == []
    if name.startswith("paper"):
        assert [key for key, value in values.items() if value.source == "laptop"] == []


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        ("rdfer", {"size", "detector_name", "lambda_ordinary", "ranks", "dim", "start", "n_frames", "clip_length",
                   "embedding", "over_time", "printed_positions", "cosine_from", "cpu_precision",
                   "max_frames", "detector_stride"}),  # the paper gives the last two as an example
        ("m3dfel", {"size", "crop_scale", "hidden", "layers", "heads", "width", "initial_scale", "cosine_from",
                    "cpu_precision"}),
        ("nr_dfernet", {"backbone_name", "backbone_weights", "head_width", "spatial_mlp", "temporal_mlp", "gamma",
                        "weight_decay", "snippets", "snippet_times", "initial_scale", "max_frames", "jitter",
                        "crop_scale", "smoothing"}),
        ("sciu", {"score_of", "returns", "lasting", "leaves", "start", "hidden", "lr", "lr_min", "schedule", "warmup",
                  "batch_size", "weight_decay", "size", "crop_scale", "jitter", "smoothing", "backbone_weights"}),
    ],
)
def test_what_the_paper_leaves_open_is_tagged_so(paper, expected):
    parts = presets.PRESETS[paper]["paper"].values()
    assert expected <= {key for part in parts for key, value in part.items() if value.source == "assumption"}


def test_what_is_decided_without_the_papers_word_is_named():
    both = {"cosine", "colour jitter", "random crop", "input scaling", "frames of a video"}
    assert set(presets.CHOICES["rdfer"]) == both | {
        "detector's stride", "n1 and n2", "frame embedding", "what a BiLSTM gives", "re-sampled positions",
        "loss that is ranked"}
    assert set(presets.CHOICES["m3dfel"]) == both | {"Former-DFER's beginning", "what CNN-LSTM's BiLSTM gives"}
    assert set(presets.CHOICES["nr_dfernet"]) == both - {"cosine"} | {
        "primary feature map", "weights at the start", "Conv-D", "dynamic branch", "last frame",
        "sizes of the encoders", "beginning of positions and token", "classifier", "what a snippet is taken from",
        "positions of a snippet", "snippets in training", "thresholds", "filtered logits", "attention of Fig. 5",
        "frames of a segment", "schedule", "oversampling", "few clips"}
    assert set(presets.CHOICES["sciu"]) == both - {"cosine"} | {
        "what the weight multiplies", "p of the score", "pruned clips", "how pruned clips leave", "corrected labels",
        "rounds of Eq. 8 to 10", "where scores are taken", "thresholds", "lambda of a short training", "warm-up",
        "weight branch", "FGC alone",
        "controls that drop clips", "optimiser", "weights at the start", "what the BiLSTM gives"}
    for paper, choices in presets.CHOICES.items():
        assert all(choice.ours and choice.theirs for choice in choices.values())
        assert {choice.variant for choice in choices.values()} - {""} <= set(presets.variants(paper))


@pytest.mark.parametrize("paper", presets.PRESETS)
def test_what_no_preset_says_is_what_the_presets_say_of_choices(paper):
    """A choice that became a setting has the default that it was made with: no record is stale for it."""
    usual = {name: value for part in presets.defaults(paper).values() for name, value in part.items()}
    for part in presets.PRESETS[paper]["laptop"].values():
        chosen = {"embedding", "over_time", "printed_positions", "initial_scale", "cosine_from"} & set(part)
        assert {name: part[name].value for name in chosen} == {name: usual[name] for name in chosen}


@pytest.mark.parametrize(("paper", "variant"), EVERY_VARIANT)
def test_full_size_networks_take_bf16_on_a_cpu_where_nothing_is_3d(paper, variant):
    chosen = presets.plan(paper, "paper-scratch", variant)
    with torch.device("meta"):  # nothing is computed
        model, _ = presets.build(paper, chosen)
    solid = any(isinstance(part, torch.nn.Conv3d) for part in model.modules())
    assert chosen.training.cpu_precision == ("32-true" if solid else "bf16-mixed")
    assert presets.plan(paper, "paper", variant).training == chosen.training
    small = presets.plan(paper, "laptop", variant).training.cpu_precision
    assert small == ("32-true" if paper == "m3dfel" else "bf16-mixed")  # as the runs in results/ were made


def test_former_dfer_can_begin_as_in_its_public_code():
    for name, ours, theirs in (("former-dfer", "former-dfer", "former-dfer-scale-1"),
                               ("in a bag", "former-dfer-m3dfel", "former-dfer-scale-1-m3dfel")):
        one, other = (presets.plan("m3dfel", "laptop", variant) for variant in (ours, theirs))
        assert (one.model.pop("initial_scale"), other.model.pop("initial_scale")) == (0.02, 1.0), name
        assert one == other
        network, _ = presets.build("m3dfel", presets.plan("m3dfel", "laptop", theirs))
        times = getattr(network, "host", network).times
        assert 0.8 < times.std() < 1.2  # some 600 numbers or more


@pytest.mark.parametrize(("paper", "variant"), EVERY_VARIANT)
def test_every_variant_builds_and_changes_something(paper, variant):
    model, method = presets.build(paper, presets.plan(paper, variant=variant))
    assert isinstance(model, torch.nn.Module) and isinstance(method, Control) == (variant in presets.CONTROLS)
    assert type(getattr(method, "base", method)) is type(presets.PAPERS[paper].METHOD())
    own_backbone = "backbone_name" in presets.variants(paper)[variant].model  # frozen features leave nothing to choose
    able = [preset for preset in presets.PRESETS[paper] if not (own_backbone and preset == "frozen")]
    same = [presets.plan(paper, preset, variant) == presets.plan(paper, preset) for preset in able]
    assert all(same) == (variant == paper)  # where a preset has a variant's value already, another has not
    assert presets.variants(paper)[variant].answers


@pytest.mark.parametrize("paper", presets.PRESETS)
def test_no_variant_of_a_paper_is_called_as_a_control(paper):
    assert not set(presets.VARIANTS[paper]) & set(presets.CONTROLS) and paper in presets.VARIANTS[paper]


def test_long_clips_keep_more_frames_at_laptop_size_only():
    assert presets.plan("rdfer", dataset="facsimile-long").training.max_frames == 64
    assert presets.plan("rdfer", dataset="facsimile").training.max_frames == 32
    assert presets.plan("rdfer", dataset="facsimile-motion").training.max_frames == 32
    assert presets.plan("rdfer", "paper", dataset="facsimile").training.max_frames == 64
    assert presets.plan("m3dfel", dataset="facsimile-long").training.max_frames == 16  # its samples are always of 16


def test_some_variants_of_m3dfel_are_one_run():
    """Each preset's own host stands in two tables: run one of the two names."""
    for preset, own in (("laptop", "r2plus1d"), ("paper", "r3d")):
        plans = {name: presets.plan("m3dfel", preset, name) for name in presets.VARIANTS["m3dfel"]}
        assert plans[own] == plans["bag-1"] and plans[f"{own}-m3dfel"] == plans["m3dfel"]
        twins = [name for name in plans if list(plans.values()).count(plans[name]) > 1]
        assert sorted(twins) == sorted([own, "bag-1", f"{own}-m3dfel", "m3dfel"])


def test_a_cpu_without_bf16_computes_the_paper_presets_in_float32(monkeypatch):
    wanted = Request("m3dfel", preset="paper", variant="former-dfer", device="cpu")
    for native, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda native=native: native)
        assert wanted.config()["precision"] == precision


def test_fewer_epochs_shorten_the_warm_up():
    assert presets.plan("rdfer", "paper", epochs=3).training.warmup == 2
    assert presets.plan("rdfer", epochs=1).method["start"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paper": "rdfr"}, "no paper 'rdfr'"),
        ({"preset": "desktop"}, "no preset 'desktop'(.|\n)*laptop, memorise, frozen, paper"),
        ({"variant": "best"}, "no variant 'best'(.|\n)*big-loss-strengthening(.|\n)*oracle-drop"),
    ],
)
def test_unknown_names_list_the_known_ones(arguments, message):
    with pytest.raises(BadInput, match=message):
        presets.plan(**{"paper": "rdfer"} | arguments)


def test_frozen_features_have_no_backbone_to_choose():
    assert presets.plan("m3dfel", "frozen", "bag-16").model["backbone_name"] == "features"
    with pytest.raises(BadInput, match="'former-dfer' trains its own former-dfer, and the preset 'frozen' has no"):
        presets.plan("m3dfel", "frozen", "former-dfer")
