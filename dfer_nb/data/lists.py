"""Lists of clips as text files: rows with their line numbers, and what is refused in them whatever the dataset.

Rows are a DataFrame with columns clip, label (text, as the list says it), line and list (the file, str).
"""

import csv
from pathlib import Path

import pandas as pd

from dfer_nb.data.clips import by_line, listing, natural, some
from dfer_nb.errors import BadInput

AGAIN = "unpack the dataset's lists again"


def lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a list that are not blank, each with its number from 1. Raises BadInput: no file, no text."""
    if not path.is_file():
        near = next(p for p in path.parents if p.is_dir())
        raise BadInput("a list of clips is not there", path,
                       f"unpack the dataset's lists there; {near} holds: {listing(near)}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("the list is not text in UTF-8", path, f"{AGAIN} ({error.reason} at byte {error.start})"
                       ) from error
    except OSError as error:
        raise BadInput("the list cannot be read", path, f"look at who may read there ({error.strerror})") from error
    if "\0" in text:
        raise BadInput("the list is no text: it has zero bytes in it", path, AGAIN)
    # only these end a line, as in an editor; str.splitlines knows a dozen more
    numbered = enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
    return [(number, line.strip()) for number, line in numbered if line.strip()]


def spaced(path: Path, names: tuple[str, ...], first: bool = False) -> pd.DataFrame:
    """Rows of a list without a header, `names` its columns from the left.

    first: blanks may stand in the first column, as in paths of any folder; else what is too much falls to the last.
    """
    parted = str.rsplit if first else str.split
    found = [(number, parted(line, None, len(names) - 1)) for number, line in lines(path)]
    odd = [number for number, parts in found if len(parts) != len(names)]
    if odd:
        raise BadInput(f"{len(odd)} lines are not “{' '.join(names)}”: line {some(odd)}", path,
                       f"a line of this list is: {' '.join(names)}")
    return _rows(path, [dict(zip(names, parts, strict=True)) | {"line": number} for number, parts in found], names)


def headed(path: Path, names: tuple[str, ...]) -> pd.DataFrame:
    """Rows of a CSV file whose header has these columns among others."""
    found = lines(path)
    header = [name.strip() for name in next(csv.reader([found[0][1]]), [])] if found else []
    if not set(names) <= set(header):
        raise BadInput("the CSV has no header" if found else "the CSV is empty",
                       f"{path}: its first line is {found[0][1][:80] if found else ''!r}",
                       f"the first line must be {','.join(names)!r}")
    if double := [name for name in names if header.count(name) > 1]:
        raise BadInput(f"the CSV has {header.count(double[0])} columns {double[0]!r}",
                       f"{path}: its first line is {found[0][1][:80]!r}", f"the first line must be {','.join(names)!r}")
    rows = []
    for number, line in found[1:]:
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
        except csv.Error as error:
            raise BadInput("the CSV cannot be read as a table", f"{path}, line {number}",
                           f"two columns, {','.join(names)} ({error})") from error
        if len(cells) > len(header):
            raise BadInput("the CSV cannot be read as a table", f"{path}, line {number}",
                           f"the header has {len(header)} columns, this line {len(cells)}")
        cells += [""] * (len(header) - len(cells))
        rows.append({name: cells[header.index(name)] for name in names} | {"line": number})
    return _rows(path, rows, names)


def _rows(path: Path, rows: list[dict], names: tuple[str, ...]) -> pd.DataFrame:
    if not rows:
        raise BadInput("the list names no clip", path, AGAIN)
    return pd.DataFrame(rows, columns=[*names, "line"]).astype(dict.fromkeys(names, object)).assign(list=str(path))


def each_once(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows. Raises BadInput for a clip that is in a list more than once."""
    for path, part in rows.groupby("list", sort=False):
        twice = part["clip"].duplicated(keep=False)
        if twice.any():
            raise BadInput(f"{part['clip'][twice].nunique()} clips are in the list more than once: "
                           f"{by_line(part['clip'][twice], part)}", path, "keep one row a clip")
    return rows


def apart(rows: pd.DataFrame, where) -> pd.DataFrame:
    """The same rows, of both lists. Raises BadInput for clips that are trained on and tested."""
    parts = [set(rows["clip"][rows["split"] == split]) for split in ("train", "test")]
    if shared := sorted(parts[0] & parts[1], key=natural):
        raise BadInput(f"{len(shared)} clips are in both the training and the test list of fold {rows['fold'].iloc[0]}"
                       f": {some(shared)}", where,
                       "take the clips out of one of the two lists: a test clip must never be trained on")
    return rows
