"""Fields to judge others by: sparse factorisation in double, refined, and the error of a field against them."""

import numpy as np
import scipy.sparse.linalg as linalg

# SuperLU for a symmetric matrix with a dominant diagonal.
SYMMETRIC = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
# A residual by the magnitudes of its terms, above which a reference is refused: hundreds of roundings.
_LARGEST_RESIDUAL = 1e-13


class References:
    """Solves the samples of one problem: by CHOLMOD where scikit-sparse is there, else by SuperLU."""

    def __init__(self, problem):
        self.problem = problem
        try:
            from sksparse.cholmod import analyze

            self._symbols = analyze(problem.matrix_of(problem.configurations[0]).tocsc(), mode="supernodal")
        except ImportError:
            self._symbols = None
        self._factors = None

    def solve(self, configuration):
        """Returns the field of a configuration, (side, side), an emitting one not divided by its maximum.

        One step of refinement follows; then the residual must be that of rounding, row by row.
        """
        matrix, right = self.problem.system(configuration)
        if not (self.problem.fixed and self._factors):
            self._factors = self._factorise(matrix)
        field = self._factors(right)
        field = field + self._factors(right - matrix @ field)
        residual = np.abs(right - matrix @ field) / (abs(matrix) @ np.abs(field) + np.abs(right) + np.finfo(float).tiny)
        if not residual.max() <= _LARGEST_RESIDUAL:
            raise ArithmeticError(f"a reference leaves the residual {residual.max():.1e} of the terms of a row")
        return field.reshape(self.problem.side, -1)

    def _factorise(self, matrix):
        if self._symbols:
            return self._symbols.cholesky(matrix.T)  # A = Aᵀ, so these rows are the columns that are asked for
        return linalg.splu(matrix.T, **SYMMETRIC).solve


def errors(field, reference, model):
    """Returns the largest and the mean |field − reference|; of emitting ones by the reference's maximum."""
    differences = np.abs(field.astype(np.float64) - reference)
    scale = 1 / np.abs(reference).max() if model == "emitting" else 1.0
    return float(differences.max() * scale), float(differences.mean() * scale)
