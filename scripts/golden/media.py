"""Reference solutions of problems with any medium and boundary, for Tests/MultigridTests.

Discretises -div(D grad u) + gamma u = s by 5-point finite volumes, row by row from the definition, and solves by sparse LU
in float64 with two steps of iterative refinement. Shares nothing with Sources/Multigrid.

    python3 scripts/golden/media.py > Tests/MultigridTests/Golden/Media.swift

Needs numpy and scipy. Media are made from a few integers by the arithmetic of `Hashed`, which the tests repeat.
"""

import textwrap

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg

SCALE = 10**11  # values are written as multiples of its inverse
PROBES = 200
SIDES = {"a": "absorbing", "r": "reflecting", "p": "periodic"}


class Hashed:
    """Numbers k/1024 that depend on a seed and a position alone (a multiplicative hash, all in 64-bit integers)."""

    def __init__(self, seed):
        self.seed = seed

    def __call__(self, *position):
        state = self.seed
        for part in position:
            state = (state * 6364136223846793005 + part * 2862933555777941757 + 1442695040888963407) % 2**64
            state ^= state >> 29
        return (state >> 40) % 1024 / 1024


def diffusivity(x, contrast):
    """1 + (contrast - 1) x^4: from 1 to almost the contrast, most of it near 1."""
    return 1 + (contrast - 1) * (x * x) * (x * x)


def medium(kind, rows, columns, contrast, gamma, seed):
    """D down, D across, gamma, each (rows, columns)."""
    hashed = Hashed(seed)
    down, across, decay = np.ones((rows, columns)), np.ones((rows, columns)), np.full((rows, columns), gamma)
    for i in range(rows):
        for j in range(columns):
            if kind == "layers":
                down[i, j] = across[i, j] = diffusivity(hashed(i // 7), contrast)
            elif kind == "regions":  # blocks, some without decay
                block = (i // 11, j // 13)
                down[i, j] = across[i, j] = diffusivity(hashed(*block), contrast)
                decay[i, j] = gamma if hashed(*block, 1) < 0.5 else 0
            elif kind == "smooth":  # bilinear between knots 16 sites apart
                a, b, s, t = i // 16, j // 16, i % 16 / 16, j % 16 / 16
                above = hashed(a, b) * (1 - t) + hashed(a, b + 1) * t
                below = hashed(a + 1, b) * (1 - t) + hashed(a + 1, b + 1) * t
                down[i, j] = across[i, j] = diffusivity(above * (1 - s) + below * s, contrast)
            elif kind == "rough":
                down[i, j] = across[i, j] = diffusivity(hashed(i, j), contrast)
            elif kind == "anisotropic":
                across[i, j] = contrast
            elif kind == "tensor":
                down[i, j] = diffusivity(hashed(i // 9, j // 9, 0), contrast)
                across[i, j] = diffusivity(hashed(i // 9, j // 9, 1), contrast)
    return down, across, decay


def disks(rows, columns, count, seed):
    hashed = Hashed(seed + 1000)
    result = []
    for k in range(count):
        radius = (0, 2, 5)[int(hashed(k, 0) * 3)]
        row = radius + int(hashed(k, 1) * (rows - 2 * radius))
        column = radius + int(hashed(k, 2) * (columns - 2 * radius))
        result.append((row, column, radius, 1.0 if k == 0 else 1 / 1024 + hashed(k, 3)))
    return result


def solve(sides, down, across, decay, sources, pinned):
    """The field, (rows, columns); an emitting one is divided by its maximum."""
    rows, columns = down.shape
    image, covered = np.zeros((rows, columns)), np.zeros((rows, columns), dtype=bool)
    i, j = np.mgrid[:rows, :columns]
    for row, column, radius, value in sources:
        disk = (i - row) ** 2 + (j - column) ** 2 <= radius**2
        image[disk] = np.where(covered[disk], np.maximum(image[disk], value), value) if pinned else image[disk] + value
        covered |= disk
    number = np.arange(rows * columns).reshape(rows, columns)
    at, to, entries, right = [], [], [], np.zeros(rows * columns)
    for i in range(rows):
        for j in range(columns):
            own = number[i, j]
            right[own] = image[i, j]
            if pinned and covered[i, j]:
                at.append(own), to.append(own), entries.append(1.0)
                continue
            diagonal = decay[i, j]
            for step, (r, c) in enumerate(((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1))):
                d = down if step < 2 else across
                if not (0 <= r < rows and 0 <= c < columns):
                    if sides[step] == "r":
                        continue
                    if sides[step] == "a":
                        diagonal += d[i, j]
                        continue
                    r, c = r % rows, c % columns
                face = 2 / (1 / d[i, j] + 1 / d[r, c])
                diagonal += face
                at.append(own), to.append(number[r, c]), entries.append(-face)
            at.append(own), to.append(own), entries.append(diagonal)
    matrix = sparse.csc_matrix((entries, (at, to)), shape=(rows * columns,) * 2)
    factor = linalg.splu(matrix)
    field = factor.solve(right)
    for _ in range(2):
        field += factor.solve(right - matrix @ field)
    return (field if pinned else field / field.max()).reshape(rows, columns)


def main():
    boundaries = ["aaaa", "rrrr", "pppp", "arpp", "ppra", "arra", "raar"]
    shapes = [(64, 64), (101, 57), (32, 160), (75, 75), (96, 131), (160, 33), (256, 96)]
    print("// Written by scripts/golden/media.py; do not edit.\n")
    print("/// Reference solutions, each after an empty line: kind, rows, columns, sides (top, bottom, left, right), contrast,")
    print("/// gamma, model, seed; row, column, radius and value of each source; the maximum, then the field at "
          f"{PROBES} sites\n/// spread evenly, in units of 1/{SCALE}.")
    print('let goldenMedia = """')
    seed = 0
    for kind in ("constant", "layers", "regions", "smooth", "rough", "anisotropic", "tensor"):
        for case in range(6):
            seed += 1
            rows, columns = shapes[seed % len(shapes)]
            sides = boundaries[(seed * 3 + case) % len(boundaries)]
            contrast = (1000, 1000, 30)[case % 3] if kind != "constant" else 1
            pinned = case % 2 == 0
            gamma = (0, 1 / 400, 0.01, 0, 0.1, 0.001)[(case + seed) % 6]
            if not pinned and gamma == 0 and "a" not in sides:
                gamma = 0.01
            sources = disks(rows, columns, 1 + seed % 9, seed)
            down, across, decay = medium(kind, rows, columns, contrast, gamma, seed)
            field = solve(sides, down, across, decay, sources, pinned).ravel()
            model = "pinned" if pinned else "emitting"
            print(f"\n    {kind} {rows} {columns} {sides} {contrast} {gamma!r} {model} {seed}")
            print("    " + " ".join(f"{r},{c},{float(d)!r},{v!r}" for r, c, d, v in sources))
            probes = [int(k * (rows * columns - 1) / (PROBES - 1)) for k in range(PROBES)]
            words = [str(round(float(field.max()) * SCALE))] + [str(round(float(field[k]) * SCALE)) for k in probes]
            for line in textwrap.wrap(" ".join(words), 114):
                print(f"    {line}")
    print('    """')


main()
