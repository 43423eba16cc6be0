"""Presets: every value has a source, `paper` agrees with what the paper states, every variant builds."""

from dataclasses import asdict

import pytest
import torch
import yaml

from dfer_nb import files, presets
from dfer_nb.errors import BadInput
from dfer_nb.training.controls import Control

RDFER_PRESETS = presets.PRESETS["rdfer"]
EVERY_PRESET = [(paper, name) for paper, found in presets.PRESETS.items() for name in found]
EVERY_VARIANT = [(paper, name) for paper in presets.PRESETS for name in presets.variants(paper)]


@pytest.fixture(scope="module")
def stated() -> dict:
    published = yaml.safe_load((files.root() / "book" / "published.yml").read_text(encoding="utf-8"))
    return {name: entry["value"] for name, entry in published["rdfer"]["settings"].items()}


PRINTED = {"AdamW": "adamw", "ResNet50": "resnet50", "ImageNet": "imagenet"}  # the paper's spelling -> ours


def test_the_paper_preset_is_the_papers(stated):
    found = presets.plan("rdfer", "paper", dataset="dfew")
    ours = asdict(found.training) | found.model | found.method
    assert ours["lr_backbone"] == ours["lr"]  # the paper gives one rate
    ours |= {
        "crop": "random" if ours["crop_scale"][0] < 1 else "none",
        "n_clips": ours["n_frames"] // ours["clip_length"],
        "detector_frames": ours["max_frames"] // ours["detector_stride"],
    }
    fixed = {"sequence_model": "BiLSTM", "folds": 5}  # by the code, not by a preset
    expected = {name: PRINTED.get(value, value) for name, value in stated.items() if name not in fixed}
    assert {name: ours[name] for name in expected} == expected
    assert {name: stated[name] for name in fixed} == fixed


@pytest.mark.parametrize(("paper", "name"), EVERY_PRESET)
def test_every_value_says_where_it_comes_from(paper, name):
    values = {key: value for part in presets.PRESETS[paper][name].values() for key, value in part.items()}
    strange = [key for key, value in values.items()
               if not value.source.startswith(("Sec. ", "Fig. ", "Eq. ", "Table "))
               and value.source not in ("assumption", "laptop")]
    assert values and strange == []
    if name not in ("laptop", "frozen"):
        assert [key for key, value in values.items() if value.source == "laptop"] == []


def test_what_the_paper_leaves_open_is_tagged_so():
    paper = RDFER_PRESETS["paper"]
    open_values = {key for part in paper.values() for key, value in part.items() if value.source == "assumption"}
    assert {"size", "detector_name", "lambda_ordinary", "ranks", "dim", "start"} <= open_values


@pytest.mark.parametrize(("paper", "variant"), EVERY_VARIANT)
def test_every_variant_builds_and_changes_something(paper, variant):
    model, method = presets.build(paper, presets.plan(paper, variant=variant))
    assert isinstance(model, torch.nn.Module) and isinstance(method, Control) == (variant in presets.CONTROLS)
    assert isinstance(getattr(method, "base", method), presets.PAPERS[paper].METHOD)
    same = [presets.plan(paper, preset, variant) == presets.plan(paper, preset) for preset in presets.PRESETS[paper]]
    assert all(same) == (variant == paper)  # where a preset has a variant's value already, another has not
    assert presets.variants(paper)[variant].answers


@pytest.mark.parametrize("paper", presets.PRESETS)
def test_no_variant_of_a_paper_is_called_as_a_control(paper):
    assert not set(presets.VARIANTS[paper]) & set(presets.CONTROLS) and paper in presets.VARIANTS[paper]


def test_long_clips_keep_more_frames_at_laptop_size_only():
    assert presets.plan("rdfer", dataset="facsimile-long").training.max_frames == 64
    assert presets.plan("rdfer", dataset="facsimile").training.max_frames == 32
    assert presets.plan("rdfer", "paper", dataset="facsimile").training.max_frames == 64


def test_fewer_epochs_shorten_the_warm_up():
    assert presets.plan("rdfer", "paper", epochs=3).training.warmup == 2
    assert presets.plan("rdfer", epochs=1).method["start"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paper": "rdfr"}, "no paper 'rdfr'"),
        ({"preset": "desktop"}, "no preset 'desktop'(.|\n)*laptop, frozen, paper"),
        ({"variant": "best"}, "no variant 'best'(.|\n)*big-loss-strengthening(.|\n)*oracle-drop"),
    ],
)
def test_unknown_names_list_the_known_ones(arguments, message):
    with pytest.raises(BadInput, match=message):
        presets.plan(**{"paper": "rdfer"} | arguments)
