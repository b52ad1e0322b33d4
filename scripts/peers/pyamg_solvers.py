"""Conjugate gradients with the algebraic multigrid of PyAMG."""

from .solver import Solver

_SWEEPS = {
    "presmoother": ("gauss_seidel", {"sweep": "forward"}), "postsmoother": ("gauss_seidel", {"sweep": "backward"}),
    "max_coarse": 200,
}  # fmt: skip


class _PyAMG(Solver):
    iterative = True

    def once(self):
        import pyamg

        self._pyamg = pyamg
        super().once()

    def solve(self):
        residuals = []
        field = self._levels.solve(
            self.right, tol=self.tolerance, maxiter=300, accel="cg", cycle="V", residuals=residuals
        )
        return self.shaped(field), len(residuals) - 1


class RugeStuben(_PyAMG):
    """Classical coarsening and interpolation."""

    note = "CG with Ruge–Stüben AMG (PyAMG), classical strength 0.25, Gauss–Seidel"

    def build(self, matrix):
        strength = ("classical", {"theta": 0.25})
        self._levels = self._pyamg.ruge_stuben_solver(matrix, strength=strength, **_SWEEPS)


class SmoothedAggregation(_PyAMG):
    """Aggregates with smoothed prolongation."""

    note = "CG with smoothed aggregation AMG (PyAMG), Gauss–Seidel"

    def build(self, matrix):
        self._levels = self._pyamg.smoothed_aggregation_solver(
            matrix, symmetry="symmetric", strength="symmetric", improve_candidates=None, **_SWEEPS
        )
