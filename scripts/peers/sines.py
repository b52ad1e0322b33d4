"""Fast sine transforms: direct solvers of the constant family, which need its absorbing sides and single D and γ."""

import numpy as np
import scipy.fft as fourier

from . import disks, kernels
from .problems import DECAY
from .solver import Solver


class SineTransform(Solver):
    """A sine transform across the columns and recursions down the rows (Hockney 1965): exact for γ − ∇²."""

    families = ("constant",)
    number = np.float64

    def once(self):
        side = self.problem.side
        kernels.require(side)
        waves = np.arange(1, side + 1)
        diagonal = 4 + DECAY - 2 * np.cos(np.pi * waves / (side + 1))
        pivots = np.empty((side, side))
        pivots[0] = 1 / diagonal
        for row in range(1, side):
            pivots[row] = 1 / (diagonal - pivots[row - 1])
        self._pivots = pivots.astype(self.number)
        self._sines = np.sin(np.pi * np.outer(waves, waves) / (side + 1)).astype(self.number)
        self._waves = np.zeros((side, side), self.number)
        self._owner, self._covered = np.full((side, side), -1, np.int16), np.zeros((side, side), bool)
        self._rows, self._columns = np.empty((2, side * side), np.int64)
        kernels.recur(np.ones((4, 4), self.number), np.ones((4, 4), self.number))  # compiles

    def sites(self, configuration, rim):
        """Returns rows and columns of covered sites, grouped by disk, and where each group starts; `rim`: rims alone."""
        centres = np.array([(source["row"], source["column"]) for source in configuration["sources"]], np.int64)
        starts = np.empty(len(centres) + 1, np.int64)
        count = kernels.list_sites(
            centres, disks.ROW_OFFSETS, disks.COLUMN_OFFSETS, self._owner, self._covered, rim, self._rows, self._columns,
            starts,
        )
        return self._rows[:count], self._columns[:count], starts

    def transform(self, field):
        """Returns Σ field[row, j] sin(π (j + 1)(k + 1)/(n + 1)), (rows, waves)."""
        return fourier.dst(field, type=1, axis=1, overwrite_x=True) * self.number(0.5)

    def inverse(self, waves):
        """Returns the field whose right-hand side has these amplitudes, (rows, waves), which are overwritten."""
        kernels.recur(waves, self._pivots)
        return self.transform(waves) * self.number(2.0 / (self.problem.side + 1))

    def of_charges(self, rows, columns, charges):
        """Returns the field of charges at single sites."""
        kernels.transform_charges(rows, columns, charges.astype(self.number), self._sines, self._waves)
        return self.inverse(self._waves)


class FullTransform(SineTransform):
    """Both transforms by SciPy."""

    models = ("emitting",)
    note = "sine transform (SciPy) and recursions (Numba), float64"

    def setup(self, configuration):
        self.right = self.problem.right_of(configuration).astype(self.number)

    def solve(self):
        return self.inverse(self.transform(self.shaped(self.right))), 0


class FullTransform32(FullTransform):
    """In single precision."""

    number = np.float32
    note = "sine transform (SciPy) and recursions (Numba), float32"


class ChargeTransform(SineTransform):
    """The forward transform of sources alone."""

    models = ("emitting",)
    number = np.float32
    note = "as dst-f32, but sources are transformed site by site"

    def setup(self, configuration):
        image = self.problem.rasterise(configuration)[1]
        rows, columns, _ = self.sites(configuration, False)
        self._charges = rows, columns, DECAY * image[rows, columns]

    def solve(self):
        return self.of_charges(*self._charges), 0


class PreconditionedBySines(SineTransform):
    """Conjugate gradients, preconditioned by the solver of the lattice without pinned sites."""

    models = ("pinned",)
    iterative = True
    note = "CG preconditioned by a sine transform (SciPy), float64"

    def setup(self, configuration):
        self._mask, self._image = self.problem.rasterise(configuration)
        self._matrix, self.right = self.problem.system(configuration)

    def solve(self):
        free = ~self._mask.ravel()

        def precondition(residual):
            return self.inverse(self.transform(self.shaped(residual * free))).ravel() * free

        field = self._image.ravel().copy()
        residual = (self.right - self._matrix @ field) * free
        direction = precondition(residual)
        energy, steps = residual @ direction, 0
        enough = self.tolerance * np.linalg.norm(self.right)
        while np.linalg.norm(residual) > enough and steps < 300:
            product = self._matrix @ direction
            length = energy / (direction @ product)
            field += length * direction
            residual -= length * product
            preconditioned = precondition(residual)
            before, energy = energy, residual @ preconditioned
            direction *= energy / before
            direction += preconditioned
            steps += 1
        return self.shaped(field), steps
