"""Golden shapes: which sites belong to ellipses, rectangles, rings, polygons and capsules, from the definitions.

    python3 scripts/golden/shapes.py > Tests/FieldsTests/Golden/Shapes.swift

It needs nothing but Python, and writes Swift literals: one shape a line, with its sites as rows of column ranges. Written from the
doc comments of the forms; it shares no code with the package. Every rule is evaluated in decimals of 60 digits (polygons and rings in
fractions), on the numbers as given, and a site so close to where the rule changes that binary64 could decide otherwise is refused.
"""

import random
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
SPAN = 40
SITES = range(-SPAN, SPAN + 1)
EDGE = Fraction(1, 2**34)  # what an edge is met within
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def sine_and_cosine(degrees):
    x = Decimal(degrees) * PI / 180
    sine, cosine, term = Decimal(0), Decimal(0), Decimal(1)
    for order in range(80):
        if order % 2 == 0:
            cosine += term if order % 4 == 0 else -term
        else:
            sine += term if order % 4 == 1 else -term
        term *= x / (order + 1)
    return sine, cosine


def decided(distance):
    """Whether a distance (in sites, or relative to 1) is negative or zero; refuses what rounding could decide."""
    assert abs(distance) > Decimal("1e-13"), "choose other parameters"
    return distance <= 0


def turned(angle, rule):
    sine, cosine = sine_and_cosine(angle)
    return {(i, j) for i in SITES for j in SITES if rule(i * cosine + j * sine, j * cosine - i * sine)}


def ellipse(down, across, angle):
    edge = Decimal(2) ** -34
    a, b = Decimal(down) + edge, Decimal(across) + edge
    # In sites: what is relative to 1 changes by at least 2/4096 of it.
    return turned(angle, lambda p, q: decided(((p / a) ** 2 + (q / b) ** 2 - 1)))


def rectangle(down, across, angle):
    edge = Decimal(2) ** -34
    a, b = Decimal(down) + edge, Decimal(across) + edge
    return turned(angle, lambda p, q: decided(abs(p) - a) & decided(abs(q) - b))


def capsule(half_length, radius, angle):
    """By the distance of a site from the nearest point of the segment."""
    half, limit = Decimal(half_length), Decimal(radius) + Decimal(2) ** -34

    def rule(p, q):
        nearest = max(-half, min(half, p))
        return decided(((p - nearest) ** 2 + q**2).sqrt() - limit)

    return turned(angle, rule)


def ring(outer, inner):
    squares = inner * inner, outer * outer  # in binary64, as the rule says
    return {(i, j) for i in SITES for j in SITES if squares[0] < i * i + j * j <= squares[1]}


def settled(value):
    value = Fraction(value)
    whole = round(value)
    assert abs(abs(value - whole) - EDGE) > Fraction(1, 10**12), "choose other parameters"
    return Fraction(whole) if abs(value - whole) <= EDGE else value


def polygon(*numbers):
    """Crossings counted site by site: edges that cross the site's row at its column or left of it."""
    corners = [(settled(r), Fraction(c)) for r, c in zip(numbers[::2], numbers[1::2])]
    inside = set()
    for i in SITES:
        crossings = []
        for one, other in zip(corners, corners[1:] + corners[:1]):
            (r, c), (s, d) = sorted((one, other), key=lambda corner: corner[0])
            if r <= i < s:
                crossings.append(settled(c + (i - r) / (s - r) * (d - c)))
        inside |= {(i, j) for j in SITES if sum(crossing <= j for crossing in crossings) % 2 == 1}
    return inside


def runs(sites):
    """first:last of each run of columns, row by row, as row:first:last."""
    out = []
    for i, j in sorted(sites):
        if out and out[-1][0] == i and out[-1][2] == j - 1:
            out[-1][2] = j
        else:
            out.append([i, j, j])
    return " ".join(f"{row}:{first}:{last}" for row, first, last in out)


