"""Sparse factorisations."""

import scipy.sparse.linalg as linalg

from .references import SYMMETRIC
from .solver import Solver


class SuperLU(Solver):
    """LU, whose symbolic part SciPy cannot reuse."""

    note = "SuperLU (SciPy), minimum degree of Aᵀ + A, symmetric mode"

    def build(self, matrix):
        self._factors = linalg.splu(matrix.T, **SYMMETRIC)  # A = Aᵀ, so these rows are the columns that are asked for

    def solve(self):
        return self.shaped(self._factors.solve(self.right)), 0


class Cholmod(Solver):
    """Cholesky with the symbolic analysis of the whole lattice, which every sample reuses."""

    note = "CHOLMOD (scikit-sparse), supernodal; one symbolic analysis for all samples"

    def once(self):
        from sksparse.cholmod import analyze

        matrix = self.problem.matrix_of(self.problem.configurations[0])
        self._symbols = analyze(matrix.tocsc(), mode="supernodal")
        super().once()

    def build(self, matrix):
        self._factors = self._symbols.cholesky(matrix.T)

    def solve(self):
        return self.shaped(self._factors(self.right)), 0
