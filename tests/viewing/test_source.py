"""Live source: the code that runs, with ways from the equation to it and back."""

import inspect

import pytest

from dfer_nb import nr_dfernet
from dfer_nb.errors import BadInput
from dfer_nb.viewing.source import anchor, source


def test_the_source_is_the_code_that_runs_and_leads_to_its_equation():
    shown = source(nr_dfernet.fuse, eq_nr_4="Eq. 4")
    assert repr(shown) == inspect.getsource(nr_dfernet.fuse).rstrip()
    text = shown._repr_markdown_()
    assert f'<span id="{anchor(nr_dfernet.fuse)}"></span><a href="#eq-nr-4">Eq. 4</a>' in text
    assert anchor(nr_dfernet.fuse) == "code-nr_dfernet-fuse" and "<code>dfer_nb/nr_dfernet.py</code>" in text
    assert text.endswith(f"```python\n{shown.code}\n```")


def test_a_method_stands_at_the_margin_and_may_do_without_its_docstring():
    method = nr_dfernet.DynamicStaticFusion.of_changes
    shown = source(method, docstring=False)
    assert shown.code.split("\n") == ["def of_changes(self, maps: torch.Tensor) -> torch.Tensor:",
                                      "    return per_frame(self.dynamic, difference(maps))"]
    assert anchor(method) == "code-nr_dfernet-DynamicStaticFusion-of_changes" and "</a>" not in shown._repr_markdown_()
    long = source(nr_dfernet.snippet_filter, docstring=False).code
    assert '"""' not in long and long in inspect.getsource(nr_dfernet.snippet_filter).replace(
        f'    """{nr_dfernet.snippet_filter.__doc__}"""\n', "")


def test_what_has_no_source_here_is_refused():
    for stranger in (len, inspect.getsource, "fuse"):
        with pytest.raises(BadInput, match="has no source here"):
            source(stranger)
