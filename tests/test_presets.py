"""Presets: every value has a source, `paper` agrees with what the paper states, every variant builds."""

from dataclasses import asdict

import pytest
import yaml

from dfer_nb import files, presets, rdfer
from dfer_nb.errors import BadInput

RDFER_PRESETS = presets.PRESETS["rdfer"]


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


def test_every_value_says_where_it_comes_from():
    for name, preset in RDFER_PRESETS.items():
        for part, values in preset.items():
            for key, value in values.items():
                source = value.source
                assert source.startswith(("Sec. ", "Fig. ", "Eq. ")) or source in ("assumption", "laptop"), (
                    name,
                    part,
                    key,
                )
                if name not in ("laptop", "frozen"):
                    assert source != "laptop", (name, part, key)


def test_what_the_paper_leaves_open_is_tagged_so():
    paper = RDFER_PRESETS["paper"]
    open_values = {key for part in paper.values() for key, value in part.items() if value.source == "assumption"}
    assert {"size", "detector_name", "lambda_ordinary", "ranks", "dim", "start"} <= open_values


@pytest.mark.parametrize("variant", presets.VARIANTS["rdfer"])
def test_every_variant_builds_and_changes_something(variant):
    chosen = presets.plan("rdfer", variant=variant)
    model, method = presets.build("rdfer", chosen)
    assert isinstance(model, rdfer.RDFER) and isinstance(method, rdfer.AgreementReweighting)
    assert (chosen == presets.plan("rdfer")) == (variant == "rdfer")
    assert presets.VARIANTS["rdfer"][variant].answers


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
