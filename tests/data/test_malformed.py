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
RUBBISH = st.lists(PIECES, min_size=1, max_size=5).map("".join) | st.text(min_size=1, max_size=20)
QUIET = {"suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Datasets whose lists a test may write anew."""
    return {name: LISTS[name][0](tmp_path_factory.mktemp(f"{name}-numbered")) for name in ("listfiles", "ferv39k")}


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
@settings(max_examples=25, **QUIET)
@given(line=RUBBISH, place=st.floats(0, 1), end=st.sampled_from(["\n", "\r\n", "\r"]),
       before=st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_a_line_of_rubbish_among_whole_ones_changes_none_of_them(name, whole, line, place, end, before):
    roots, texts = whole
    right = labels(name, roots[name], texts[name].encode())
    lines = texts[name].splitlines()
    lines.insert(1 + int(place * (len(lines) - 1)), line)
    found = labels(name, roots[name], before + end.join(lines).encode("utf-8", "surrogatepass"))
    if found is not None:  # the line was blank, or is a row of its own
        assert found[right.index].tolist() == right.tolist()
        assert len(found) - len(right) in ((0,) if not line.strip() else (0, 1, 2))
        assert found.between(0, len(LICENSED[name].classes) - 1).all()


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=12, **QUIET)
@given(end=st.sampled_from(["\n", "\r\n", "\r"]), before=st.sampled_from([b"", b"\xef\xbb\xbf"]), data=st.data())
def test_a_whole_list_is_read_whatever_its_order_its_line_ends_and_its_blanks(name, whole, end, before, data):
    roots, texts = whole
    right, lines = labels(name, roots[name], texts[name].encode()), texts[name].splitlines()
    head, lines = (lines[:1], lines[1:]) if name == "dfew" else ([], lines)
    lines = [line + data.draw(st.sampled_from(["", " ", "\t"])) for line in data.draw(st.permutations(lines))]
    blank = data.draw(st.sampled_from([[], [""], [" ", "\t"]]))
    found = labels(name, roots[name], before + end.join([*head, *lines, *blank]).encode())
    assert found is not None and found[right.index].tolist() == right.tolist() and len(found) == len(right)


@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=30, **QUIET)
@given(data=st.data())
def test_a_list_that_is_damaged_in_one_place_never_shifts_another_clip(name, whole, data):
    roots, texts = whole
    right, text = labels(name, roots[name], texts[name].encode()), texts[name].encode()
    at, cut = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 3))
    found = labels(name, roots[name], text[:at] + data.draw(st.binary(max_size=3)) + text[at + cut :])
    if found is not None:
        hit = range(text[:at].count(b"\n"), text[: at + cut].count(b"\n") + 1)  # lines that were touched
        clips = [clip for line, clip in enumerate(listed(name, texts[name])) if line not in hit]
        own = [("train", clip) for clip in clips if clip]
        assert found[own].tolist() == right[own].tolist()
        assert found["test"].tolist() == right["test"].tolist()


def listed(name, text: str) -> list[str]:
    """The clip of every line of a training list; "" for a header."""
    cut = "," if name == "dfew" else " "
    words = [line.split(cut)[0] for line in text.splitlines()]
    return {"dfew": ["", *words[1:]], "mafw": [word.removesuffix(".mp4") for word in words]}.get(name, words)


@pytest.mark.parametrize("name", ["listfiles", "ferv39k"])
@given(shift=st.integers(-2, 4), order=st.permutations(range(7)))
@settings(max_examples=12, **QUIET)
def test_numbers_of_any_order_are_recognised_or_refused(name, numbered, shift, order):
    root, names = numbered[name], {SEVEN[k]: str(order[k] + shift) for k in range(7)}
    for path in (path for path in (root / LISTS[name][1]).parent.iterdir() if path.is_file()):
        lines = [line.rpartition(" ") for line in path.read_text().splitlines()]
        kinds = [SEVEN[int(clip.split(" ")[0][-5:]) % 7] if name == "listfiles" else clip.split("/")[1]
                 for clip, _, _ in lines]
        path.write_text("".join(f"{clip} {names[kind]}\n" for (clip, _, _), kind in zip(lines, kinds, strict=True)))
    if shift not in (0, 1):
        with pytest.raises(BadInput):
            LICENSED[name].labelled(root, 1, Reading())
        return
    rows, said = LICENSED[name].labelled(root, 1, Reading())
    if name == "ferv39k":  # the folders tell
        assert rows["label"].tolist() == [SEVEN.index(clip.split("/")[1]) for clip in rows["clip"]]
    else:  # nothing but the numbers: DFEW's order, from 0 or 1
        assert rows["label"].tolist() == [order[int(clip[-5:]) % 7] for clip in rows["clip"]]
        assert said == f"numbered from {shift}: {', '.join(SEVEN)}"
