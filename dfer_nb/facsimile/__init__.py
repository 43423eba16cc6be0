"""FACSimile, the embedded dataset: faces drawn from action units, with a known truth about every noise."""

from dfer_nb.facsimile.dataset import SIZES, action_units, folder, make, render, still_faces, truth
from dfer_nb.facsimile.lists import lists_folder
from dfer_nb.facsimile.styles import KINDS, STYLES
from dfer_nb.facsimile.trace import drawing

__all__ = [
    "KINDS", "SIZES", "STYLES", "action_units", "drawing", "folder", "lists_folder", "make", "render", "still_faces",
    "truth",
]  # fmt: skip
