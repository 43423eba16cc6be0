"""A figure of differences between variants."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dfer_nb.errors import BadInput
from dfer_nb.viewing.evidence.records import setting
from dfer_nb.viewing.evidence.statistics import Effect, against
from dfer_nb.viewing.page import number
from dfer_nb.viewing.palette import BADGE, HALO, SEEN, UNSEEN, colour_of, panels, styled

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
    figure = _forest(against(shown, rows, base, splits, metric), {split: _clips(split) for split in splits})
    _head(figure, shown, f"{metric} minus that of {base}")
    return figure


@styled()
def forest(found: Mapping[str, Mapping[str, Effect | None]], records: Sequence, what: str,
           unit: str = "points (right: better)") -> Figure:
    """Effects of any kind with their intervals: a row a name, a panel each of what it was asked of.

    found: row -> panel -> effect, None for what was not run; records: where they come from; what: is shown, in words.
    Raises BadInput for no rows, and for records of several settings.
    """
    if not found:
        raise BadInput("there is no effect to draw", "forest", "give some")
    figure = _forest(found, {panel: panel for panel in next(iter(found.values()))}, unit)
    _head(figure, records, what)
    return figure


def _clips(split: str) -> str:
    return f"{split.replace('_', ' ')} clips"


def _forest(found: Mapping[str, Mapping[str, Effect | None]], titles: Mapping[str, str],
            unit: str = "points (right: better)") -> Figure:
    """Rows of intervals, a panel for each of `titles`, on one scale, with what their marks mean."""
    figure, grid = panels(1, len(titles), height=1.75 + 0.34 * len(found), sharex=True, sharey=True, squeeze=False)
    known = [effect for part in found.values() for effect in part.values() if effect]
    ends = [0, *(end for e in known for end in ((e.low, e.high) if e.verdict else (e.difference,)))]
    reach, margin = (min(ends), max(ends)), 0.06 * max(max(ends) - min(ends), 1)
    grid[0][0].set(xlim=(reach[0] - margin, reach[1] + margin), ylim=(len(found) - 0.4, -0.7))
    for axes, (panel, title) in zip(grid[0], titles.items(), strict=True):
        axes.axvline(0, color="#555555", linewidth=1)
        for y, row in enumerate(found):
            _effect(axes, y, found[row][panel])
        axes.set(title=title, xlabel=unit)
        axes.grid(axis="x")
    grid[0][0].set_yticks(range(len(found)), list(found))
    handles = [Line2D([], [], label="difference seen", **_mark(True)),
               Line2D([], [], label="no difference seen", **_mark(False)),
               Line2D([], [], label="95 % interval", color="#555555")]
    if not all(effect.verdict for effect in known):
        handles.append(Line2D([], [], label="under four draws: no verdict", **_MEAN))
    if any(effect.own for effect in known):
        handles.append(Line2D([], [], label="* interval of its own spread", linestyle=""))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 3))
    return figure


@styled()
def ladder_figure(rungs: Mapping[float, Sequence], variants: Sequence[str], base: str = "plain",
                  splits: Sequence[str] = ("test", "clean")) -> Figure:
    """Each variant's difference to `base` in WAR against the share of wrong labels, with intervals, a panel a split.

    rungs: percent of wrong labels -> the records of that step of the ladder; those of a step and split are a family. A
    variant that was not run on a step has no mark there. Raises BadInput as `statistics.against` does.
    """
    found = {share: against(records, variants, base, splits) for share, records in rungs.items()}
    figure, grid = panels(1, len(splits), height=3.4, sharey=True, squeeze=False)
    for axes, split in zip(grid[0], splits, strict=True):
        axes.axhline(0, color="#555555", linewidth=1)
        for k, variant in enumerate(variants):
            known = {share + 1.1 * (k - (len(variants) - 1) / 2): of[variant][split] for share, of in found.items()
                     if of[variant][split]}
            _steps(axes, known, variant)
        axes.set(title=_clips(split), xlabel="wrong labels in training, %", xticks=list(rungs),
                 xlim=(min(rungs) - 3, max(rungs) + 3))
        axes.grid(axis="y")
    grid[0][0].set_ylabel(f"WAR minus that of {base}, points")
    handles, labels = grid[0][0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    run = [records for records in rungs.values() if records]
    _head(figure, run[-1] if run else [], f"WAR minus that of {base}", "the same clips")
    return figure


def _steps(axes, known: Mapping[float, Effect], variant: str) -> None:
    """One variant on the ladder: a line of means, a bar for every interval, filled dots where a difference is seen."""
    colour = colour_of(variant)
    axes.plot(list(known), [e.difference for e in known.values()], color=colour, linewidth=1.2, label=variant)
    for x, effect in known.items():
        axes.plot([x, x], [effect.low, effect.high], color=colour, linewidth=1.2)
        axes.plot(x, effect.difference, **(_mark(effect.seen) if effect.verdict else _MEAN)
                  | {"color": colour, "markersize": 5, "markerfacecolor": colour if effect.seen else "white"})


def _head(figure: Figure, records: Sequence, what_is_shown: str, dataset: str = "") -> None:
    """What was run, and the badge that keeps it from being taken for a paper's figure. dataset: words for it."""
    words, badge = "no records", "not run"
    if records:
        what = setting(records)
        words = f"{dataset or what.dataset}, {what.fold_words}, {what.epochs} epochs, {what.runs}"
        badge = ", ".join(dict.fromkeys((what.badge, what.tier)))
    figure.suptitle(f"{what_is_shown}: {words}", x=0.01, ha="left", fontsize=9)
    figure.text(0.99, 0.985, badge, ha="right", va="top",
                bbox={"facecolor": BADGE, "edgecolor": "none", "boxstyle": "round,pad=0.3"})


def _mark(seen: bool) -> dict:
    colour = SEEN if seen else UNSEEN
    return {"marker": "o", "markersize": 7, "linestyle": "", "color": colour,
            "markerfacecolor": colour if seen else "white"}


def _effect(axes, y: int, effect: Effect | None) -> None:
    """One variant: a bar for the interval and a dot, filled where a difference is seen, with their numbers above.

    A star: the interval is made from the variant's own differences. On fewer than four draws: the mean alone.
    """
    if effect is None:
        axes.annotate("not run", (0, y), xytext=(4, 0), textcoords="offset points", va="center", color="#777777")
        return
    mark = _mark(effect.seen) if effect.verdict else _MEAN
    axes.plot([effect.low, effect.high], [y, y], color=mark["color"], linewidth=2.2 if effect.seen else 1.4)
    axes.plot(effect.difference, y, **mark)
    words = number(effect.difference, sign="+") + (" *" if effect.own else "")
    if effect.verdict:
        words += f" [{number(effect.low)}, {number(effect.high)}]"
    left, right = axes.get_xlim()
    place = (effect.difference - left) / (right - left)
    side, shift = ("left", -5) if place < 0.25 else ("right", 5) if place > 0.75 else ("center", 0)
    axes.annotate(words, (effect.difference, y), xytext=(shift, 6), textcoords="offset points", ha=side,
                  fontsize=7.5, color=mark["color"], path_effects=HALO)
