"""The repository tells the truth about itself: commands, files, floors, sizes, versions."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import store
import yaml
from imports import imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dfer_nb
from dfer_nb.datasets import DATASETS
from dfer_nb.presets import PRESETS

ROOT = Path(__file__).resolve().parents[1]
# Each room of dfer_nb and its floor: a room imports from lower floors and from itself.
# A new paper's room belongs on the floor of rdfer.
FLOORS = {"errors": 0, "trace": 0, "files": 1, "data": 2, "models": 2, "facsimile": 3, "datasets": 4, "training": 4,
          "rdfer": 5, "m3dfel": 5, "nr_dfernet": 5, "sciu": 5, "viewing": 5, "presets": 6, "request": 7, "run": 8,
          "pretrain": 8, "sweep": 9}
INSIDE_VIEWING = {"palette": 0, "page": 1, "alt": 1, "source": 1, "quiz": 1, "evidence": 2, "pictures": 3,
                  "explorers": 4}
LONGEST = 300  # lines of a file
LONGEST_FUNCTION = 40
# These speak of the datasets in the papers' tables, not of ours.
OF_THE_PAPERS = {"viewing/evidence/published.py", "viewing/evidence/audit.py"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "text" not in path.parts)


# What the documents promise

def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.M))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "book/intro.md", "notebooks/store.py"])
def test_every_make_command_named_exists(document):
    text = read(document)
    named = set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"^\s*make ([a-z]+)", text, re.M))
    assert named and named <= make_targets()


def test_every_make_target_is_phony_and_explained():
    phony = set(re.search(r"^\.PHONY: (.+)$", read("Makefile"), re.M)[1].split())
    assert phony == make_targets()
    told = set(re.findall(r'@echo "make ([a-z]+) ', read("Makefile")))
    assert told == phony - {"help"}


def test_the_readme_tells_every_parameter_of_the_notebook_with_its_default():
    table = read("README.md").split("## Parameters")[1].split("\n## ")[0]
    told = {}
    for names, defaults in re.findall(r"^\| (`.+?) \| (.*?) \|", table, re.M):
        names, defaults = re.findall(r"`(\w+)`", names), re.findall(r"`([^`]+)`", defaults)
        told.update(zip(names, defaults, strict=True))
    known = store.parameters(ROOT / "notebooks" / "rdfer.ipynb")
    assert told == {name: str(value) or '""' for name, value in known.items()}


@pytest.mark.parametrize("paper", PRESETS)
def test_every_chapter_of_a_paper_has_the_same_parameters(paper):
    first, own = (store.parameters(ROOT / "notebooks" / f"{name}.ipynb") for name in ("rdfer", paper))
    assert own == first | {"variant": paper}


def named_paths(document: str) -> set[str]:
    """Paths in backticks: what looks like a file or folder of this repository."""
    words = re.findall(r"`([\w./*-]+)`", read(document))
    return {word for word in words if "/" in word or word.endswith((".md", ".py", ".yml", ".txt", ".toml"))}


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_named_exists(document):
    # made by a command, in somebody's dataset, or in the npm package that MathJax comes from
    elsewhere = re.compile(r"(_build|data|runs|\.venv|Clip|EmoLabel_DataSplit|es5|input/tex|output/chtml)/")
    missing = [name for name in named_paths(document)
               if not elsewhere.match(name) and not list(ROOT.glob(name.rstrip("/")))]
    assert missing == []


def test_every_page_of_the_book_exists_and_every_notebook_is_in_it():
    toc = yaml.safe_load(read("_toc.yml"))
    pages = [toc["root"]] + [page["file"] for part in toc["parts"] for page in part["chapters"]]
    for page in pages:
        assert [path for path in ROOT.glob(f"{page}.*") if path.suffix in (".md", ".ipynb")], page
    notebooks = {f"notebooks/{path.stem}" for path in (ROOT / "notebooks").glob("*.ipynb")
                 if not path.name.startswith("out")}
    assert notebooks <= set(pages)


def test_continuous_integration_can_run():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert subprocess.run(["bash", "-n", ".ci/run"], cwd=ROOT).returncode == 0


# Versions

def test_one_version_everywhere():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert project["version"] == citation["version"] == dfer_nb.__version__
    assert project["license"] == citation["license"] == "MIT"


def requirements() -> list[Requirement]:
    lines = [line.split("#")[0].strip() for line in read("requirements.txt").splitlines()]
    assert [line for line in lines if line][-1] == "-e ."
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def test_constraints_pin_every_requirement_and_name_no_host_or_path():
    pins = {}
    for line in read("constraints.txt").splitlines():
        if not line.startswith("#"):
            name, version = re.fullmatch(r"([\w.-]+)==([\w.+!]+)", line).groups()
            pins[canonicalize_name(name)] = version
    linux = {"sys_platform": "linux", "platform_machine": "x86_64"}
    for requirement in requirements():
        if requirement.marker is None or requirement.marker.evaluate(linux):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_every_library_imported_is_required():
    provided = {"cv2": "opencv-python-headless", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml",
                "myst_nb": "jupyter-book", "traitlets": "anywidget"}
    required = {canonicalize_name(requirement.name) for requirement in requirements()}
    for path in python_files("dfer_nb"):
        libraries = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"dfer_nb"}
        for name in libraries:
            assert canonicalize_name(provided.get(name, name)) in required, f"{path.name} imports {name}"


# Floors

def upward(room: str, names: set[str], floors: dict[str, int] = FLOORS, inside: str = "dfer_nb") -> set[str]:
    """Rooms `inside` a package, among `names`, that a file of `room` must not import."""
    rooms = {name.removeprefix(f"{inside}.").split(".")[0] for name in names if name.startswith(f"{inside}.")}
    return {other for other in rooms if other != room and other in floors and floors[other] >= floors[room]}


def rooms(folder: Path) -> set[str]:
    """Modules and packages that lie in a folder."""
    found = {path.stem if path.is_file() else path.name for path in folder.iterdir()
             if path.suffix == ".py" or (path / "__init__.py").exists()}
    return found - {"__init__"}


def test_every_room_has_its_floor():
    assert set(FLOORS) == rooms(ROOT / "dfer_nb")
    assert set(INSIDE_VIEWING) == rooms(ROOT / "dfer_nb" / "viewing")


@pytest.mark.parametrize("path", python_files("dfer_nb"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_down(path):
    room = path.relative_to(ROOT / "dfer_nb").parts[0].removesuffix(".py")
    if room == "__init__":
        assert not any(name.startswith("dfer_nb") for name in imports(path))
        return
    assert upward(room, imports(path)) == set()
    assert not {"notebooks", "tests", "benchmarks", "store"} & {name.split(".")[0] for name in imports(path)}


@pytest.mark.parametrize("path", python_files("dfer_nb/viewing"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_inside_viewing_point_down(path):
    room = path.relative_to(ROOT / "dfer_nb" / "viewing").parts[0].removesuffix(".py")
    if room != "__init__":
        assert upward(room, imports(path), INSIDE_VIEWING, "dfer_nb.viewing") == set()


def test_an_import_that_points_up_is_seen(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text("from dfer_nb import files, run\nfrom dfer_nb.viewing import page\n"
                    "from dfer_nb.viewing.pictures.bags import bag\n\ndef late():\n    import dfer_nb.models.layers\n")
    assert upward("data", imports(path)) == {"run", "models", "viewing"}
    assert upward("run", imports(path)) == set()
    assert upward("evidence", imports(path), INSIDE_VIEWING, "dfer_nb.viewing") == {"pictures"}
    assert upward("palette", imports(path), INSIDE_VIEWING, "dfer_nb.viewing") == {"page", "pictures"}


def names_of_datasets(source: str) -> list[str]:
    """Names of datasets that stand in a source as strings, but for defaults: of arguments, of fields, after `or`."""
    tree, defaults = ast.parse(source), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            defaults |= {*node.defaults, *node.kw_defaults}
        elif isinstance(node, ast.AnnAssign):
            defaults.add(node.value)
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            defaults.add(node.values[-1])
    return [node.value for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and node.value in DATASETS and node not in defaults]


@pytest.mark.parametrize("path", python_files("dfer_nb"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nobody_above_the_registry_asks_a_datasets_name(path):
    place = path.relative_to(ROOT / "dfer_nb")
    # presets say of a paper how many frames another kind needs, by its name
    if place.parts[0] not in ("data", "facsimile", "datasets.py", "presets") and place.as_posix() not in OF_THE_PAPERS:
        assert names_of_datasets(path.read_text(encoding="utf-8")) == []


def test_asking_a_datasets_name_is_seen():
    asked = 'if dataset == "dfew" or kind in ("facsimile", "other"):\n    pass\n'
    assert sorted(names_of_datasets(asked)) == ["dfew", "facsimile"]
    assert names_of_datasets('def f(dataset: str = "dfew", *, kind="facsimile"):\n    return kind or "facsimile"') == []


# Sizes

@pytest.mark.parametrize("path", python_files("dfer_nb", "tests", "notebooks", "benchmarks"),
                         ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_stay_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{lines} lines: is there a second room in it?"


def test_functions_stay_short():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in python_files("dfer_nb")}
    functions = [(path, node) for path, tree in trees.items() for node in ast.walk(tree)
                 if isinstance(node, ast.FunctionDef)]
    long = {f"{path.name}:{node.name}" for path, node in functions
            if node.end_lineno - node.lineno >= LONGEST_FUNCTION}
    assert functions and long == set()


def test_no_page_names_this_machine():
    """No absolute path of a home or temporary folder in what is written for readers."""
    private = re.compile(r"/(home|Users|root|tmp|work)/\w+")
    patterns = ("*.md", "*.txt", "*.toml", "*.yml", "book/*.*", "notebooks/*.ipynb", "results/**/*.json*")
    for path in [path for pattern in patterns for path in ROOT.glob(pattern)]:
        if not path.name.startswith("out"):
            assert not (found := private.search(path.read_text(encoding="utf-8"))), f"{path}: {found[0]}"
