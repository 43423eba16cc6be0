"""The kinds of FACSimile: how lively their faces are, what share of their clips is troubled, and of labels wrong."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Style:
    """One kind of dataset.

    Shares (`wrong` to `mixed`) are of all clips in the five folds, ranges are (low, high), `apex` in frames;
    motion: the share of clips that time alone tells (`facsimile.motion`); clips_of: the kind whose clips these are,
    where only the labels are its own.
    """

    n_frames: int = 32
    apex: tuple = (14, 22)
    intensity: tuple = (0.5, 1.0)
    low_intensity: tuple = (0.3, 0.45)
    wrong: float = 0.15
    low_quality: float = 0.15
    irrelevant: float = 0.20
    short_apex: float = 0.15
    weak: float = 0.10
    mixed: float = 0.10
    au_noise: float = 0.16
    rest: float = 0.25
    talk: float = 0.45
    idle: float = 0.2
    turn: float = 0.16
    light: float = 0.4
    motion: float = 0.0
    clips_of: str = ""

    @property
    def hard(self) -> float:
        """Share of the clips that are weak, mixed or brief: no clip is two of these."""
        return self.weak + self.mixed + self.short_apex


STYLES = {
    "facsimile": Style(),
    "facsimile-hard": Style(wrong=0.33),
    "facsimile-long": Style(n_frames=64, apex=(6, 10), idle=0.25),
    # all troubles but wrong labels and bad pictures fall on the ordinary half, as frequent there as in facsimile
    "facsimile-motion": Style(motion=0.5, irrelevant=0.10, weak=0.05, mixed=0.05, short_apex=0.075),
}
LADDER = {f"facsimile-hard-{percent}": percent / 100 for percent in (0, 15, 50)}  # other labels of the same clips
STYLES |= {kind: replace(STYLES["facsimile-hard"], wrong=wrong, clips_of="facsimile-hard")
           for kind, wrong in LADDER.items()}  # fmt: skip
KINDS = tuple(STYLES)


def drawn_as(kind: str) -> str:
    """The kind whose clips this one has: itself, but for the steps of the ladder."""
    return STYLES[kind].clips_of or kind


def steps(kind: str) -> tuple[str, ...]:
    """The kinds that have this one's clips and other labels."""
    return tuple(name for name in KINDS if STYLES[name].clips_of == kind)


def key(kind: str) -> int:
    """What random numbers of a kind are keyed by; a step of the ladder has those of the kind whose clips it has."""
    return KINDS.index(drawn_as(kind))
