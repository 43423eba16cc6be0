"""Frames of others: which, where, and that nothing else of a clip changes."""

import numpy as np
import pandas as pd
import pytest
import torch

from dfer_nb.data.foreign import Foreign, place
from dfer_nb.errors import BadInput

CLIPS = [f"{k:03d}" for k in range(40)]
TABLE = pd.DataFrame({"clip": CLIPS, "label": np.arange(40) % 4})
PEOPLE = pd.Series(np.arange(40) % 5, CLIPS)


class Frames:
    """A cache whose frame t of clip k is k + t / 100; odd clips are twice as long."""

    def frames(self, clip):
        return int(clip) + np.arange(32 * (1 + int(clip) % 2)) / 100

    def take(self, names, chosen):
        return torch.from_numpy(np.stack([self.frames(name)[numbers] for name, numbers in zip(names, chosen,
                                                                                             strict=True)]))

    def __contains__(self, clip):
        return clip in CLIPS


def chosen(foreign: Foreign, names) -> list[np.ndarray]:
    return [np.arange(16) * len(foreign.frames(name)) // 16 for name in names]


def test_four_neighbours_are_those_of_the_same_moments_of_somebody_else_with_another_label():
    foreign = Foreign(Frames(), TABLE, 4, PEOPLE)
    shown = foreign.take(CLIPS, chosen(foreign, CLIPS)).numpy()
    for name, row, own in zip(CLIPS, shown, Frames().take(CLIPS, chosen(foreign, CLIPS)).numpy(), strict=True):
        other, start = foreign.others[name], place(name, 16, 4)
        assert PEOPLE[other] != PEOPLE[name] and int(other) % 4 != int(name) % 4
        block = slice(start, start + 4)
        moments = np.arange(16) * len(foreign.frames(name)) // 16 * len(foreign.frames(other)) // len(
            foreign.frames(name))
        assert np.array_equal(row[block], foreign.frames(other)[moments[block]])
        assert np.array_equal(np.delete(row, np.r_[block]), np.delete(own, np.r_[block]))
    assert "000" in foreign and "x" not in foreign


def test_places_and_others_are_spread_and_depend_on_the_name_alone():
    places = [place(name, 16, 4) for name in CLIPS]
    assert min(places) >= 0 and max(places) <= 12 and len(set(places)) > 8
    one = Foreign(Frames(), TABLE, 4, PEOPLE)
    again = Foreign(Frames(), TABLE.sample(frac=1, random_state=1), 4, PEOPLE)
    assert one.others == again.others and len(set(one.others.values())) > 20
    alone = one.take(["007"], chosen(one, ["007"]))
    assert torch.equal(one.take(CLIPS, chosen(one, CLIPS))[7], alone[0])


def test_without_people_another_label_is_enough_and_without_one_nothing_is():
    foreign = Foreign(Frames(), TABLE, 4)
    assert all(TABLE["label"][int(own)] != TABLE["label"][int(other)] for own, other in foreign.others.items())
    with pytest.raises(BadInput, match="no clip shows somebody else than 000"):
        Foreign(Frames(), TABLE.assign(label=1), 4)


def test_a_set_of_one_label_borrows_from_another_set():
    one, other = TABLE[TABLE["label"] == 1], TABLE[TABLE["label"] == 2]
    foreign = Foreign(Frames(), one, 4, PEOPLE, other)
    assert set(foreign.others) == set(one["clip"]) and set(foreign.others.values()) <= set(other["clip"])
    both = Foreign(Frames(), TABLE, 4, PEOPLE, other)
    assert both.others == Foreign(Frames(), TABLE, 4, PEOPLE).others  # where it need not, it does not
