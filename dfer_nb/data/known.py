"""The datasets of films that can be asked for by name. Another one is a module with its layout, and a row here."""

from dfer_nb.data.afew import Afew
from dfer_nb.data.dfew import Dfew
from dfer_nb.data.ferv39k import SCENES, Ferv39k
from dfer_nb.data.licensed import Licensed
from dfer_nb.data.listfiles import ListFiles
from dfer_nb.data.mafw import Mafw

LAYOUTS: tuple[Licensed, ...] = (
    Dfew(), Ferv39k(), Mafw(), Afew(), ListFiles(), ListFiles("listfiles-mafw", Mafw.classes),
)  # fmt: skip
LICENSED: dict[str, Licensed] = {each.name: each for each in (*LAYOUTS, *map(Ferv39k, SCENES))}
