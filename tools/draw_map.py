"""Draw the map of ideas as inline SVG: three lines of thought that meet, in two
layouts.

The wide layout is a transit map in three columns; the narrow one, for phones, is one
column with three rails. Both are plain text, shapes and links: no script, no other
host. Colours come from the site's theme, so the map follows light and dark.
"""

from html import escape

from book.chapters import BY_NUMBER, CHAPTERS, PARTS, Chapter

LINES = {
    "game": {
        "source": "GANs",
        "says": "Two networks, one game",
        "paper": "Goodfellow et al., 2014",
        "stops": ("01", "02", "03", "04", "05", "06", "07", "08", "09"),
    },
    "style": {
        "source": "Features",
        "says": "What a network sees",
        "paper": "Gatys et al., 2016",
        "stops": ("10", "11", "12", "13"),
    },
    "words": {
        "source": "Language models",
        "says": "Predict what is hidden",
        "paper": "Radford 2018, Devlin 2019",
        "stops": ("14", "15", "16", "17", "18"),
    },
}
BUS = ("19", "20", "21", "22", "23")  # where the three lines run together
# What one line lends to the others: the chapter that teaches it, in words
CROSSINGS = (
    ("06", "one ruler for every model"),
    ("08", "a condition: class, picture, words"),
)

STYLE = """\
.idea-map { --map-game: #b3520a; --map-style: #00755b; --map-words: #1d62b5;
  --map-ink: var(--pst-color-text-base, #222); --map-soft: var(--pst-color-text-muted, #555);
  --map-paper: var(--pst-color-background, #fff); margin: 1.5rem 0; }
html[data-theme="dark"] .idea-map { --map-game: #f0a35e; --map-style: #54c8a3;
  --map-words: #7fb4ee; }
.idea-map svg { display: block; width: 100%; height: auto; max-width: 760px; margin: 0 auto;
  font-family: inherit; }
.idea-map .narrow { display: none; max-width: 420px; }
.idea-map text { fill: var(--map-ink); font-size: 14px; }
.idea-map .soft { fill: var(--map-soft); font-size: 12px; }
.idea-map .big { font-size: 17px; font-weight: 700; }
.idea-map .name { font-weight: 600; }
.idea-map .part { font-size: 11px; font-weight: 600; letter-spacing: 0.03em; }
.idea-map .rail { fill: none; stroke-width: 6; stroke-linecap: round; }
.idea-map .thin { fill: none; stroke-width: 2.5; }
.idea-map .ruler { stroke: var(--map-soft); }
.idea-map .thin.ruler { stroke-dasharray: 2 5; stroke-linecap: round; }
.idea-map .game { stroke: var(--map-game); } .idea-map .style { stroke: var(--map-style); }
.idea-map .words { stroke: var(--map-words); }
.idea-map .spring { stroke-width: 2; fill-opacity: 0.08; }
.idea-map .spring.game { fill: var(--map-game); }
.idea-map .spring.style { fill: var(--map-style); }
.idea-map .spring.words { fill: var(--map-words); }
.idea-map .lent { fill: var(--map-paper); stroke-width: 2.5; }
.idea-map .stop { fill: var(--map-paper); stroke-width: 3.5; }
.idea-map .meet { fill: var(--map-paper); stroke: var(--map-ink); stroke-width: 3; }
.idea-map .planned .stop, .idea-map .planned .meet { stroke-width: 2; stroke-dasharray: 2.5 2.5; }
.idea-map .planned .name { font-weight: 400; fill: var(--map-soft); }
.idea-map text.game { fill: var(--map-game); stroke: none; }
.idea-map text.style { fill: var(--map-style); stroke: none; }
.idea-map text.words { fill: var(--map-words); stroke: none; }
.idea-map a .hit { fill: transparent; }
.idea-map a:hover .name, .idea-map a:focus .name { text-decoration: underline; }
.idea-map a:hover .stop, .idea-map a:focus .stop { fill: currentColor; }
.idea-map a:focus-visible .hit { stroke: var(--map-ink); stroke-width: 1.5; }
.idea-map a { text-decoration: none; color: var(--map-ink); }
@media (max-width: 620px) { .idea-map .wide { display: none; }
  .idea-map .narrow { display: block; } }
@media print { .idea-map .wide { display: block; } .idea-map .narrow { display: none; } }
"""


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(words)}</text>'


def _stop(
    chapter: Chapter, x: float, y: float, line: str, label_x: float, width: float
) -> str:
    """Draw one chapter: its mark on the line, its name, its idea; a link when it is
    ready."""
    if line == "bus":
        mark = (
            f'<rect x="{x - 17:g}" y="{y - 7:g}" width="34" height="14" rx="7" '
            f'class="meet"/>'
        )
    else:
        mark = f'<circle cx="{x:g}" cy="{y:g}" r="7.5" class="stop {line}"/>'
    drawn = (
        mark
        + _text(label_x, y - 2, f"{chapter.number}  {chapter.title}", "name")
        + _text(label_x, y + 14, chapter.idea, "soft")
    )
    if not chapter.ready:
        return f'<g class="planned">{drawn}</g>'
    hit = (
        f'<rect x="{x - 13:g}" y="{y - 20:g}" width="{label_x - x + width:g}" '
        f'height="42" '
        'rx="6" class="hit"/>'
    )
    label = escape(
        f"Chapter {chapter.number}, {chapter.title}: {chapter.idea}", quote=True
    )
    return (
        f'<a href="../notebooks/{chapter.name}.html" '
        f'aria-label="{label}">{hit}{drawn}</a>'
    )


