"""Presets: every value has a source, `paper` agrees with what the paper states, every variant builds."""

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


@pytest.mark.parametrize("paper", presets.PRESETS)
def test_every_main_table_that_a_paper_prints_stands_beside_ours(paper):
    published = yaml.safe_load((files.root() / "book" / "published.yml").read_text(encoding="utf-8"))
    tables = published[paper]["tables"]
    titled = {name: each["title"].partition(" and other methods on ")[2] for name, each in tables.items()}
    printed = {title.partition(",")[0].lower(): str(name) for name, title in titled.items() if title}
    assert set(printed) == {"dfew", "ferv39k"}
    for dataset, name in printed.items():
        table, row, columns = presets.main_table(paper, dataset)
        assert table == name and set(columns) <= set(tables[table]["rows"][row])
    assert presets.main_table(paper, "facsimile") == presets.main_table(paper, "dfew")
    assert presets.main_table(paper, "mafw") is None


# the papers' spelling -> ours
PRINTED = {"AdamW": "adamw", "ResNet50": "resnet50", "ImageNet": "imagenet", "R3D18": "r3d",
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
    assert isinstance(getattr(method, "base", method), presets.PAPERS[paper].METHOD)
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
