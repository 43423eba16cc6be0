"""`python -m dfer_nb.data.check DATASET ROOT`: what a dataset's folder holds, and what keeps a run from starting."""

import argparse
import json
import sys
from dataclasses import asdict

from tqdm import tqdm

from dfer_nb.data.choices import CHOICES, Reading
from dfer_nb.data.findings import Findings, Options, look
from dfer_nb.data.known import LAYOUTS, LICENSED
from dfer_nb.errors import BadInput


def report(found: Findings) -> str:
    """The findings for a terminal, counts beside the published ones in brackets."""
    lines = [f"{found.dataset} in {found.root}"]
    if found.read:
        lines.append(f"read: {found.read['clips']:,} clips, {found.read['kind']}, in {found.read['folder']}")
    if found.folds:
        fold, known = next(iter(found.folds.items()))
        lines += ["", f"classes of fold {fold}, {known['labels']}", *_aligned(_classes(known))]
        lines += ["", "clips of each fold", *_aligned(_folds(found.folds))]
    if found.frames:
        told = found.frames
        lines += ["", f"frames: {told['frames']:,} of {told['clips']:,} clips, {told['fewest']} to {told['most']}, "
                  f"median {told['median']:.0f}"]
    for kind, told in found.defects.items():
        lines += ["", f"{kind}: {told['clips']} clips", *(f"  {each}" for each in told["such as"])]
    if found.estimate:
        told = found.estimate
        lines += ["", f"decoding: about {told['bytes'] / 2**30:.1f} GB on the disk and {_minutes(told['seconds'])} "
                  f"with {told['cores']} cores, at {told['size']} px and up to {told['max_frames']} frames a clip"]
    for title, told in (("to be known", found.notes), ("to be mended", found.problems)):
        lines += ["", f"{title}:", *(f"  - {each}".replace("\n", "\n    ") for each in told)] if told else []
    return "\n".join([*lines, "", _verdict(found)])


def _verdict(found: Findings) -> str:
    """What the exit code says, in words."""
    if not found.ready:
        return "a training cannot start"
    tried = "every clip was decoded" if found.decoded else "a few clips were decoded; --decode tries all"
    return f"a training can start ({tried})"


def _cell(own: int, published) -> str:
    return f"{own:,}" + (f" ({published:,})" if published is not None else "")


def _classes(known: dict) -> list[list[str]]:
    """A row a class, a column a split, and both together; published numbers in brackets."""
    splits, published = known["splits"], known["published"]
    by_split, whole = published.get("by_split", {}), published.get("classes", {})
    rows = [["", *splits, "all"]]
    for name in next(iter(splits.values()))["classes"]:
        own = {split: part["classes"][name] for split, part in splits.items()}
        rows.append([name, *(_cell(n, by_split.get(split, {}).get(name)) for split, n in own.items()),
                     _cell(sum(own.values()), whole.get(name))])
    return rows


def _folds(folds: dict) -> list[list[str]]:
    """A row a fold, a column a split, and how many are not on disk."""
    rows = [["fold", *next(iter(folds.values()))["splits"], "not on disk"]]
    for fold, known in folds.items():
        rows.append([str(fold), *(_cell(part["clips"], known["published"].get(split))
                                  for split, part in known["splits"].items()),
                     f"{sum(part['missing'] for part in known['splits'].values()):,}"])
    return rows


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  " + row[0].ljust(widths[0]) + "".join(f"  {text:>{width}}" for text, width in
                                                     zip(row[1:], widths[1:], strict=True)) for row in rows]


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def main(arguments=None) -> int:
    """Look at a dataset's folder. Returns 0 where nothing was found that keeps a training from starting, 1 where
    something was, 2 for a question that cannot be answered."""
    options = vars(_parser().parse_args(arguments))
    try:
        if options["dataset"] not in LICENSED:
            raise BadInput(f"there is no dataset {options['dataset'][:80]!r} of files", "the command line",
                           f"choose one of: {', '.join(each.name for each in LAYOUTS)}")
        source, reading = LICENSED[options["dataset"]], Reading(**{name: options[name] for name in CHOICES})
        how = Options(options["size"], options["max_frames"], options["decode"], progress=True)
        found = look(source, options["root"], reading, how)
    except BadInput as error:
        if options["json"]:
            print(json.dumps({"ready": False, "error": vars(error)}, indent=1))
        tqdm.write(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(asdict(found) | {"ready": found.ready}, indent=1) if options["json"] else report(found))
    return 0 if found.ready else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dfer_nb.data.check", description=__doc__.split(": ")[1])
    parser.add_argument("dataset", help=f"one of {', '.join(each.name for each in LAYOUTS)}, or a scene of FERV39k")
    parser.add_argument("root", help="its folder")
    parser.add_argument("--json", action="store_true", help="for a program")
    parser.add_argument("--size", type=int, default=112, help="side of a decoded frame in pixels, for the estimate")
    parser.add_argument("--max-frames", type=int, default=64, help="frames kept of a clip, for the estimate")
    parser.add_argument("--decode", action="store_true", help="decode every clip as a run does, instead of a few")
    for name, usual in CHOICES.items():
        how = {"nargs": "?", "const": "true", "metavar": "true|false"} if isinstance(usual, bool) else {}
        parser.add_argument(f"--{name.replace('_', '-')}", default=usual, help="as of a run: see README.md", **how)
    return parser


if __name__ == "__main__":
    sys.exit(main())
