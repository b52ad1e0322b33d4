"""A problem: one physics, its configurations, and a folder that holds them with their references.

A folder has `problem.json` (family, medium, physics), `configurations.jsonl` (a line a sample, as steadyset imports it) and
`reference_00000.npy` and so on (a field a line, binary64, an emitting one not divided by its maximum).
"""

import json
import pathlib

import numpy as np

from . import disks, equations, kernels, media
from .references import References

DECAY = 1 / 400
FAMILIES = ("constant", "general")


class Problem:
    """The equations of all configurations of one physics on side × side sites.

    `model` is pinned or emitting; `fixed` says that all configurations have one matrix, so that it is set up once.
    """

    def __init__(self, family, physics, configurations, unchanged=False):
        self.family, self.physics, self.configurations = family, physics, configurations
        self.unchanged = unchanged
        self.side, self.model, self.overlap = physics["lattice"][0], physics["sources"], physics["overlap"]
        self.fixed = self.model == "emitting" and (family == "constant" or unchanged)
        self._kept = {}

    def rasterise(self, configuration):
        """Returns the mask of covered sites and the image, both (side, side)."""
        return disks.rasterise(configuration["sources"], self.side, self.overlap)

    def matrix_of(self, configuration):
        """Returns the matrix without pinned sites, CSR; that of a fixed problem is kept."""
        return self._once("matrix", configuration, lambda: self.equations(configuration).matrix())

    def equations(self, configuration):
        """Returns the `Equations` of a configuration's medium; those of the last one are kept."""
        def make():
            if self.family == "constant":
                return equations.constant(self.side, DECAY)
            medium = media.coefficients(self.physics, configuration.get("keys", ()))
            return equations.Equations(*medium, self.sides())

        return self._once("equations", configuration, make)

    def sides(self):
        """Returns what holds at each side: a dict of top, bottom, left and right."""
        return media.conditions(self.physics)

    def _once(self, what, configuration, make):
        key = None if self.family == "constant" else tuple(configuration.get("keys", ()))
        if self._kept.get(what, (0,))[0] != key:
            self._kept[what] = (key, make())
        return self._kept[what][1]

    def system(self, configuration):
        """Returns the matrix, CSR, and the right-hand side of a configuration."""
        mask, image = self.rasterise(configuration)
        if self.model == "emitting":
            return self.matrix_of(configuration), self.emitted(image)
        if self.family == "constant" and kernels.compiled:
            return kernels.eliminated(mask, image, DECAY)
        return self.equations(configuration).pinned(mask, image)

    def emitted(self, image):
        """Returns the right-hand side of an emitting image: any factor will do, as labels are divided by their maximum."""
        return (DECAY * image if self.family == "constant" else image).ravel()

    def right_of(self, configuration):
        """Returns the right-hand side alone."""
        if self.model == "emitting":
            return self.emitted(self.rasterise(configuration)[1])
        return self.system(configuration)[1]


def draw(options):
    """Draws a problem as the command's options say."""
    overlap = "sum" if options.model == "emitting" else "last"
    if options.family == "constant":
        lattice = [options.n, options.n]
        physics = {"lattice": lattice, "decay_rate": DECAY, "sources": options.model, "overlap": overlap}
    else:
        physics = media.physics(options.medium, options.sides, options.n, options.model, overlap)
    counts = [count for count in options.sources for _ in range(options.samples)]
    needed = 0 if options.family == "constant" else media.keys(physics)
    lines = [disks.draw(number, options.n, count, options.seed, needed) for number, count in enumerate(counts)]
    if options.unchanged:
        lines = [line | {"keys": lines[0]["keys"]} for line in lines]
    return Problem(options.family, physics, lines, options.unchanged)


def write(problem, folder):
    """Writes a problem with references into a new folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    members = {"family": problem.family, "physics": problem.physics, "unchanged": problem.unchanged}
    (folder / "problem.json").write_text(json.dumps(members) + "\n")
    lines = [json.dumps(configuration) + "\n" for configuration in problem.configurations]
    (folder / "configurations.jsonl").write_text("".join(lines))
    references = References(problem)
    for number, configuration in enumerate(problem.configurations):
        np.save(folder / f"reference_{number:05d}.npy", references.solve(configuration))


def read(folder):
    """Returns the problem of a folder, and its references in the order of its configurations."""
    folder = pathlib.Path(folder)
    members = json.loads((folder / "problem.json").read_text())
    lines = (folder / "configurations.jsonl").read_text().splitlines()
    problem = Problem(members["family"], members["physics"], [json.loads(line) for line in lines], members["unchanged"])
    return problem, [np.load(folder / f"reference_{number:05d}.npy") for number in range(len(lines))]
