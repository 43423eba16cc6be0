"""A figure of differences between variants."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import setting
from dfer_nb.viewing.evidence.statistics import Effect, against
from dfer_nb.viewing.palette import BADGE, HALO, SEEN, UNSEEN, panels, styled

_MEAN = {"marker": "|", "markersize": 9, "markeredgewidth": 2, "linestyle": "", "color": UNSEEN}


@styled()
def effects_figure(records: Sequence, variants: Sequence[str], base: str = "plain",
                   splits: Sequence[str] = ("test", "clean"), metric: str = "WAR") -> Figure:
    """Each variant's difference to `base` with its 95 % interval, a panel a split; variants from top to bottom.

    As `comparison.effects`, which says it in numbers. Raises what that raises, and BadInput for the base alone.
    """
    rows = [variant for variant in variants if variant != base]
    shown = [r for r in records if r.config["variant"] in (*rows, base)]
    if not rows:
        raise BadInput("there is nothing to compare with the base", "effects_figure", "give other variants too")
    found = against(shown, rows, base, splits, metric)
    figure, grid = panels(1, len(splits), height=1.75 + 0.34 * len(rows), sharex=True, sharey=True, squeeze=False)
    for axes, split in zip(grid[0], splits, strict=True):
        axes.axvline(0, color="#555555", linewidth=1)
        for y, variant in enumerate(rows):
            _effect(axes, y, found[variant][split])
        axes.set(title=f"{split.replace('_', ' ')} clips", xlabel="points (right: better)")
        axes.grid(axis="x")
    known = [effect for part in found.values() for effect in part.values() if effect]
    ends = [0, *(end for e in known for end in ((e.low, e.high) if e.verdict else (e.difference,)))]
    reach, margin = (min(ends), max(ends)), 0.06 * max(max(ends) - min(ends), 1)
    grid[0][0].set(xlim=(reach[0] - margin, reach[1] + margin), ylim=(len(rows) - 0.4, -0.7))
    grid[0][0].set_yticks(range(len(rows)), rows)
    _head(figure, shown, f"{metric} minus that of {base}")
    handles = [Line2D([], [], label="difference seen", **_mark(True)),
               Line2D([], [], label="no difference seen", **_mark(False)),
               Line2D([], [], label="95 % interval", color="#555555")]
    if not all(effect.verdict for effect in known):
        handles.append(Line2D([], [], label="under four draws: no verdict", **_MEAN))
    if any(effect.own for effect in known):
        handles.append(Line2D([], [], label="* interval of its own spread", linestyle=""))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    return figure


def _head(figure: Figure, records: Sequence, what_is_shown: str) -> None:
    """What was run, and the badge that keeps it from being taken for a paper's figure."""
    words, badge = "no records", "not run"
    if records:
        what = setting(records)
        words = f"{what.dataset}, {what.fold_words}, {what.epochs} epochs, {what.runs}"
        badge = ", ".join(dict.fromkeys((what.badge, what.tier)))
    figure.suptitle(f"{what_is_shown}: {words}", x=0.01, ha="left", fontsize=9)
    figure.text(0.99, 0.985, badge, ha="right", va="top",
                bbox={"facecolor": BADGE, "edgecolor": "none", "boxstyle": "round,pad=0.3"})


def _mark(seen: bool) -> dict:
    colour = SEEN if seen else UNSEEN
    return {"marker": "o", "markersize": 7, "linestyle": "", "color": colour,
            "markerfacecolor": colour if seen else "white"}


def _effect(axes, y: int, effect: Effect | None) -> None:
    """One variant: a bar for the interval and a dot, filled where a difference is seen, with its number above.

    A star: the interval is made from the variant's own differences. On fewer than four draws: the mean alone.
    """
    if effect is None:
        axes.annotate("not run", (0, y), xytext=(4, 0), textcoords="offset points", va="center", color="#777777")
        return
    mark = _mark(effect.seen) if effect.verdict else _MEAN
    axes.plot([effect.low, effect.high], [y, y], color=mark["color"], linewidth=2.2 if effect.seen else 1.4)
    axes.plot(effect.difference, y, **mark)
    words = f"{effect.difference:+.1f}" + (" *" if effect.own else "")
    axes.annotate(words, (effect.difference, y), xytext=(0, 6), textcoords="offset points", ha="center",
                  fontsize=7.5, color=mark["color"], path_effects=HALO)
