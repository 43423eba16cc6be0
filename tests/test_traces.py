"""A trace tells a change of arithmetic from a change of words: over fifty changes, and what each makes stale."""

from pathlib import Path

import mutations
import pytest
from mutations import MUTATIONS, PANEL, REFACTORINGS

import dfer_nb

PACKAGE = Path(dfer_nb.__file__).parent


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> dict[str, dict[str, tuple[bool, bool]]]:
    """Of each change and record of the panel: whether it is out of date, and whether it has another place."""
    folders = {}
    for name, steps in {**{name: [step[:3]] for name, step in MUTATIONS.items()}, **REFACTORINGS}.items():
        folders[name] = tmp_path_factory.mktemp("copy")
        package = mutations.copy(PACKAGE, folders[name])
        for step in steps:
            mutations.change(package, *step)
    films = tmp_path_factory.mktemp("films") / "dfew"
    made = mutations.today(films)
    found = zip(folders, mutations.stale(made, films, folders.values()), strict=True)
    return {name: {word: (stale, place != made[word]["place"]) for word, (stale, place) in panel.items()}
            for name, panel in found}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_of_arithmetic_makes_stale_just_the_records_that_it_concerns(changed, name):
    assert {word for word in PANEL if changed[name][word][0]} == set(MUTATIONS[name][3])


@pytest.mark.parametrize("name", REFACTORINGS)
def test_other_words_for_the_same_arithmetic_make_no_record_stale_and_move_none(changed, name):
    assert changed[name] == dict.fromkeys(PANEL, (False, False))
