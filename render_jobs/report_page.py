"""The report's page: one HTML document with its styles and its few lines of script inside."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

_STYLE: Final = """
:root{--ink:#1d2733;--soft:#5b6570;--line:#e3e7ec;--paper:#fff;--ground:#f4f6f8;--accent:#2f6f9f}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1240px;margin:0 auto;padding:28px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0;letter-spacing:-.01em}
h2{font-size:19px;margin:40px 0 12px}
h3{font-size:14px;margin:0 0 8px;font-weight:600}
p{margin:0 0 10px;max-width:76ch}
.soft{color:var(--soft)}
.badge{display:inline-block;padding:2px 10px;border-radius:99px;font-size:13px;font-weight:600;
vertical-align:5px;margin-left:10px}
.good{background:#dff1e6;color:#1c6a42}.warn{background:#fdecd2;color:#8a5208}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0 0}
.tile,.card{background:var(--paper);border:1px solid var(--line);border-radius:10px}
.tile{padding:12px 16px}.tile b{display:block;font-size:24px;line-height:1.25;font-weight:650;
font-variant-numeric:tabular-nums}.tile span{color:var(--soft);font-size:13px}
.card{padding:16px 18px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:14px;align-items:stretch}
.wide{grid-column:1/-1}.double{grid-column:span 2}
@media(max-width:800px){.double{grid-column:auto}}
.stack{display:flex;flex-direction:column;gap:14px}.stack>*{flex:1}
.card .soft{font-size:13px;margin-bottom:6px}
.notice{background:#fdf3e2;border:1px solid #f2d9ab;border-radius:10px;padding:12px 16px;margin:16px 0 0}
.notice b{color:#8a5208}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:0;font-size:14px}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.bar{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center;position:sticky;top:0;z-index:2;
background:var(--ground);padding:10px 0;font-size:14px}
.bar label{display:inline-flex;gap:6px;align-items:center;cursor:pointer}
.bar .key{display:inline-flex;gap:6px;align-items:center;color:var(--soft)}
.bar svg{display:block}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:14px}
.shot{margin:0;background:var(--paper);border:1px solid var(--line);border-radius:10px;overflow:hidden}
.shot button{display:block;width:100%;padding:0;border:0;background:#dfe3e8;cursor:zoom-in}
.shot button:focus-visible{outline:3px solid var(--accent);outline-offset:-3px}
.shot svg{display:block;width:100%;height:auto}
figcaption{padding:7px 12px 9px;font-size:13px;color:var(--soft);display:flex;justify-content:space-between;
gap:8px;font-variant-numeric:tabular-nums}
figcaption span:first-child{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;min-width:0}
figcaption span:last-child{white-space:nowrap}
figcaption b{color:var(--ink);font-weight:600}
svg.chart{display:block;width:100%;height:auto;margin:0 auto}
svg.chart text{font-size:11.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg.chart text.strong{fill:var(--ink);font-weight:600}
svg.chart text.alarm{fill:#b3401f;font-weight:700}
svg.small{max-width:330px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--soft);font-weight:600;
border-bottom:1px solid var(--line);padding:6px 14px 6px 0}
td{padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.out{color:#b3401f;font-weight:650}
code,pre{font:12.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:#f7f8fa;border:1px solid var(--line);border-radius:6px;padding:10px 12px;margin:6px 0 0;
overflow:auto;max-height:300px;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--accent)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--soft);margin:6px 0 0}
.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px;vertical-align:-1px}
main.no-mask .mask,main.no-box .box,main.no-skeleton .skeleton,main.no-points .points{display:none}
dialog{border:0;padding:0;background:#11161c;color:#e9edf2;max-width:none;max-height:none;width:100vw;
height:100vh;overflow:hidden}
dialog[open]{display:grid;grid-template-rows:1fr auto}
dialog .stage{min-height:0;display:grid;place-items:center;padding:14px}
dialog .stage svg{width:100%;height:100%;min-height:0}
dialog .about{padding:0 18px 14px;display:flex;gap:18px;justify-content:space-between;align-items:center;
font-size:14px}
dialog button{background:#27313c;color:#e9edf2;border:0;border-radius:6px;padding:7px 14px;font:inherit;
cursor:pointer}
main.no-mask dialog .mask,main.no-box dialog .box{display:none}
@media print{.bar{position:static}.shot,.card{break-inside:avoid}body{background:#fff}}
"""

# The switches work on the page's own classes; the large view shows a copy of the picture clicked.
_SCRIPT: Final = """
const page=document.querySelector('main'),dialog=document.querySelector('dialog');
const shots=[...document.querySelectorAll('.shot')];let at=0;
document.querySelectorAll('.bar input').forEach(box=>{
const follow=()=>page.classList.toggle('no-'+box.value,!box.checked);
box.addEventListener('change',follow);follow()});
function show(i){at=(i+shots.length)%shots.length;
dialog.querySelector('.stage').replaceChildren(shots[at].querySelector('svg').cloneNode(true));
dialog.querySelector('.words').textContent=shots[at].dataset.words;if(!dialog.open)dialog.showModal()}
shots.forEach((shot,i)=>shot.querySelector('button').addEventListener('click',()=>show(i)));
dialog.querySelector('.stage').addEventListener('click',()=>dialog.close());
dialog.querySelector('.before').addEventListener('click',()=>show(at-1));
dialog.querySelector('.after').addEventListener('click',()=>show(at+1));
dialog.querySelector('.close').addEventListener('click',()=>dialog.close());
dialog.addEventListener('keydown',event=>{
if(event.key==='ArrowLeft')show(at-1);if(event.key==='ArrowRight')show(at+1)});
"""


def page(title: str, body: str) -> str:
    """Whole document around a body; the body's last element must be the large view's ``dialog``."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{body}{_DIALOG}</main><script>{_SCRIPT}</script></body></html>\n"
    )


_DIALOG: Final = (
    '<dialog aria-label="Picture in large"><div class="stage"></div><div class="about">'
    '<span class="words"></span><span><button class="before" aria-label="Picture before">←</button> '
    '<button class="after" aria-label="Next picture">→</button> <button class="close">Close</button>'
    "</span></div></dialog>"
)


def tiles(values: Sequence[tuple[str, str]]) -> str:
    """Key figures: (figure, what it is)."""
    cells = "".join(
        f'<div class="tile"><b>{escape(figure)}</b><span>{escape(meaning)}</span></div>'
        for figure, meaning in values
    )
    return f'<div class="tiles">{cells}</div>'


def card(heading: str, content: str, note: str = "", width: str = "") -> str:
    """Box with a heading around HTML; ``width`` "wide" takes the row, "double" two columns."""
    words = f'<p class="soft">{escape(note)}</p>' if note else ""
    return f'<section class="card {width}"><h3>{escape(heading)}</h3>{words}{content}</section>'


def stack(*cards: str) -> str:
    """Cards below each other in one column."""
    return f'<div class="stack">{"".join(cards)}</div>'


def pairs(values: Sequence[tuple[str, str]]) -> str:
    """List of named values."""
    return "<dl>" + "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in values) + "</dl>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """Table of HTML cells.

    Parameters
    ----------
    head
        Column names, plain text.
    rows
        Cells as HTML: escape what comes from files.
    numbers
        Columns that are set right-aligned.
    """

    def kind(column: int) -> str:
        return ' class="number"' if column in numbers else ""

    top = "".join(f"<th{kind(i)}>{escape(name)}</th>" for i, name in enumerate(head))
    body = "".join(
        "<tr>" + "".join(f"<td{kind(i)}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """Colour and meaning, in a row."""
    return (
        '<div class="legend">'
        + "".join(
            f'<span><i style="background:{colour}"></i>{escape(word)}</span>' for colour, word in entries
        )
        + "</div>"
    )


def file_size(count: int) -> str:
    """Write a number of bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")
