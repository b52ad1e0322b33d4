"""Golden shapes: which sites belong to ellipses, rectangles, rings and polygons, by NumPy from the definitions.

    python3 scripts/golden/shapes.py > Tests/FieldsTests/Golden/Shapes.swift

Needs numpy. It writes Swift literals: one shape a line, with its sites as rows of column ranges. Written from the doc
comments of Shape.swift; it shares no code with the package. Sites so close to an edge that the last bits of a sine could
decide are refused, so another library of sines gives the same file.
"""

import random

import numpy as np

SPAN = 40
I, J = np.mgrid[-SPAN : SPAN + 1, -SPAN : SPAN + 1].astype(float)


def clear(distance, angle):
    """Refuses sites that lie on the edge up to rounding, unless the angle is exact."""
    assert angle in (0, 90) or np.abs(distance).min() > 1e-9, "choose other parameters"


def turned(angle):
    if angle in (0, 90):
        sine, cosine = (0.0, 1.0) if angle == 0 else (1.0, 0.0)
    else:
        sine, cosine = np.sin(np.deg2rad(angle)), np.cos(np.deg2rad(angle))
    return I * cosine + J * sine, J * cosine - I * sine


def ellipse(down, across, angle):
    p, q = turned(angle)
    value = (p / down) ** 2 + (q / across) ** 2
    clear(value - 1, angle)
    return value <= 1


def rectangle(down, across, angle):
    p, q = turned(angle)
    clear(np.abs(p) - down, angle)
    clear(np.abs(q) - across, angle)
    return (np.abs(p) <= down) & (np.abs(q) <= across)


def ring(outer, inner):
    squared = I * I + J * J
    return (inner * inner < squared) & (squared <= outer * outer)


def polygon(*numbers):
    """Crossings counted site by site: edges that cross the site's row at its column or left of it."""
    corners = list(zip(numbers[::2], numbers[1::2]))
    count = np.zeros_like(I, int)
    for one, other in zip(corners, corners[1:] + corners[:1]):
        (r, c), (r2, c2) = sorted((one, other), key=lambda corner: corner[0])
        if r == r2:
            continue
        with np.errstate(invalid="ignore"):
            crossing = c + (I - r) / (r2 - r) * (c2 - c)
        count += (r <= I) & (I < r2) & (crossing <= J)
    return count % 2 == 1


def runs(mask):
    """first:last of each run of columns, row by row, as row:first:last."""
    out = []
    for row in np.flatnonzero(mask.any(axis=1)):
        columns = np.flatnonzero(mask[row])
        for piece in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1):
            out.append(f"{row - SPAN}:{piece[0] - SPAN}:{piece[-1] - SPAN}")
    return " ".join(out)


def main():
    generator = random.Random(20260701)

    def number(low, high):
        return round(generator.uniform(low, high) * 16) / 16

    cases = [
        ("ellipse", 9.0, 4.0, 0.0), ("ellipse", 9.0, 4.0, 90.0), ("ellipse", 5.0, 5.0, 0.0),
        ("ellipse", 0.25, 12.0, 0.0), ("ellipse", 0.3, 20.0, 33.0), ("rectangle", 3.0, 7.0, 0.0),
        ("rectangle", 3.0, 7.0, 90.0), ("rectangle", 0.0, 0.0, 0.0), ("rectangle", 2.5, 6.25, 0.0),
        ("ring", 5.0, 3.0), ("ring", 1.0, 0.0), ("ring", 7.3, 6.9), ("ring", 3.0, 2.999),
        ("polygon", -3.0, -3.0, -3.0, 3.0, 3.0, 3.0, 3.0, -3.0),
        ("polygon", -9.0, 0.0, 7.0, 6.0, -3.0, -9.0, -3.0, 9.0, 7.0, -6.0),  # a pentagram: its middle is outside
        ("polygon", 4.0, 5.0, 20.0, 9.0, 11.0, 25.0),
    ]
    for _ in range(24):
        name = generator.choice(["ellipse", "rectangle"])
        cases.append((name, number(0.5, 20), number(0.5, 20), round(generator.uniform(0, 179), 3)))
    for _ in range(6):
        inner = number(0, 12)
        cases.append(("ring", inner + number(0.1, 9), inner))
    for corners in range(3, 17):
        cases.append(("polygon", *(number(-30, 30) for _ in range(2 * corners))))
    print("// Written by scripts/golden/shapes.py; do not edit.\n")
    print("/// Shapes, one a line: name and parameters, a bar, and row:first:last of every run of columns.")
    print('let goldenShapes = """')
    for name, *numbers in cases:
        print(f"    {name} {' '.join(map(repr, numbers))} | {runs(globals()[name](*numbers))}")
    print('    """')


if __name__ == "__main__":
    main()
