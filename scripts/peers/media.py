"""The media of the general family: their physics, as a pipeline has it, and D and γ on every site, after the articles
*Pipelines* and *Sampling*.

Powers are the platform's, which differ from steadyset's in the last bits: 10⁻¹⁶ of D, far below what any field is compared to.
"""

from dataclasses import dataclass

import numpy as np

from .draws import philox

SIDES = {
    "absorbing": "absorbing",
    "reflecting": "reflecting",
    "periodic": "periodic",
    "mixed": {"top": "absorbing", "bottom": "reflecting", "left": "periodic", "right": "periodic"},
}


@dataclass(frozen=True)
class Medium:
    """A medium of the table: what it is, D and γ as functions of the lattice's side, and the sides that it has unless told."""

    note: str
    diffusivity: object
    decay_rate: object
    sides: str


def _random(smallest, largest, length=16):
    return {"random": {"from": smallest, "to": largest, "length": length}}


def _layers(side):
    edges = [side * part // 16 for part in (3, 5, 6, 11)]
    return {"layered": {"axis": "rows", "edges": edges, "values": [1, 0.02, 5, 0.01, 0.5]}}


def _regions(side):
    def shape(row, column, value, **form):
        return {"row": side * row // 32, "column": side * column // 32, "value": value, **form}

    return {"regions": {"background": 1, "regions": [
        shape(6, 7, 0.01, radius=side // 8), shape(7, 23, 10, rectangle={"halves": [side // 32, side // 5]}),
        shape(18, 14, 0.05, ring={"outer": side // 6, "inner": side // 8}), shape(26, 25, 10, radius=side // 10),
        shape(27, 6, 0.01, rectangle={"halves": [side // 10, side // 40]}), shape(17, 14, 5, radius=side // 16),
    ]}}  # fmt: skip


MEDIA = {
    "random-32": Medium("D random, contrast 32", lambda _: _random(1, 32), lambda _: 0.0025, "absorbing"),
    "random-1000": Medium("D random, contrast 1000", lambda _: _random(0.05, 50), lambda _: 0.0025, "absorbing"),
    "layers": Medium("five layers, contrast 500", _layers, lambda _: _random(0.001, 0.01, 32), "mixed"),
    "regions": Medium("shapes, contrast 1000", _regions, lambda _: _random(0.001, 0.01, 32), "reflecting"),
    "anisotropic": Medium(
        "D random down, ten to a thousand times as much across",
        lambda _: {"down": _random(0.1, 1), "across": _random(10, 100)}, lambda _: 0.0025, "absorbing",
    ),
    "decay": Medium("D and γ random, γ by 1000", lambda _: _random(1, 32), lambda _: _random(1e-4, 0.1, 24), "periodic"),
    "slow-decay": Medium("D random, contrast 32, γ = 10⁻⁶·D", lambda _: _random(1 / 32, 1), lambda _: 1e-6, "mixed"),
}  # fmt: skip


def physics(name, sides, side, model, overlap):
    """Returns the block `physics` of a pipeline: a medium of the table on side × side sites."""
    medium = MEDIA[name]
    return {
        "lattice": [side, side], "diffusivity": medium.diffusivity(side), "decay_rate": medium.decay_rate(side),
        "boundary": SIDES[sides or medium.sides], "sources": model, "overlap": overlap,
    }  # fmt: skip


def conditions(physics):
    """Returns what holds at each side: a dict of top, bottom, left and right."""
    boundary = physics.get("boundary", "absorbing")
    return boundary if isinstance(boundary, dict) else dict.fromkeys(("top", "bottom", "left", "right"), boundary)


def keys(physics):
    """Returns how many keys a configuration has: one for each random coefficient without a key of its own."""
    return sum(_is_open(form) for form in _forms(physics))


def coefficients(physics, keys):
    """Returns D down, D across and γ of a configuration with these keys, each (rows, columns)."""
    remaining = iter(keys)
    arrays = []
    for form in _forms(physics):
        if _is_open(form):
            form = {"random": form["random"] | {"key": next(remaining)}}
        arrays.append(_evaluate(form, physics))
    return arrays if len(arrays) == 3 else [arrays[0], *arrays]


def _forms(physics):
    """D, or D down and D across; then γ."""
    diffusivity = physics.get("diffusivity", 1)
    two = isinstance(diffusivity, dict) and "down" in diffusivity
    return [*((diffusivity["down"], diffusivity["across"]) if two else (diffusivity,)), physics["decay_rate"]]


def _is_open(form):
    return isinstance(form, dict) and "random" in form and "key" not in form["random"]


def _evaluate(form, physics):
    lattice = physics["lattice"]
    if not isinstance(form, dict):
        return np.full(lattice, float(form))
    ((name, value),) = form.items()
    return {"layered": _layered, "regions": _painted, "random": _spline}[name](value, lattice, conditions(physics))


def _layered(value, lattice, _):
    down = value["axis"] == "rows"
    number = np.searchsorted(value["edges"], np.arange(lattice[0 if down else 1]), side="right")
    line = np.array(value["values"], float)[number]
    return np.ascontiguousarray(np.broadcast_to(line[:, None] if down else line, lattice))


def _painted(value, lattice, _):
    field = np.full(lattice, float(value["background"]))
    for region in value["regions"]:
        rows, columns = np.ogrid[: lattice[0], : lattice[1]]
        rows, columns = rows - region["row"], columns - region["column"]
        square = rows * rows + columns * columns
        if "radius" in region:
            sites = square <= region["radius"] ** 2
        elif "ring" in region:
            sites = (square <= region["ring"]["outer"] ** 2) & (square > region["ring"]["inner"] ** 2)
        else:
            height, width = region["rectangle"]["halves"]
            sites = (abs(rows) <= height) & (abs(columns) <= width)
        field[sites] = region["value"]
    return field


def _spline(value, lattice, sides):
    """A cubic B-spline surface through random nodes, stretched to run from 0 to 1; then the power."""
    periodic = [sides[name] == "periodic" for name in ("top", "left")]
    down, across = (_weights(side, value["length"], wraps) for side, wraps in zip(lattice, periodic))
    rows, columns = np.indices((down.shape[1], across.shape[1]))
    nodes = philox((value["key"], 5), (rows, columns, 0, 0))[0] / 2.0**32
    surface = down @ nodes @ across.T
    surface = (surface - surface.min()) / (surface.max() - surface.min())
    return value["from"] * (value["to"] / value["from"]) ** surface


def _weights(side, length, periodic):
    """The spline's weights, (sites, nodes)."""
    nodes = max(4, int(side / length + 0.5)) if periodic else int((side - 1) / length) + 4
    place = np.arange(side) * nodes / side if periodic else np.arange(side) / length
    cell = place.astype(int)
    after = place - cell
    before = 1 - after
    weights = (before**3, 4 - 6 * after**2 + 3 * after**3, 4 - 6 * before**2 + 3 * before**3, after**3)
    matrix = np.zeros((side, nodes))
    for offset, weight in enumerate(weights):
        np.add.at(matrix, (np.arange(side), (cell + offset) % nodes), weight / 6)
    return matrix
