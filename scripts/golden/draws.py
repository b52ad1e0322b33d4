"""Golden draws: an independent program for what Sources/Sampling draws, in plain Python, no package needed.

    python3 scripts/golden/draws.py > Tests/SamplingTests/Golden/Draws.swift

It writes Swift literals: for a few designs, samples with their ids and all their sources, and images of the permutation
of centres. Written from the rules in the doc comments of Design+Draws.swift, CentrePermutation.swift and
Configuration.swift, and from Salmon et al. 2011; it shares no code with the package.
"""

import hashlib
import math
import struct

MASK = 0xFFFFFFFF


def philox(counter, key):
    """Philox4x32-10: four words from a counter of four words and a key of two."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & MASK, (a >> 32) ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


def permute(element, count, seed):
    """The image of an element of range(count): Feistel network with eight rounds of Philox, walked until in range."""
    half = 1
    while 4**half < count:
        half += 1
    value = element
    while True:
        left, right = value >> half, value % 2**half
        for number in range(8):
            left, right = right, left ^ (philox([number, right, 0, 0], [seed, 1])[0] % 2**half)
        value = left * 2**half + right
        if value < count:
            return value


def symmetries(rows, columns):
    """Reflections and turns of a rectangle, (transposed, rows reversed, columns reversed); disks and constants keep all."""
    flips = [(False, False), (False, True), (True, False), (True, True)]
    return [(t, r, c) for t in (False, True) for r, c in flips if not t or rows == columns]


def orbits(height, width, group):
    """The first place of every orbit, row by row."""
    def moved(i, j, t, r, c):
        i, j = (j, i) if t else (i, j)
        return height - 1 - i if r else i, width - 1 - j if c else j

    # The group has both reflections, so the first place of an orbit is in the upper left quarter.
    quarter = ((i, j) for i in range((height + 1) // 2) for j in range((width + 1) // 2))
    return [place for place in quarter if place == min(moved(*place, *g) for g in group)]


def single(design, index):
    """Row and column of a single disk: an orbit without replacement, and one place of it."""
    rows, columns = design["lattice"]
    reach = math.floor(design["radius"])
    height, width, group = rows - 2 * reach, columns - 2 * reach, symmetries(rows, columns)
    firsts = orbits(height, width, group)
    i, j = firsts[permute(index, len(firsts), design["seed"])]
    words = philox([0, 1, index & MASK, index >> 32], [design["seed"], 28])
    transposed, down, across = group[words[0] * len(group) >> 32]
    i, j = (j, i) if transposed else (i, j)
    return reach + (height - 1 - i if down else i), reach + (width - 1 - j if across else j)


def disk(source):
    row, column, radius, _ = source
    reach = math.floor(radius)
    return {
        (row + i, column + j)
        for i in range(-reach, reach + 1)
        for j in range(-reach, reach + 1)
        if i * i + j * j <= radius * radius
    }


def sample(design, n, index):
    """The sources (row, column, radius, value) of the sample of n sources at an index."""
    rows, columns = design["lattice"]
    radius, seed, (rule, low, high) = design["radius"], design["seed"], design["values"]
    reach = math.floor(radius)
    height, width = rows - 2 * reach, columns - 2 * reach
    if n == 1:
        return [(*single(design, index), radius, 1.0)]
    if rule == "anchored":
        least, most = math.floor(low * 2**24) + 1, math.floor(high * 2**24)
    else:
        least, most = math.ceil(low * 2**24), math.floor(high * 2**24)
    placed, steps, draw = [], [], 0
    while len(placed) < n:
        words = philox([draw, n, index & MASK, index >> 32], [seed, 0])
        draw += 1
        source = (reach + (words[0] * height >> 32), reach + (words[1] * width >> 32), radius, 1.0)
        if design["overlap"] == "forbid" and any(disk(source) & disk(other) for other in placed):
            continue
        placed.append(source)
        steps.append(least + (words[2] * (most - least + 1) >> 32))
    if rule == "anchored":
        values = [1.0] + [step / 2**24 for step in steps[1:]]
    else:
        values = [struct.unpack("f", struct.pack("f", step / max(steps)))[0] for step in steps]
    return [(row, column, radius, value) for (row, column, radius, _), value in zip(placed, values)]


def number(value):
    """A number from 1e-6 to below 1e16 as ECMAScript prints it."""
    if value == int(value):
        return str(int(value))
    text = repr(float(value))
    if "e" in text:  # Python turns to exponents below 1e-4, ECMAScript below 1e-6
        digits, exponent = text.split("e")
        digits = digits.replace(".", "")
        if int(exponent) >= -6:
            return "0." + "0" * (-int(exponent) - 1) + digits
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + "e" + str(int(exponent))
    return text


def identifier(design, sources):
    """The id: the first 64 bits of the SHA-256 of the canonical form."""
    disks = [disk(source) for source in sources]
    overlapping = any(disks[a] & disks[b] for a in range(len(disks)) for b in range(a))
    order = sources if overlapping and design["overlap"] == "last" else sorted(sources)
    overlap = f'"overlap":"{design["overlap"]}",' if overlapping else ""
    listed = ",".join(
        f'{{"column":{number(c)},"radius":{number(r)},"row":{number(i)},"value":{number(v)}}}' for i, c, r, v in order
    )
    text = (
        f'{{"physics":{{"boundary":"absorbing","decay_rate":{number(design["decay_rate"])},'
        f'"diffusivity":{number(design["diffusivity"])},"lattice":[{design["lattice"][0]},{design["lattice"][1]}],'
        f'{overlap}"sources":"{design["sources"]}"}},"sources":[{listed}]}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


PAPER = {
    "lattice": [512, 512], "diffusivity": 1, "decay_rate": 0.0025, "sources": "pinned", "overlap": "max",
    "radius": 5, "values": ["anchored", 0, 1], "seed": 1,
}
DESIGNS = {
    "paper": PAPER,
    "released": PAPER | {
        "sources": "emitting", "overlap": "sum", "values": ["rescaled", 0.01, 1], "seed": 4294967295},
    "crowded": PAPER | {
        "lattice": [96, 64], "overlap": "forbid", "radius": 4.5, "values": ["anchored", 0.25, 0.7], "seed": 20260701},
    "ordered": PAPER | {"lattice": [33, 40], "overlap": "last", "radius": 7, "diffusivity": 2.5, "seed": 77},
}
SAMPLES = [(1, 0), (1, 1), (1, 1151), (2, 0), (3, 5), (12, 1), (20, 0), (20, 19999), (2, 2**32 + 3)]


def main():
    print("// Written by scripts/golden/draws.py; do not edit.\n")
    print("/// Samples of four designs, one a line: design, number of sources, index, id, then row,column,radius,value of each")
    print("/// source.")
    print('let goldenSamples = """')
    for name, design in DESIGNS.items():
        for n, index in SAMPLES:
            if (n, index, name) == (1, 1151, "ordered") or (n > 12 and name == "ordered"):
                continue  # no such centre; a golden line need not be that long
            sources = sample(design, n, index)
            listed = " ".join(",".join(repr(x) for x in source) for source in sources)
            print(f"    {name} {n} {index} {identifier(design, sources)} {listed}")
    print('    """\n')
    print("/// Permutations of centres, one a line: number of elements, seed, then the images of the first ones.")
    print('let goldenPermutations = """')
    for count, seed in [(1, 9), (2, 9), (5, 9), (17, 3), (252004, 1), (2**24, 1)]:
        images = " ".join(str(permute(element, count, seed)) for element in range(min(count, 16)))
        print(f"    {count} {seed} {images}")
    print('    """')


if __name__ == "__main__":
    main()
