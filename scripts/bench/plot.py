"""Draws two charts in one SVG: latency over offered load, and processor time over the number of clients.

The picture is readable on light and dark pages.
"""

import math
from html import escape

WIDTH, HEIGHT = 460, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 42, 46

# Colours that colour-blind readers can distinguish (Okabe and Ito, 2008), and a marker for each.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
MARKERS = (
    "<circle r='3.5'/>",
    "<rect x='-3.2' y='-3.2' width='6.4' height='6.4'/>",
    "<path d='M0-4.4 4.2 3.2H-4.2z'/>",
    "<path d='M0-4.6 4.6 0 0 4.6-4.6 0z'/>",
    "<path d='M-3.5-3.5 3.5 3.5M-3.5 3.5 3.5-3.5' stroke-width='2'/>",
)

STYLE = """
    text { font: 12px sans-serif; fill: #222 } .title { font-weight: bold; font-size: 13px } .small { font-size: 11px; fill: #555 }
    .grid { stroke: #ddd } .axis { stroke: #777; fill: none } .page { fill: #fff }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e6e6 } .small { fill: #aaa } .grid { stroke: #3a3a3a } .axis { stroke: #999 } .page { fill: #16181c }
      .series { filter: brightness(1.45) }
    }
"""


def short(value):
    """Formats 1,500 as `1.5k`, because labels of an axis must be short."""
    for limit, unit in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


class Axis:
    """A logarithmic axis that covers all values."""

    def __init__(self, values, begin, end, whole_decades):
        low, high = min(values), max(values)
        if whole_decades:
            low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high * 1.01))
        self.low, self.high, self.begin, self.end = low, max(high, low * 1.01), begin, end

    def at(self, value):
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if self.high / self.low <= 200 else (1,)
        values = [step * 10**decade for decade in decades for step in steps]
        return [value for value in values if self.low * 0.999 <= value <= self.high * 1.001]


def chart(x, title, across, upward, lines, names):
    """`lines`: (name, dashed, [(x, y), ...])."""
    points = [point for _, _, line in lines for point in line]
    horizontal = Axis([point[0] for point in points], LEFT, WIDTH - RIGHT, False)
    vertical = Axis([point[1] for point in points], HEIGHT - BOTTOM, TOP, True)
    out = [f"<g transform='translate({x} 0)'>", f"<text class='title' x='{LEFT}' y='20'>{escape(title)}</text>"]
    for value in vertical.ticks():
        y = vertical.at(value)
        out.append(f"<path class='grid' d='M{LEFT} {y:.1f}H{WIDTH - RIGHT}'/>")
        out.append(f"<text class='small' x='{LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{short(value)}</text>")
    for value in horizontal.ticks():
        place = horizontal.at(value)
        out.append(f"<path class='axis' d='M{place:.1f} {HEIGHT - BOTTOM}v4'/>")
        out.append(f"<text class='small' x='{place:.1f}' y='{HEIGHT - BOTTOM + 17}' text-anchor='middle'>{short(value)}</text>")
    out.append(f"<path class='axis' d='M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}'/>")
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(f"<text class='small' x='{middle}' y='{HEIGHT - 10}' text-anchor='middle'>{escape(across)}</text>")
    out.append(f"<text class='small' x='{LEFT}' y='{TOP - 7}'>{escape(upward)}</text>")
    for name, dashed, line in lines:
        number = names.index(name) % len(COLOURS)
        places = [(horizontal.at(a), vertical.at(b)) for a, b in line]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in places)
        dash = " stroke-dasharray='5 4'" if dashed else ""
        out.append(f"<g class='series' stroke='{COLOURS[number]}' fill='{COLOURS[number]}'>")
        out.append(f"<path d='M{path}' fill='none' stroke-width='1.8'{dash}/>")
        out += [f"<g transform='translate({a:.1f} {b:.1f})'>{MARKERS[number]}</g>" for a, b in places]
        out.append("</g>")
    return out + ["</g>"]


def draw(latency, cost, machine):
    """`latency`: server -> quantile -> [(messages per second, µs)]. `cost`: server -> [(clients, µs)]."""
    names = list(dict.fromkeys([*latency, *cost]))
    lines = [(name, quantile != "median", line) for name, both in latency.items() for quantile, line in both.items() if line]
    width, height = 2 * WIDTH, HEIGHT + 52
    out = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' role='img'>",
        f"<title>Latency over offered load, and cost over clients, of {escape(', '.join(names))}</title>",
        f"<style>{STYLE}</style><rect class='page' width='{width}' height='{height}'/>",
    ]
    out += chart(0, "Latency over offered load", "messages per second, of 100 clients together", "µs; median solid, p99 dashed", lines, names)
    lines = [(name, False, line) for name, line in cost.items() if line]
    out += chart(WIDTH, "Cost over number of clients", "clients, each with a message under way", "µs of processor time per message", lines, names)
    for number, name in enumerate(names):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        out.append(f"<g transform='translate({LEFT + 8 + number * 100} {HEIGHT + 14})'>")
        out.append(f"<g class='series' stroke='{colour}' fill='{colour}'><path d='M-10 0H10' stroke-width='1.8'/>{marker}</g>")
        out.append(f"<text x='16' y='4'>{escape(name)}</text></g>")
    out.append(f"<text class='small' x='{LEFT - 2}' y='{HEIGHT + 42}'>{escape(machine)}</text>")
    return "\n".join(out + ["</svg>", ""])
