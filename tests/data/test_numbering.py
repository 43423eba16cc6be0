"""Numbers of classes: what paths and published counts prove is taken, what they deny is refused, nothing is shifted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import MAFW_WORDS, SEVEN, dfew, ferv39k, listfiles, listfiles_mafw

from dfer_nb.data import orders
from dfer_nb.data.choices import Reading
from dfer_nb.data.known import LICENSED
from dfer_nb.data.numbering import WORDS, Classes, labels
from dfer_nb.errors import BadInput

ALPHABET = sorted(SEVEN)
COUNTS = {name: LICENSED[name].published.classes for name in ("dfew", "ferv39k")}
KNOWN = {order.name: order for order in orders.known_orders(SEVEN)}


def alphabetical(k: int) -> int:
    """Another number than ours for every class."""
    return ALPHABET.index(SEVEN[k])


def rows(numbers) -> pd.DataFrame:
    """Rows of one list with these labels."""
    text = [str(number) for number in numbers]
    return pd.DataFrame({"clip": [str(k) for k in range(len(text))], "label": np.array(text, dtype=object),
                         "line": range(1, len(text) + 1), "list": "a list"})


def refused(name, root, *words, **choices):
    with pytest.raises(BadInput) as error:
        LICENSED[name].labelled(root, 1, Reading(**choices))
    for word in words:
        assert word in str(error.value)
    assert error.value.where and error.value.todo


def change(root, old: str, new: str) -> None:
    """Other text in the training list."""
    for path in root.rglob("*train*.*"):
        if path.is_file():
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new))


# ---------------------------------------------------------------- what paths prove


@pytest.mark.parametrize("name", ["ferv39k", "listfiles"])
def test_one_misspelt_path_switches_nothing_off(name, tmp_path):
    if name == "ferv39k":
        root = ferv39k(tmp_path, label=alphabetical)
        change(root, "Action/Happy/tr0000", "Action/Hapy/tr0000")
        right = {f"{split}{k:04d}": k % 7 for split, n in (("tr", 14), ("te", 7)) for k in range(n)}
    else:
        root = listfiles(tmp_path, label=alphabetical)
        for path in root.glob("*.txt"):
            lines = (line.split("/") for line in path.read_text().splitlines())
            path.write_text("".join(f"{a}/{SEVEN[int(b[:5]) % 7]}/{b}\n" for a, b in lines))
        change(root, "clips/Happy/00000", "clips/Hapy/00000")
        right = {f"{k:05d}": k % 7 for k in range(21)}
    found, said = LICENSED[name].labelled(root, 1, Reading())
    assert {clip.rpartition("/")[2]: label for clip, label in zip(found["clip"], found["label"], strict=True)} == right
    assert said == f"numbered from 0: {', '.join(ALPHABET)}"


def test_a_number_that_no_path_tells_is_refused_where_others_are_told(tmp_path):
    root = ferv39k(tmp_path, label=alphabetical)
    for path in root.rglob("*_All.csv"):
        path.write_text(path.read_text().replace("/Fear/", "/Feer/"))
    refused("ferv39k", root, "no path says which expression is meant by '2' (line 7)", "numbering=")
    found, said = LICENSED["ferv39k"].labelled(root, 1, Reading(numbering="alphabetical-0"))
    assert found["label"].tolist() == [k % 7 for k in (*range(14), *range(7))] and said.endswith(", ".join(ALPHABET))
    refused("ferv39k", root, "numbering is dfew-0, and by these lists 3 is Happy", numbering="dfew-0")


def test_words_that_the_path_denies_are_refused(tmp_path):
    root = ferv39k(tmp_path)
    change(root, "Action/Happy/tr0000 Happy", "Action/Happy/tr0000 Sad")
    refused("ferv39k", root, "1 labels are not the expression of the path: 'Sad' (line 1)", "Action/Happy/tr0000")
    change(root, "Action/Happy/tr0000 Sad", "Action/Happy/tr0000 Happy Sad")
    refused("ferv39k", root, "compound", "'Happy Sad' (line 1)")


def test_words_are_the_datasets_own():
    known = Classes(SEVEN, WORDS | {"freude": "Happy"})
    assert labels(rows(["Freude", "sad"]), known)[0].tolist() == [0, 1]
    with pytest.raises(BadInput, match="unknown: 'freude'"):
        labels(rows(["freude"]), Classes(SEVEN, WORDS))


# ---------------------------------------------------------------- what counts prove, and deny


@settings(max_examples=40)
@given(name=st.sampled_from(sorted(COUNTS)), order=st.sampled_from(sorted(KNOWN)), first=st.sampled_from([0, 1]),
       gone=st.sampled_from([0, 1, 10, 200]), seed=st.integers(0, 99))
def test_lists_of_another_known_order_are_recognised_or_refused_also_with_clips_short(name, order, first, gone, seed):
    counts = {each: n // 5 for each, n in COUNTS[name].items()}
    right = np.repeat(range(7), [counts[each] for each in SEVEN])
    right = np.delete(right, np.random.default_rng(seed).choice(len(right), gone, replace=False))
    number_of = {label: number for number, label in KNOWN[order].labels(SEVEN).items()}
    listed = rows(pd.Series(right).map(number_of))
    known = Classes(SEVEN, WORDS, first, [counts])
    if gone == 0 or order == f"dfew-{first}":
        assert labels(listed, known)[0].tolist() == right.tolist()
    else:
        with pytest.raises(BadInput, match=f"fit another order, {order} |0-based|two numberings"):
            labels(listed, known)
    if gone:  # what is neither proven nor denied is what the user says
        assert labels(listed, known, reading=Reading(numbering=order))[0].tolist() == right.tolist()


def test_list_files_know_the_counts_of_every_dataset(tmp_path):
    for name, gone in (("dfew", 0), ("dfew", 1)):
        right = np.repeat(range(7), [COUNTS[name][each] for each in SEVEN])[gone:]
        text = [f"clips/{k} 9 {alphabetical(label)}\n" for k, label in enumerate(right)]
        (tmp_path / "train.txt").write_text("".join(text[::2]))
        (tmp_path / "test.txt").write_text("".join(text[1::2]))
        if gone:
            refused("listfiles", tmp_path, "another order, alphabetical-0 (", "numbering=dfew-0 or")
        else:
            found, _ = LICENSED["listfiles"].labelled(tmp_path, 1, Reading())
            assert found["label"].tolist() == [*right[::2], *right[1::2]]


def test_a_handful_of_clips_says_nothing_of_orders(tmp_path):
    found, said = LICENSED["dfew"].labelled(dfew(tmp_path), 1, Reading())
    assert found["label"].tolist() == [n % 7 for n in range(1, 22)] and said == KNOWN["dfew-1"].words


# ---------------------------------------------------------------- what a user says


def test_the_orders_that_are_known():
    assert KNOWN["dfew-0"].classes == SEVEN and KNOWN["alphabetical-1"].classes == tuple(ALPHABET)
    assert set(KNOWN) == {"dfew-0", "dfew-1", "alphabetical-0", "alphabetical-1"}
    eleven = {order.name: order.classes for order in orders.known_orders(LICENSED["mafw"].classes)}
    assert set(eleven) == {f"{name}-{first}" for name in ("own", "mafw", "alphabetical") for first in (0, 1)}
    assert eleven["own-0"] == LICENSED["mafw"].classes and sorted(eleven["mafw-0"]) == sorted(eleven["own-0"])
    assert [WORDS[word] for word in MAFW_WORDS] == list(eleven["mafw-0"])


@pytest.mark.parametrize(("name", "writer", "given"), [
    ("mafw", None, "mafw-0"), ("listfiles-mafw", None, "mafw-1"),
    ("dfew", dfew, "alphabetical-1"), ("listfiles", listfiles, "fear,sad,neutral,angry,surprise,disgust,happy-0")])
def test_numbers_in_the_order_that_a_user_says(name, writer, given, tmp_path):
    classes = LICENSED[name].classes
    order = orders.asked(given, classes, WORDS)
    if writer:
        root = writer(tmp_path)
        right = [order.classes[n % 7] for n in (range(1, 22) if name == "dfew" else range(21))]
    else:
        root = mafw_numbers(name, tmp_path, order.first)
        right = list(order.classes) * (2 if name == "mafw" else 3)
    found, said = LICENSED[name].labelled(root, 1, Reading(numbering=given))
    assert [classes[label] for label in found["label"]] == right and said == order.words


def mafw_numbers(name, root, first):
    """MAFW's lists, or list files of its clips, in numbers of its own order."""
    if name == "mafw":
        for split, start in (("train", 1), ("test", 12)):
            path = root / "single/no_caption/set_1" / f"{split}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{start + k:05d}.mp4 {k + first}\n" for k in range(11)))
        return root
    listfiles_mafw(root)
    for path in root.glob("*.txt"):
        rows = (line.split() for line in path.read_text().splitlines())
        path.write_text("".join(f"{clip} {n} {MAFW_WORDS.index(word) + first}\n" for clip, n, word in rows))
    return root


@pytest.mark.parametrize(("given", "words"), [
    ("alphabetical", "is no order of this dataset's 7 classes"), ("mafw-0", "give one of dfew-0, dfew-1"),
    ("happy,sad-0", "no order"), ("happy,happy,neutral,angry,surprise,disgust,fear-0", "no order"),
    ("alphabetical-0", "the labels run from 1 to 7"), ("x" * 1000, "no order")])
def test_orders_that_are_none_or_do_not_fit(given, words, tmp_path):
    refused("dfew", dfew(tmp_path), words, numbering=given)


def test_list_files_of_eleven_classes_without_a_word_on_their_order_are_refused(tmp_path):
    refused("listfiles-mafw", mafw_numbers("listfiles-mafw", tmp_path, 0), "numbered in several ways", "mafw-0")


def test_one_word_on_the_numbering_is_enough():
    with pytest.raises(BadInput, match="both say"):
        Reading(numbering="dfew-0", zero_based=True)
    with pytest.raises(BadInput, match="numbering is '3', and no text"):
        Reading(numbering=3)
