"""Lists that are no lists: whatever stands in them, they are read rightly or refused by one clear error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trees import SEVEN, dfew, ferv39k, listfiles, mafw

from dfer_nb.data.choices import Reading
from dfer_nb.data.known import LICENSED
from dfer_nb.errors import BadInput

LISTS = {"dfew": (dfew, "EmoLabel_DataSplit/train(single-labeled)/set_1.csv"),
         "ferv39k": (ferv39k, "4_setups/All_scenes/train_All.csv"),
         "mafw": (mafw, "single/no_caption/set_1/train.txt"), "listfiles": (listfiles, "set_1_train.txt")}
PIECES = st.sampled_from(["1", "00002", "3.mp4", "video_name", "label", "anger", "Sad", "Happy", "Action/Sad/tr0001",
                          "clips/00003", "0", "7", "8", "-1", "1.5", "1e9", "999999999999999999999", "", " ", "\t", '"',
                          ",", ";", "\\", "/", "..", "\0", "\ufeff", "\u2028", "\x85", "é", "🙂", "١"])
LINES = st.lists(st.lists(PIECES, max_size=5).map("".join) | st.text(max_size=20), max_size=8)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A dataset of each layout, and the text of its training list."""
    roots = {name: writer(tmp_path_factory.mktemp(name)) for name, (writer, _) in LISTS.items()}
    return roots, {name: (roots[name] / path).read_text() for name, (_, path) in LISTS.items()}


def labels(name, root, content: bytes):
    """Labels by clip when the training list has this content; None where it is refused."""
    (root / LISTS[name][1]).write_bytes(content)
    try:
        rows, _ = LICENSED[name].labelled(root, 1, Reading())
    except BadInput as error:
        assert error.what and error.where and error.todo and len(str(error)) < 5000
        return None
    return rows.set_index(["split", "clip"])["label"]


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]), before=st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff"]))
def test_whatever_stands_in_a_list_is_read_or_refused(name, whole, lines, end, before):
    roots, texts = whole
    head = "video_name,label\n" if name == "dfew" else ""
    found = labels(name, roots[name], before + (head + end.join(lines)).encode("utf-8", "surrogatepass"))
    if found is not None:
        assert found["train"].size and found.between(0, len(LICENSED[name].classes) - 1).all()


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_list_that_is_damaged_in_one_place_never_shifts_a_class(name, whole, data):
    roots, texts = whole
    right, text = labels(name, roots[name], texts[name].encode()), texts[name].encode()
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    found = labels(name, roots[name], text[:at] + data.draw(st.binary(max_size=3)) + text[at + cut :])
    if found is not None:  # all clips but the one or two on the damaged line are what they were
        same = found.index.intersection(right.index)
        assert (found[same] != right[same]).sum() <= 2


@pytest.mark.parametrize("name", ["listfiles", "ferv39k"])
@given(shift=st.integers(-2, 4), order=st.permutations(range(7)))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_numbers_of_any_order_are_recognised_or_refused(name, whole, shift, order, tmp_path_factory):
    def label(k):
        return order[k] + shift

    root = LISTS[name][0](tmp_path_factory.mktemp("numbers"), label=label)
    if name == "ferv39k" and shift in (0, 1):
        rows, _ = LICENSED[name].labelled(root, 1, Reading())
        assert rows["label"].tolist() == [SEVEN.index(clip.split("/")[1]) for clip in rows["clip"]]
    elif name == "listfiles" and shift in (0, 1):  # nothing but the numbers: DFEW's order, from 0 or 1
        rows, _ = LICENSED[name].labelled(root, 1, Reading())
        assert rows["label"].tolist() == [order[int(clip[-5:]) % 7] for clip in rows["clip"]]
    else:
        with pytest.raises(BadInput):
            LICENSED[name].labelled(root, 1, Reading())