def _legend(x: float, y: float) -> str:
    """Draw what the two kinds of mark mean."""
    return (
        f'<circle cx="{x}" cy="{y}" r="7.5" class="stop game"/>'
        + _text(x + 20, y + 5, "written: follow the link", "soft")
        + (
            f'<g class="planned"><circle cx="{x}" cy="{y + 26}" r="7.5" class="stop '
            f'game"/></g>'
        )
        + _text(x + 20, y + 31, "planned", "soft")
    )


def _open(kind: str, width: int, height: int) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="group" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="Map of ideas: three lines of '
        f"chapters, "
        "from GANs, from features and from language models, that meet at diffusion and "
        "go on "
        'together. The same as a list stands below.">'
    )


def wide() -> str:
    """Return the layout for wide screens: three columns and the place where they
    meet."""
    x = {"game": 36, "style": 290, "words": 528}
    y = {
        "01": 146,
        "02": 196,
        "03": 246,
        "04": 322,
        "05": 372,
        "06": 422,
        "07": 492,
        "08": 542,
        "09": 616,
        "10": 146,
        "11": 246,
        "12": 628,
        "13": 690,
        "14": 146,
        "15": 220,
        "16": 294,
        "17": 368,
        "18": 628,
        "19": 800,
        "20": 850,
        "21": 926,
        "22": 976,
        "23": 1026,
    }
    drawn = [_open("wide", 760, 1060)]
    turn = 724  # below this the outer lines bend towards the middle
    for name, bus_x in (("game", 280), ("style", 290), ("words", 300)):
        if name == "style":
            way = f"M{x[name]} 84 V{y['23']}"
        else:
            side = 1 if bus_x > x[name] else -1
            way = (
                f"M{x[name]} 84 V{turn} q0 24 {24 * side} 24 H{bus_x - 24 * side} "
                f"q{24 * side} 0 {24 * side} 24 V{y['23']}"
            )
        drawn.append(f'<path d="{way}" class="rail {name}"/>')
    # What one line lends to the others runs in the gap below the chapter that teaches
    # it.
    for (number, words), kind in zip(CROSSINGS, ("ruler", "game"), strict=True):
        level = y[number] + 36
        drawn.append(
            f'<path d="M{x["game"]} {level} H{x["words"]}" class="thin {kind}"/>'
        )
        drawn += [
            f'<circle cx="{x[name]}" cy="{level}" r="4.5" class="lent {kind}"/>'
            for name in x
        ]
        drawn.append(_text(x["style"] + 22, level - 8, words, "soft"))
    for name, line in LINES.items():
        left = 8 if name == "game" else x[name] - 28
        drawn.append(
            (
                f'<rect x="{left}" y="6" width="220" height="78" rx="10" class="spring '
                f'{name}"/>'
            )
            + _text(left + 16, 32, line["source"], f"big {name}")
            + _text(left + 16, 52, line["says"])
            + _text(left + 16, 71, line["paper"], "soft")
        )
    for part, first in (
        ("I", "01"),
        ("II", "04"),
        ("III", "10"),
        ("IV", "14"),
        ("V", "19"),
        ("VI", "21"),
    ):
        line = next((n for n, one in LINES.items() if first in one["stops"]), "style")
        kind = "soft part" if first in BUS else f"part {line}"
        label_x = x[line] + (30 if first in BUS else 22)
        drawn.append(
            _text(label_x, y[first] - 29, f"{part} · {PARTS[part]}".upper(), kind)
        )
    for name, line in LINES.items():
        for number in line["stops"]:
            drawn.append(
                _stop(BY_NUMBER[number], x[name], y[number], name, x[name] + 22, 206)
            )
    for number in BUS:
        drawn.append(_stop(BY_NUMBER[number], 290, y[number], "bus", 320, 230))
    drawn.append(_legend(x["game"], 926))
    drawn.append("</svg>")
    return "\n".join(drawn)


def narrow() -> str:
    """Return the layout for phones: the chapters in order, three rails beside them."""
    x = {"game": 14, "style": 34, "words": 54}
    label_x, row = 78, 48
    drawn, ends, level, part = [], {}, 26, None
    for name, line in LINES.items():
        ends[name] = level
        drawn.append(
            f'<circle cx="{x[name]}" cy="{level}" r="5" class="stop {name}"/>'
            + _text(label_x, level + 1, line["source"], f"big {name}")
            + _text(label_x, level + 18, line["says"], "soft")
        )
        level += row
    stops = []
    for chapter in CHAPTERS:
        if chapter.part != part:
            part = chapter.part
            level += 4
            stops.append(
                _text(label_x, level, f"{part} · {PARTS[part]}".upper(), "soft part")
            )
            level += 30
        line = next(
            (n for n, one in LINES.items() if chapter.number in one["stops"]), "bus"
        )
        if line == "bus":
            mark_x = x["style"]
            mark = _stop(chapter, mark_x, level, "bus", label_x, 262)
            mark = mark.replace('width="34"', 'width="56"').replace(
                f'x="{mark_x - 17}"', f'x="{mark_x - 28}"'
            )
        else:
            mark = _stop(chapter, x[line], level, line, label_x, 262)
        stops.append(mark)
        level += row
    last = level - row
    rails = [
        f'<path d="M{x[name]} {ends[name]} V{last}" class="rail {name}"/>'
        for name in LINES
    ]
    legend = _legend(x["game"], last + 52)
    return "\n".join(
        [_open("narrow", 345, last + 100), *rails, *drawn, *stops, legend, "</svg>"]
    )


def block() -> str:
    """Return the whole figure as one HTML block: style, wide layout, narrow layout."""
    return f'<div class="idea-map">\n<style>\n{STYLE}</style>\n{wide()}\n{narrow()}\n</div>'
