"""Costs beside the papers': whose count a published figure agrees with, and what is not built says so."""

import pytest

from dfer_nb.errors import BadInput
from dfer_nb.m3dfel import M3DFEL
from dfer_nb.models.cost import Cost, cost
from dfer_nb.models.hosts import host
from dfer_nb.nr_dfernet import NRDFERNet
from dfer_nb.viewing.evidence.costs import agrees_with, costs_table, counts_table
from dfer_nb.viewing.evidence.published import load

HOSTS = {"CNN-LSTM": "cnn-lstm", "MC3": "mc3", "R(2+1)D": "r2plus1d", "R3D18": "r3d", "Former-DFER": "former-dfer"}


@pytest.fixture(scope="module")
def counted():
    """RDFER's Table VI: its row -> what the network costs here."""
    alone = {row: cost(lambda name=name: host(name)) for row, name in HOSTS.items()}
    return alone | {f"{row} + M3DFEL": cost(lambda name=name: M3DFEL(backbone_name=name))
                    for row, name in HOSTS.items()}


@pytest.mark.parametrize(
    ("published", "words"),
    [(42.0, "true count"), (1.6, "skipped layers"), (20.0, "neither"), (None, "–"),
     (40.0 / 0.951, "true count"), (40.0 / 0.949, "neither"), (40.0 / 1.049, "true count"), (40.0 / 1.051, "neither")],
)
def test_the_words_of_an_agreement(published, words):
    assert agrees_with(published, Cost(1, 40.0, 1.6)) == words


def test_counts_that_are_one_agree_together_or_not_at_all():
    assert agrees_with(7.97, Cost(1, 7.93, 7.97)) == "both counts" and agrees_with(7.97, None) == "–"
    assert agrees_with(7.97, Cost(1, 7.93, 7.97), tolerance=0.001) == "skipped layers"


def test_table_vi_agrees_where_no_layer_is_skipped(counted):
    table = costs_table(counted, "rdfer", "VI")
    words = table.frame["paper agrees with"]
    assert set(words.index) == set(load("rdfer", "VI")["rows"])
    skipped = {"MC3", "MC3 + M3DFEL", "R3D18", "R3D18 + M3DFEL"}
    assert set(words[words == "skipped layers"].index) == skipped and set(words) == {"skipped layers", "both counts"}
    assert table.frame.loc["R3D18"].tolist() == ["33.2", "33.2", "40.70", "1.59", "1.59", "skipped layers"]
    assert table.frame.loc["R3D18 + M3DFEL"].tolist() == ["46.8", "45.0", "43.19", "1.65", "1.65", "skipped layers"]


def test_table_vi_is_a_count_by_exact_types_to_a_hundredth(counted):
    gaps = {row: counted[row].gmac_exact_types - cells["FLOPs"] for row, cells in load("rdfer", "VI")["rows"].items()}
    assert max(map(abs, gaps.values())) < 0.01
    assert counted["R(2+1)D"].gmac < 40.77 - 0.2  # so the true count is not what was printed


def test_nr_dfernets_table_5_beside_true_counts(counted):
    """Three figures are true counts of another size of recurrence, two of none that is built here."""
    gru, vgg = (cost(lambda name=name: host(name)) for name in ("cnn-gru", "vgg11-lstm"))
    ours = cost(lambda: NRDFERNet(snippets=True))
    rows = {"R(2+1)D18 (TI)": counted["R(2+1)D"], "VGG11+LSTM (TI)": vgg, "ResNet18+LSTM (TI)": counted["CNN-LSTM"],
            "ResNet18+LSTM": counted["CNN-LSTM"], "Resnet18+GRU": gru, "Former-DFER": counted["Former-DFER"],
            "NR-DFERNet": ours, "NR-DFERNet*": ours}
    frame = costs_table(rows, "nr_dfernet", "5", {"3D Resnet18": "another network, not torchvision's R3D18."}).frame
    found = {row: (*frame.loc[row, ["GMAC, true count", "FLOPs, paper"]], frame.loc[row, "paper agrees with"])
             for row in rows}
    assert found == {
        "R(2+1)D18 (TI)": ("40.52", "42.36", "both counts"), "VGG11+LSTM (TI)": ("30.11", "31.65", "both counts"),
        "ResNet18+LSTM (TI)": ("7.93", "7.78", "both counts"),
        "ResNet18+LSTM": ("7.93", "7.78", "both counts"), "Resnet18+GRU": ("7.88", "7.78", "both counts"),
        "Former-DFER": ("8.30", "9.11", "neither"), "NR-DFERNet": ("5.08", "6.33", "neither"),
        "NR-DFERNet*": ("5.08", "6.33", "neither")}
    assert set(frame.loc["3D Resnet18", ["GMAC, true count", "paper agrees with"]]) == {"not built", "–"}


def test_several_counts_beside_one_published_figure():
    once, twice = Cost(1, 5.078, 5.1), Cost(1, 6.313, 6.4)
    table = counts_table({"once": {"M=2, N=4": once}, "twice": {"M=2, N=4": twice}}, "nr_dfernet", "3", "a note")
    assert table.frame.loc["M=2, N=4"].to_dict() == {
        "GMAC, once": "5.08", "GMAC, twice": "6.31", "FLOPs, paper": "6.33", "last count less paper": "-0.02"}
    assert table.frame.loc["M=3, N=6"].tolist() == ["not built", "not built", "7.57", "–"] and table.note == "a note"
    with pytest.raises(BadInput, match="table 3 has no row 'M=9'"):
        counts_table({"once": {"M=9": once}}, "nr_dfernet", "3")


def test_table_1_shows_what_is_not_built_and_names_another_network(counted):
    rows = {"R(2+1)D18": counted["R(2+1)D"], "FormerDFER": counted["Former-DFER"], "M3DFEL": counted["R3D18 + M3DFEL"]}
    table = costs_table(rows, "m3dfel", "1", {"3D ResNet18": "another network, not torchvision's R3D18."})
    assert list(table.frame.index) == list(load("m3dfel", "1")["rows"]) and "parameters, paper" not in table.frame
    assert table.frame.loc["3D ResNet18"].tolist() == ["not built"] * 3 + ["8.32", "–"]
    assert table.frame.loc["P3D"].tolist() == ["not built"] * 3 + ["–", "–"]
    assert table.frame.loc["M3DFEL"].tolist() == ["46.8", "43.19", "1.65", "1.65", "skipped layers"]
    assert table.frame.loc["FormerDFER", "paper agrees with"] == "neither"  # 9.11; RDFER prints 8.31
    assert table.frame.loc["R(2+1)D18", "paper agrees with"] == "both counts"
    assert table.note.endswith("3D ResNet18: another network, not torchvision's R3D18.")
    assert all(words in table.note for words in ("multiply-adds", "16 frames of 112 px", "within 5 % of", "nn.Conv3d"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({"R3D18": Cost(1, 1.0, 1.0)}, "m3dfel", "1"), "table 1 has no row 'R3D18'"),
        (({}, "m3dfel", "1", {"R4D": "what is it"}), "table 1 has no row 'R4D'"),
        (({}, "m3dfel", "2"), "table 2 has no column 'FLOPs'"),
        (({}, "m3dfel", "9"), "no table '9' of m3dfel"),
        (({}, "nobody", "1"), "no paper 'nobody'"),
    ],
)
def test_what_the_papers_do_not_print_is_refused(arguments, message):
    with pytest.raises(BadInput, match=f"{message}(.|\n)*choose one of"):
        costs_table(*arguments)
