"""What a dataset must hold, computed without Steadyset: NumPy and SciPy in float64, after the formats' description."""

import hashlib
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg


# ---------------------------------------------------------------------------------------------- canonical JSON


def number(value):
    """Returns a finite number as ECMAScript prints it (ECMA-262, Number::toString), as RFC 8785 asks."""
    value = float(value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    _, digits, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent  # 0.text × 10^point
    count = len(text)
    if count <= point <= 21:
        return sign + text + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{text}"
    mantissa = text if count == 1 else f"{text[0]}.{text[1:]}"
    return f"{sign}{mantissa}e{'-' if point < 1 else '+'}{abs(point - 1)}"


def canonical(value):
    """Returns the canonical form (RFC 8785) of a JSON value as text."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def manifest_id(manifest):
    """Returns the id that a manifest must have."""
    members = {key: value for key, value in manifest.items() if key not in ("id", "layout", "files")}
    return hashlib.sha256(canonical(members).encode()).hexdigest()


# ---------------------------------------------------------------------------------------------- configurations


def physics_of(pipeline):
    """Returns the physics of a pipeline (a dict, as YAML gives it) with all defaults filled in."""
    given = pipeline["physics"]
    model = given.get("sources", "pinned")
    return {
        "lattice": given["lattice"],
        "diffusivity": given.get("diffusivity", 1),
        "decay_rate": given.get("decay_rate", 0.0025),
        "boundary": "absorbing",
        "sources": model,
        "overlap": given.get("overlap", "max" if model == "pinned" else "sum"),
    }


def disk(source, lattice):
    """Returns a mask (rows, columns) of the sites of one source, a row (row, column, radius, value)."""
    row, column, radius = source[:3]
    i, j = np.ogrid[: lattice[0], : lattice[1]]
    return (i - row) ** 2 + (j - column) ** 2 <= radius * radius


def overlapping(sources, lattice):
    """Whether two of the disks share a site."""
    return bool((sum(disk(source, lattice).astype(int) for source in sources) > 1).any())


def sample_id(physics, sources):
    """Returns the 64 bits that identify a configuration."""
    members, sources = dict(physics), [tuple(map(float, source)) for source in sources]
    overlap = overlapping(sources, physics["lattice"])
    if not overlap:
        del members["overlap"]
    if not (overlap and physics["overlap"] == "last"):
        sources = sorted(sources)
    rows = [dict(zip(("row", "column", "radius", "value"), source)) for source in sources]
    digest = hashlib.sha256(canonical({"physics": members, "sources": rows}).encode()).digest()
    return int.from_bytes(digest[:8], "big")


def image(physics, sources):
    """Returns the source image in float64 and the mask of covered sites, both (rows, columns)."""
    policy, lattice = physics["overlap"], physics["lattice"]
    sources = [tuple(map(float, source)) for source in sources]
    values, covered = np.zeros(lattice), np.zeros(lattice, bool)
    for source in sources if policy == "last" else sorted(sources):
        mask = disk(source, lattice)
        if policy == "max":
            values[mask] = np.maximum(values[mask], source[3])
        elif policy == "sum":
            values[mask] += source[3]
        else:
            values[mask] = source[3]
        covered |= mask
    return values, covered


# ---------------------------------------------------------------------------------------------- steady states


class SteadyState:
    """Steady states of one physics by sparse LU with one step of iterative refinement."""

    def __init__(self, physics):
        self.physics = physics
        (rows, columns), diffusivity = physics["lattice"], physics["diffusivity"]

        def second_difference(count):
            ones = np.ones(count)
            return sparse.diags([-ones[1:], 2 * ones, -ones[1:]], [-1, 0, 1])

        # Neighbours outside the lattice are ghost sites with u = 0.
        laplacian = sparse.kron(second_difference(rows), sparse.identity(columns)) + sparse.kron(
            sparse.identity(rows), second_difference(columns)
        )
        self.matrix = (diffusivity * laplacian + physics["decay_rate"] * sparse.identity(rows * columns)).tocsc()
        self.factors = None

    @staticmethod
    def factorise(matrix):
        return linalg.splu(
            matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )

    @staticmethod
    def refined(factors, matrix, right):
        field = factors.solve(right)
        return field + factors.solve(right - matrix @ field)

    def solve(self, sources):
        """Returns the field (rows, columns) of these sources."""
        values, covered = image(self.physics, sources)
        if self.physics["sources"] == "emitting":
            if self.factors is None:
                self.factors = self.factorise(self.matrix)
            field = self.refined(self.factors, self.matrix, self.physics["decay_rate"] * values.ravel())
            return (field / field.max()).reshape(values.shape)
        free = np.flatnonzero(~covered.ravel())
        fixed = np.flatnonzero(covered.ravel())
        rows = self.matrix[free]
        inner = rows[:, free].tocsc()
        field = values.ravel().copy()
        field[free] = self.refined(self.factorise(inner), inner, -(rows[:, fixed] @ field[fixed]))
        return field.reshape(values.shape)


# ---------------------------------------------------------------------------------------------- splits


def place(index, split):
    """Returns the part of a sample and its position in the part and stratum."""
    test, validation = split.get("test_every", 5), split.get("validation_every")
    if test:
        if index % test == test - 1:
            return "test", index // test
        index -= index // test
    if validation:
        if index % validation == validation - 1:
            return "validation", index // validation
        index -= index // validation
    return "train", index


def positions(share, most):
    """Returns how many positions a share in percent of `most` is, rounded up, without floating point."""
    return -(-Fraction(str(share)) * most // 100)
