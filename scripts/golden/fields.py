"""Reference solutions of small problems, for Tests/MultigridTests.

Discretises -lap u + kappa u = s on a lattice with u = 0 on the ghost sites, row by row from the definition, and solves
by sparse LU in float64 with one step of iterative refinement. Shares nothing with Sources/Multigrid.

    python3 scripts/golden/fields.py > Tests/MultigridTests/Golden/Fields.swift

Needs numpy and scipy.
"""

import random
import textwrap

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg

SCALE = 10**11  # values are written as multiples of its inverse


def rasterise(rows, columns, sources, overlap):
    """The image and the mask of covered sites, both (rows, columns)."""
    image = np.zeros((rows, columns))
    covered = np.zeros((rows, columns), dtype=bool)
    i, j = np.mgrid[:rows, :columns]
    for row, column, radius, value in sources:
        disk = (i - row) ** 2 + (j - column) ** 2 <= radius**2
        if overlap == "max":
            image[disk] = np.where(covered[disk], np.maximum(image[disk], value), value)
        elif overlap == "sum":
            image[disk] += value
        else:
            image[disk] = value
        covered |= disk
    return image, covered


def solve(rows, columns, kappa, model, overlap, sources):
    """The field, (rows, columns); an emitting one is divided by its maximum."""
    image, covered = rasterise(rows, columns, sources, overlap)
    number = np.arange(rows * columns).reshape(rows, columns)
    matrix = sparse.lil_matrix((rows * columns, rows * columns))
    right = np.zeros(rows * columns)
    for row in range(rows):
        for column in range(columns):
            own = number[row, column]
            if model == "pinned" and covered[row, column]:
                matrix[own, own] = 1
                right[own] = image[row, column]
                continue
            matrix[own, own] = 4 + kappa
            for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                if 0 <= r < rows and 0 <= c < columns:
                    matrix[own, number[r, c]] = -1
            if model == "emitting":
                right[own] = kappa * image[row, column]
    matrix = matrix.tocsc()
    factor = linalg.splu(matrix)
    field = factor.solve(right)
    field += factor.solve(right - matrix @ field)
    if model == "emitting":
        field /= field.max()
    return field.reshape(rows, columns)


def draw(generator, rows, columns, count, radii):
    sources = []
    for index in range(count):
        radius = generator.choice(radii)
        reach = int(radius)
        row = generator.randint(reach, rows - 1 - reach)
        column = generator.randint(reach, columns - 1 - reach)
        value = 1.0 if index == 0 else round(1 - generator.random() * 0.99, 6)
        sources.append((row, column, radius, value))
    return sources


def show(words):
    for line in textwrap.wrap(" ".join(words), 114):
        print(f"    {line}")


def main():
    generator = random.Random(20230206)
    corners = [(5, 5, 5, 1.0), (5, 58, 5, 0.25), (44, 5, 5, 0.5), (44, 58, 5, 0.125), (25, 31, 5, 0.75), (25, 42, 5, 0.9)]
    cases = [
        ("smallest", 32, 32, 1 / 400, "pinned", "max", [(16, 16, 5, 1.0)]),
        ("walls", 50, 64, 1 / 400, "pinned", "max", corners),
        ("odd", 61, 47, 1 / 400, "pinned", "max", draw(generator, 61, 47, 7, [5])),
        ("crowded", 64, 64, 1 / 400, "pinned", "last", draw(generator, 64, 64, 20, [5])),
        ("summed", 63, 65, 1 / 100, "pinned", "sum", draw(generator, 63, 65, 9, [2, 3.5, 5])),
        ("single sites", 40, 33, 1e-6, "pinned", "max", draw(generator, 40, 33, 6, [0, 0.5, 1])),
        ("short", 48, 48, 10.0, "pinned", "max", draw(generator, 48, 48, 12, [0, 3, 7])),
        ("emitting", 96, 96, 1 / 400, "emitting", "sum", draw(generator, 96, 96, 10, [5])),
        ("emitting last", 33, 72, 0.03, "emitting", "last", draw(generator, 33, 72, 12, [1, 5])),
        ("emitting long", 57, 57, 1e-5, "emitting", "max", draw(generator, 57, 57, 3, [4])),
        ("half", 60, 60, 1 / 400, "pinned", "max", [(29, 29, 29, 0.5), (30, 30, 3, 1.0)]),
    ]
    print("// Written by scripts/golden/fields.py; do not edit.\n")
    print("/// Reference solutions, each after an empty line: a name; rows, columns, kappa, model, overlap and stride; row,")
    print(f"/// column, radius and value of each source; then every stride-th value of the field, in units of 1/{SCALE}.")
    print('let goldenFields = """')
    for name, rows, columns, kappa, model, overlap, sources in cases:
        stride = max(1, rows * columns // 600 | 1)
        field = solve(rows, columns, kappa, model, overlap, sources).ravel()
        print(f"\n    {name}\n    {rows} {columns} {kappa!r} {model} {overlap} {stride}")
        show(f"{row},{column},{float(radius)!r},{value!r}" for row, column, radius, value in sources)
        print("    values")
        show(str(round(float(value) * SCALE)) for value in field[::stride])
    print('    """')


main()