def on_edges():
    """Shapes with sites on their edges, at angles of which sines are rounded."""
    for angle in (0.0, 30.0, 45.0, 60.0, 90.0, 120.0, 135.0, 150.0):
        for radius in (1.0, 2.0, 5.0, 13.0, 25.0, 5.0**0.5, 13.0**0.5, 2.0**0.5):
            yield "ellipse", radius, radius, angle
    root = 2.0**0.5
    for angle in (45.0, 135.0):
        for k in (1, 2, 3, 7, 20):
            # Edges through (k, 0), and through the corners (k, k).
            yield "rectangle", k / root, k / root, angle
            yield "rectangle", k * root, k / root / 3, angle
            yield "ellipse", k * root, k / root, angle
    for angle in (30.0, 60.0, 120.0, 150.0):
        # (i, j) = (k, 0) and (0, k): p and q are k/2 and k√3/2.
        for k in (1, 4, 9):
            yield "rectangle", k / 2, 3.0**0.5 * k / 2, angle
            yield "rectangle", 3.0**0.5 * k / 2, k / 2, angle
    for outer, inner in ((5.0, 4.0), (25.0, 24.0), (13.0, 5.0), (1.0, 0.5)):
        yield "ring", outer, inner
    # Edges with slopes of thirds, sevenths and tenths through sites, and a square that was turned with rounded sines.
    yield "polygon", 0.0, 0.0, 3.0, 1.0, 9.0, 3.0, 9.0, -9.0
    yield "polygon", -7.0, -1.0, 7.0, 1.0, 7.0, 15.0, -7.0, 8.0
    yield "polygon", 0.1, 0.3, 9.1, 3.3, 9.1, -3.7
    yield "polygon", -0.7, -2.1, 2.3, 6.9, 5.3, -2.1
    for angle in (30, 45, 60):
        sine, cosine = map(float, sine_and_cosine(angle))
        corners = [(-5, -5), (-5, 5), (5, 5), (5, -5)]
        yield "polygon", *(x for r, c in corners for x in (r * cosine - c * sine, r * sine + c * cosine))
    third = 1 / 3
    yield "polygon", -3.0, -1.0, -3.0 + third + third + third, 2.0000000000000004, 6.000000000000001, -1.0


def capsules(number, generator):
    """Capsules of all kinds, then those with sites on their edges: on the straight sides, on the ends, and where they meet."""
    yield from ((7.0, 3.0, 0.0), (7.0, 3.0, 90.0), (0.0, 5.0, 0.0), (6.0, 0.0, 0.0), (0.0, 0.0, 77.7), (9.5, 0.4, 63.0), (12.25, 0.0, 20.0))
    for _ in range(16):
        yield number(0, 20), number(0, 15), round(generator.uniform(0, 179.9), 3)
    for angle in (0.0, 30.0, 45.0, 60.0, 90.0, 120.0, 135.0, 150.0):
        for radius in (0.0, 1.0, 5.0, 13.0, 5.0**0.5):
            yield 0.0, radius, angle  # a disk
    yield from ((2.0, 5.0, 0.0), (2.0, 5.0, 90.0), (3.0, 13.0**0.5, 0.0), (8.5, 2.5, 90.0))
    root = 2.0**0.5
    for angle in (45.0, 135.0):
        for k in (1, 2, 7):
            # Sides through (k, 0), ends at (2k, 2k), and no width.
            yield 3 * k / root, k / root, angle
            yield k * root, k * root, angle
            yield k * root, 0.0, angle
    for angle in (30.0, 60.0, 120.0, 150.0):
        for k in (2, 9):
            yield float(k), k / 2, angle
            yield 3.0**0.5 * k / 2, 3.0**0.5 * k / 2, angle


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
    cases += on_edges()
    cases += [("capsule", *parameters) for parameters in capsules(number, generator)]
    print("// Written by scripts/golden/shapes.py; do not edit.\n")
    print("/// Shapes, one a line: name and parameters, a bar, and row:first:last of every run of columns.")
    print('let goldenShapes = """')
    for name, *numbers in cases:
        print(f"    {name} {' '.join(map(repr, numbers))} | {runs(globals()[name](*numbers))}")
    print('    """')


if __name__ == "__main__":
    main()
