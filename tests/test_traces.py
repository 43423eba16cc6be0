"""A trace tells a change of arithmetic from a change of words: over fifty changes, and what each makes stale."""

import copies
import pytest
from copies import CLIPS, Copy
from mutations import MUTATIONS, PANEL, REFACTORINGS

NAMES = [name for together in REFACTORINGS.values() for name in together]


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> dict[str, dict[str, tuple[bool, bool]]]:
    """Of each change and record of the panel: whether it is out of date, and whether it has another place.

    Refactorings of one copy share what is found.
    """
    steps = {(name,): [step[:3]] for name, step in MUTATIONS.items()}
    steps |= {tuple(together): sum(together.values(), []) for together in REFACTORINGS.values()}
    made = {names: Copy(tmp_path_factory.mktemp("copy")) for names in steps}
    for names, copy in made.items():
        for step in steps[names]:
            copy.change(*step)
    films = tmp_path_factory.mktemp("films")
    today = copies.today(films)
    found = zip(made, copies.stale(today, films, made.values()), strict=True)
    return {name: {word: (stale, place != today[word]["place"]) for word, (stale, place) in panel.items()}
            for names, panel in found for name in names}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_of_arithmetic_makes_stale_just_the_records_that_it_concerns(changed, name):
    assert {word for word in PANEL if changed[name][word][0]} == set(MUTATIONS[name][3])


@pytest.mark.parametrize("name", NAMES)
def test_other_words_for_the_same_arithmetic_make_no_record_stale_and_move_none(changed, name):
    assert changed[name] == dict.fromkeys(PANEL, (False, False)), f"tried together: {_beside(name)}"


def _beside(name: str) -> list[str]:
    return next(list(together) for together in REFACTORINGS.values() if name in together)


@pytest.mark.parametrize(("module", "of"), {
    "dfer_nb.data.decoding": ["decoding"], "dfer_nb.facsimile.trace": ["drawing facsimile"],
    "dfer_nb.datasets": [CLIPS],
    "dfer_nb.rdfer": ["training rdfer/…"],
    "dfer_nb.run": ["training rdfer/…", "training m3dfel/…"]}.items())
def test_a_change_reaches_every_trace_that_loads_its_file(module, of):
    loaded, counted = copies.loaded(module), frozenset.union(*map(copies.reached, of))
    assert len(loaded) > 5 and loaded <= counted


def test_a_change_reaches_no_trace_beyond_its_room():
    reached = {file: {what for what in ("decoding", "drawing facsimile", CLIPS, "training rdfer/…", "training m3dfel/…")
                      if file in copies.reached(what)} for file in ("data/film.py", "training/fit.py", "rdfer.py")}
    trained = {"training rdfer/…", "training m3dfel/…"}
    assert reached == {"data/film.py": {"decoding", "drawing facsimile", CLIPS} | trained, "training/fit.py": trained,
                       "rdfer.py": {"training rdfer/…"}}
