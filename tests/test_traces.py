"""A trace tells a change of arithmetic from a change of words: over forty changes, and what each makes stale."""

from pathlib import Path

import mutations
import pytest
from mutations import MUTATIONS, PANEL, REFACTORINGS

import dfer_nb
from dfer_nb.trace import differences

PACKAGE = Path(dfer_nb.__file__).parent


@pytest.fixture(scope="module")
def stale(tmp_path_factory) -> dict[str, set[str]]:
    """Of each change, the records of the panel whose traces are no longer those of today."""
    folders = {}
    for name, steps in {"": [], **{name: [step[:3]] for name, step in MUTATIONS.items()}, **REFACTORINGS}.items():
        folders[name] = tmp_path_factory.mktemp("copy")
        package = mutations.copy(PACKAGE, folders[name])
        for step in steps:
            mutations.change(package, *step)
    today, *changed = mutations.traces(folders.values())
    return {name: {word for word in PANEL if differences(today[word], traces[word])}
            for name, traces in zip(list(folders)[1:], changed, strict=True)}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_of_arithmetic_makes_stale_just_the_records_that_it_concerns(stale, name):
    assert stale[name] == set(MUTATIONS[name][3])


@pytest.mark.parametrize("name", REFACTORINGS)
def test_other_words_for_the_same_arithmetic_make_no_record_stale(stale, name):
    assert stale[name] == set()
