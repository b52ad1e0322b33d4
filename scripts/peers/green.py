"""Solvers of the constant family that use Green's function: superposition, and the capacitance matrix."""

import numpy as np
import scipy.fft as fourier
import scipy.linalg as dense

from . import disks, kernels
from .problems import DECAY
from .sines import SineTransform
from .solver import Solver


def response(side, source):
    """Returns the answer of γ − ∇² on the torus of 2·side + 2 sites to `source`, on its first side + 2 rows and columns."""
    turn = 2 * side + 2
    waves = 2 - 2 * np.cos(2 * np.pi * np.arange(turn) / turn)
    symbol = DECAY + waves[:, None] + waves[None, : turn // 2 + 1]
    field = fourier.irfft2(fourier.rfft2(source) / symbol, s=(turn, turn))
    return np.ascontiguousarray(field[: side + 2, : side + 2])


class Superposition(Solver):
    """The sum of stored responses of one disk, cut off at 10⁻⁸ of its peak."""

    families, models = ("constant",), ("emitting",)
    note = "superposition of one stored response (Numba), float32; for overlap sum"

    def once(self):
        side = self.problem.side
        kernels.require(side)
        source = np.zeros((2 * side + 2, 2 * side + 2))
        source[disks.ROW_OFFSETS, disks.COLUMN_OFFSETS] = DECAY
        quarter = response(side, source)
        self._reach = int(np.argmax(quarter[0] < 1e-8 * quarter[0, 0])) or side + 1
        quarter = quarter[: self._reach + 1, : self._reach + 1]
        self._response = np.concatenate([quarter[:, :0:-1], quarter], axis=1).astype(np.float32)
        # Compiles.
        kernels.add_response(np.zeros((side, side), np.float32), self._response, 9, 9, np.float32(1), self._reach)

    def setup(self, configuration):
        self._sources = configuration["sources"]

    def solve(self):
        side = self.problem.side
        field = np.zeros((side, side), np.float32)
        for source in self._sources:
            place = source["row"], source["column"], np.float32(source["value"])
            kernels.add_response(field, self._response, *place, self._reach)
        return field, 0


class Capacitance(SineTransform):
    """Charges on the rims of disks, such that their field has the right values there (Buzbee, Dorr, George and Golub 1971)."""

    models = ("pinned",)
    note = "capacitance matrix, dense Cholesky (SciPy), and one sine transform, float64"

    def once(self):
        super().once()
        side = self.problem.side
        point = np.zeros((2 * side + 2, 2 * side + 2))
        point[0, 0] = 1
        self._green = response(side, point).astype(self.number)
        self._cut = (2 * side + 2) ** 2 * 2  # nothing is left out

    def setup(self, configuration):
        self._mask, self._image = self.problem.rasterise(configuration)
        self._rows_now, self._columns_now, self._starts = self.sites(configuration, True)
        count = self._rows_now.size
        matrix = np.empty((count, count), self.number)
        kernels.capacitance(self._rows_now, self._columns_now, self._green, self.problem.side, self._cut, matrix)
        self._factorise(matrix)

    def _factorise(self, matrix):
        self._factors = dense.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def _charges(self, values):
        """Returns the charges for values on the rims, and the number of iterations."""
        return dense.cho_solve(self._factors, values, check_finite=False), 0

    def solve(self):
        charges, steps = self._charges(self._image[self._rows_now, self._columns_now])
        field = self.of_charges(self._rows_now, self._columns_now, charges)
        field[self._mask] = self._image[self._mask]
        return field, steps


class TunedCapacitance(Capacitance):
    """The same in float32: small entries are left out, and conjugate gradients stop by the maximum principle's bound."""

    number = np.float32
    note = "capacitance matrix, CG with a block a disk (Numba), and one sine transform (SciPy), float32"

    def once(self):
        super().once()
        line = self._green[0]
        self._cut = int(np.argmax(line < 1e-9 * line[0]) or 2 * self.problem.side) ** 2
        most = max(len(configuration["sources"]) for configuration in self.problem.configurations)
        self._blocks = np.empty((most, disks.ROW_OFFSETS.size, disks.ROW_OFFSETS.size))

    def _factorise(self, matrix):
        self._matrix = matrix
        kernels.factorise_blocks(matrix, self._starts, self._blocks)

    def _charges(self, values):
        work = np.empty((5, values.size))
        steps = kernels.solve_charges(self._matrix, values, self._starts, self._blocks, 2e-7, work)
        return work[0], steps
