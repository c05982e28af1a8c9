"""Small charts as SVG in the page's own colours, each with its title and numbers for who cannot see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 22, 30
MOST_POINTS = 1500


@dataclass(frozen=True)
class Axis:
    """From where to where values go, and which are written beside it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Axis":
        """Over finite `values`, with three to six round ticks."""
        finite = np.asarray([value for value in values if np.isfinite(value)], dtype=np.float64)
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        if high - low < 1e-12 * max(abs(low), abs(high), 1e-300):
            low, high = low - (abs(low) * 0.05 or 0.5), high + (abs(high) * 0.05 or 0.5)
        step = 10 ** np.floor(np.log10((high - low) / 4))
        step = next(step * by for by in (1, 2, 5, 10) if (high - low) / (step * by) <= 5)
        first = np.ceil(low / step) * step
        return cls(low, high, tuple(float(tick) for tick in np.arange(first, high + step / 1e6, step)))

    def at(self, value: float) -> float:
        """Where `value` lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.at(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - TOP - BOTTOM)


def _frame(title: str, x: Axis, y: Axis, xlabel: str, ylabel: str, marks: Sequence[str]) -> str:
    grid = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(y, tick):.1f}" y2="{_y(y, tick):.1f}" stroke="var(--line)"/>'
        f'<text x="{LEFT - 5}" y="{_y(y, tick) + 4:.1f}" text-anchor="end">{tick:.6g}</text>'
        for tick in y.ticks
    ]
    below = [
        f'<text x="{_x(x, tick):.1f}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{tick:.6g}</text>'
        for tick in x.ticks
    ]
    labels = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{escape(xlabel)}</text>'
        f'<text x="4" y="12">{escape(ylabel)}</text>'
    )
    return drawing(title, [*grid, *below, labels, *marks])


def drawing(title: str, marks: Sequence[str], height: int = HEIGHT) -> str:
    """An SVG of the charts' width that says what it is."""
    name = escape(title, quote=True)
    return (
        f'<h3>{escape(title)}</h3><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{name}">'
        f"{''.join(marks)}</svg>"
    )


def _thinned(count: int) -> list[int]:
    return list(range(count)) if count <= MOST_POINTS else np.linspace(0, count - 1, MOST_POINTS).astype(int).tolist()


def scatter(
    title: str,
    x: Sequence[float],
    y: Sequence[float],
    xlabel: str,
    ylabel: str,
    *,
    diagonal: bool = False,
    best: Sequence[float] | None = None,
) -> str:
    """Points; `best` is drawn over them as steps, `diagonal` where both axes mean the same."""
    across, up = Axis.of([*x, *(y if diagonal else [])]), Axis.of([*y, *(x if diagonal else []), *(best or [])])
    marks = [
        f'<circle cx="{_x(across, x[at]):.1f}" cy="{_y(up, y[at]):.1f}" r="2.6" fill="var(--bar)" fill-opacity=".6"/>'
        for at in _thinned(len(x))
        if np.isfinite(x[at]) and np.isfinite(y[at])
    ]
    if diagonal:
        low, high = max(across.low, up.low), min(across.high, up.high)
        marks.insert(0, _path([(low, low), (high, high)], across, up, "var(--soft)", dashed=True))
    if best is not None and len(best):
        steps = [(x[0], best[0])]
        for at in range(1, len(best)):
            steps += [(x[at], best[at - 1]), (x[at], best[at])]
        marks.append(_path(steps, across, up, "var(--gap)"))
    return _frame(title, across, up, xlabel, ylabel, marks)


def lines(title: str, curves: Sequence[tuple[str, Sequence[float], Sequence[float]]], xlabel: str, ylabel: str) -> str:
    """Curves of x and y; the first in the page's colour, the others beside it."""
    across = Axis.of([value for _, x, _ in curves for value in x])
    up = Axis.of([value for _, _, y in curves for value in y])
    marks: list[str] = []
    for place, (name, x, y) in enumerate(curves):
        colour = ("var(--bar)", "var(--gap)", "var(--good)", "var(--bad)")[place % 4]
        points = [(x[at], y[at]) for at in _thinned(len(x)) if np.isfinite(x[at]) and np.isfinite(y[at])]
        marks.append(_path(points, across, up, colour))
        if len(curves) > 1:
            marks.append(f'<text x="{LEFT + 6 + 95 * place}" y="12" style="fill:{colour}">{escape(name[:16])}</text>')
    return _frame(title, across, up, xlabel, "" if len(curves) > 1 else ylabel, marks)


def _path(points: Sequence[tuple[float, float]], across: Axis, up: Axis, colour: str, *, dashed: bool = False) -> str:
    if not points:
        return ""
    steps = " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in points)
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<polyline points="{steps}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>'


