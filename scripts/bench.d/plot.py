"""Draws how time and memory grow: one log-log chart a series, side by side, as SVG. For scripts/bench."""
import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 460, 340, 60, 40, 20, 50


def slope(numbers, values):
    """The slope of the straight line that fits best among logarithms."""
    across, up = [math.log10(each) for each in numbers], [math.log10(each) for each in values]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    spread = sum((each - middle) ** 2 for each in across)
    return sum((x - middle) * (y - height) for x, y in zip(across, up)) / spread if spread else 0.0


def chart(one, shift):
    numbers = [point["n"] for point in one["points"]]
    lines = [("seconds", "#1f5fa8", [point["seconds"] for point in one["points"]], one["time_slope"]),
             ("MiB", "#b3541e", [point["peak_mib"] for point in one["points"]], one["memory_slope"])]
    every = [value for line in lines for value in line[2]]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    first, last = math.floor(math.log10(min(numbers))), math.ceil(math.log10(max(numbers)))

    def x(value): return shift + LEFT + (math.log10(value) - first) / max(1, last - first) * (WIDTH - LEFT - RIGHT)

    def y(value): return HEIGHT - BOTTOM - (math.log10(value) - low) / max(1, high - low) * (HEIGHT - TOP - BOTTOM)

    out = [f'<text x="{shift + WIDTH / 2:.0f}" y="20" text-anchor="middle" font-weight="bold">{escape(one["title"])}</text>',
           f'<text x="{shift + WIDTH / 2:.0f}" y="{HEIGHT - 12}" text-anchor="middle">{escape(one["unit"])}</text>']
    for power in range(first, last + 1):
        at = x(10 ** power)
        out += [f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>',
                f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{10 ** power:,}</text>']
    for power in range(low, high + 1):
        at = y(10 ** power)
        out += [f'<path d="M{shift + LEFT} {at:.1f}H{shift + WIDTH - RIGHT}" stroke="#ddd"/>',
                f'<text x="{shift + LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0 ** power:g}</text>']
    for name, colour, values, steep in lines:
        points = [(x(number), y(value)) for number, value in zip(numbers, values)]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                   + " ".join(f"{a:.1f},{b:.1f}" for a, b in points) + '"/>')
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points]
        out.append(f'<text x="{points[0][0] + 6:.1f}" y="{points[0][1] - 8:.1f}" fill="{colour}">{name}, slope {steep:.2f}</text>')
    # A guide through the first time, as steep as proportional growth.
    start, end = numbers[0], numbers[-1]
    base = lines[0][2][0]
    top = min(base * end / start, 10 ** high)
    out.append(f'<path d="M{x(start):.1f} {y(base):.1f}L{x(start * top / base):.1f} {y(top):.1f}" stroke="#999" '
               'stroke-dasharray="4 4"/>')
    return "\n".join(out)


def draw(series):
    width = WIDTH * len(series)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" font-family="sans-serif" font-size="12">\n'
            f'<rect width="{width}" height="{HEIGHT}" fill="white"/>\n'
            + "\n".join(chart(one, index * WIDTH) for index, one in enumerate(series)) + "\n</svg>\n")
