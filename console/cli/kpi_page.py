"""The measures as one page of HTML that loads nothing from elsewhere and runs no script."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from console.cli.kpi import heading
from console.cli.kpi_table import MAIN
from console.format import line
from console.measuring import DIMENSION, aim, by_name, number, spread, verdict
from data.measures.definitions import Measure
from data.measures.report import Report, Value

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --bad: #c0392b; --bar: #5b8def; }
@media (prefers-color-scheme: dark) { :root { --good: #57c878; --bad: #ff7b72; --bar: #7aa2f7; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; }
body { padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; }
.tile { border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.tile h3 { font-size: .95rem; margin: 0; font-weight: 600; }
.value { font-size: 1.6rem; font-variant-numeric: tabular-nums; }
.none { opacity: .6; font-size: 1.1rem; }
.met { color: var(--good); } .missed { color: var(--bad); }
.tile p { margin: .3rem 0 0; font-size: .82rem; opacity: .85; }
svg { width: 100%; height: 2.6rem; margin-top: .4rem; } rect { fill: var(--bar); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .7rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
"""


def page_of(report: Report, days: Report, now: datetime) -> str:
    """The page: a tile for each measure with its course by day, and a table of the parts."""
    title = f"Handrail: measures, {heading(report)}"
    courses = [[group.values[at].value for group in days.groups] for at in range(len(report.total))]
    parts = [
        _HEAD.format(title=escape(title), style=_STYLE),
        f"<h1>{escape(title)}</h1>\n",
        f"<p>As of {now:%Y-%m-%d %H:%M} UTC. No data is not zero.</p>\n",
        '<div class="tiles">\n',
        *(_tile(value, course) for value, course in zip(report.total, courses, strict=True)),
        "</div>\n",
        _table(report),
        "</body>\n</html>",
    ]
    return "".join(parts)


def _tile(value: Value, course: Sequence[float | None]) -> str:
    measure = value.measure
    glyph, word, _ = verdict(value)
    told = escape(number(measure, value.value))
    shown = f'<div class="value{" none" if value.value is None else ""}">{told}</div>'
    wanted = f"Target: {escape(aim(value))}" if aim(value) else "No target"
    met = f' <strong class="{word}">{glyph} {word}</strong>' if word else ""
    times = f"<p>{escape(spread(value))}</p>" if spread(value) else ""
    return (
        f'<section class="tile"><h3>{escape(measure.title)}</h3>{shown}<div>{wanted}{met}</div>'
        f"{_bars(course, measure)}<p>{value.count:,} {escape(measure.counted)}</p>{times}"
        f"<p>{escape(measure.definition)}</p></section>\n"
    )


def _bars(course: Sequence[float | None], measure: Measure) -> str:
    """The course by day; a day without data has no bar, a zero a line."""
    most = max((value for value in course if value is not None), default=None)
    if most is None or len(course) < 2:
        return ""
    bars = []
    for at, value in enumerate(course):
        if value is not None:
            height = max(1.0, 40 * value / most) if most else 1.0
            bars.append(
                f'<rect x="{at * 10 + 1}" y="{40 - height:.1f}" width="8" height="{height:.1f}"/>'
            )
    told = f"{measure.title} by day, {number(measure, most)} at most"
    return (
        f'<svg viewBox="0 0 {len(course) * 10} 40" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(told)}">{"".join(bars)}</svg>'
        f"<p>By day; at most {escape(number(measure, most))}.</p>"
    )


def _table(report: Report) -> str:
    if report.by is None:
        return ""
    heading = f"<h2>By {escape(DIMENSION[report.by].lower())}</h2>\n"
    if not report.groups:
        return heading + "<p>No data.</p>\n"
    measures = {value.measure.name: value.measure for value in report.total}
    head = "".join(f"<th>{escape(measures[name].short)}</th>" for name in MAIN)
    rows = []
    for group in report.groups:
        values = by_name(group)
        cells = "".join(f"<td>{_cell(values[name])}</td>" for name in MAIN)
        rows.append(f"<tr><td>{escape(line(group.name, 80))}</td>{cells}</tr>\n")
    return (
        f'{heading}<div class="wide"><table>\n<tr><th>{escape(DIMENSION[report.by])}</th>{head}'
        f"</tr>\n{''.join(rows)}</table></div>\n"
    )


def _cell(value: Value) -> str:
    glyph, word, _ = verdict(value)
    told = escape(number(value.measure, value.value)) if value.value is not None else "–"
    return f'{told} <span class="{word}" title="{word}">{glyph}</span>' if word else told