def dots(title: str, rows: Sequence[tuple[str, float, float, float | None]], label: str) -> str:
    """A line a name: its value with its spread, and a tick where the baseline stands."""
    across = Axis.of(
        [v for _, value, sd, base in rows for v in (value - sd, value + sd, value if base is None else base)]
    )
    high = 26 * len(rows) + 26
    marks = [
        f'<text x="{_x(across, tick):.1f}" y="{high - 6}" text-anchor="middle">{tick:.6g}</text>'
        for tick in across.ticks
    ]
    for place, (name, value, sd, base) in enumerate(rows):
        y = 20 + 26 * place
        marks.append(f'<text x="0" y="{y - 6}">{escape(name[:40])} {value:.4g}</text>')
        low, up = _x(across, value - sd), _x(across, value + sd)
        marks.append(f'<line x1="{low:.1f}" x2="{up:.1f}" y1="{y}" y2="{y}" stroke="var(--bar)" stroke-width="2"/>')
        marks.append(f'<circle cx="{_x(across, value):.1f}" cy="{y}" r="4" fill="var(--bar)"/>')
        if base is not None:
            at = _x(across, base)
            marks.append(
                f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{y - 5}" y2="{y + 5}" stroke="var(--gap)" stroke-width="3"/>'
            )
    return drawing(f"{title} ({label})", marks, high)


def bars(title: str, values: Sequence[tuple[str, float]]) -> str:
    """A bar a name, longest first as given."""
    longest = max((abs(value) for _, value in values), default=1.0) or 1.0
    marks: list[str] = []
    for place, (name, value) in enumerate(values):
        y = 22 * place
        width = abs(value) / longest * (WIDTH - 10)
        marks.append(f'<rect x="0" y="{y + 13}" width="{width:.1f}" height="6" rx="2" fill="var(--bar)"/>')
        marks.append(f'<text x="0" y="{y + 10}">{escape(name[:50])} {value:.4g}</text>')
    return drawing(title, marks, 22 * len(values) + 4)


def matrix(title: str, names: Sequence[str], counts: np.ndarray) -> str:
    """A confusion matrix: rows are true, columns predicted; darker is more of the row."""
    size = len(names)
    step = min(80.0, (WIDTH - 90) / size)
    marks: list[str] = []
    for row in range(size):
        total = max(float(counts[row].sum()), 1.0)
        marks.append(
            f'<text x="84" y="{20 + step * (row + 0.6):.1f}" text-anchor="end">{escape(names[row][:12])}</text>'
        )
        for column in range(size):
            share = float(counts[row, column]) / total
            x, y = 90 + step * column, 20 + step * row
            marks.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - 2:.1f}" height="{step - 2:.1f}" fill="var(--bar)" '
                f'fill-opacity="{0.06 + 0.94 * share:.3f}"><title>{escape(names[row])} as {escape(names[column])}: '
                f"{int(counts[row, column])}</title></rect>"
            )
            if step >= 26:
                marks.append(
                    f'<text x="{x + step / 2 - 1:.1f}" y="{y + step / 2 + 4:.1f}" text-anchor="middle" '
                    f'style="fill:var(--{"page" if share > 0.55 else "ink"})">{int(counts[row, column])}</text>'
                )
    for column in range(size):
        x = 90 + step * (column + 0.5)
        marks.append(f'<text x="{x:.1f}" y="14" text-anchor="middle">{escape(names[column][:8])}</text>')
    return drawing(f"{title}: rows true, columns predicted", marks, int(24 + step * size))


def parallel(title: str, names: Sequence[str], rows: Sequence[Sequence[float]], scores: Sequence[float]) -> str:
    """A line a trial through the places its settings take on their axes; the better, the stronger."""
    if len(names) < 2 or not rows:
        return ""
    axes = [Axis.of([row[place] for row in rows]) for place in range(len(names))]
    score = Axis.of(list(scores))
    gap = (WIDTH - 40) / (len(names) - 1)
    marks: list[str] = []
    for place, (name, axis) in enumerate(zip(names, axes, strict=True)):
        x = 20 + gap * place
        marks.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="var(--line)"/>')
        anchor = "start" if place == 0 else "end" if place == len(names) - 1 else "middle"
        down = HEIGHT - BOTTOM + (14 if place % 2 == 0 else 26)
        marks.append(f'<text x="{x:.1f}" y="{down}" text-anchor="{anchor}">{escape(name[:16])}</text>')
        marks.append(f'<text x="{x:.1f}" y="{TOP - 4}" text-anchor="{anchor}">{axis.high:.3g}</text>')
    for at in sorted(range(len(rows)), key=lambda at: scores[at]):
        strength = score.at(scores[at])
        points = " ".join(
            f"{20 + gap * place:.1f},{HEIGHT - BOTTOM - axis.at(rows[at][place]) * (HEIGHT - TOP - BOTTOM):.1f}"
            for place, axis in enumerate(axes)
        )
        colour = "var(--gap)" if strength > 0.9 else "var(--bar)"
        marks.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-opacity="{0.12 + 0.8 * strength:.2f}"/>'
        )
    return drawing(title, marks, HEIGHT)
