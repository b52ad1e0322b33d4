"""Conjugate gradients of PETSc with the multigrid of hypre: BoomerAMG and PFMG.

These run in the system's Python, for which Debian has petsc4py; PETSc's options are global, so that a process has one of them.
"""

import numpy as np

from .problems import DECAY
from .solver import Solver


class _Petsc(Solver):
    iterative = True
    options = {}

    def once(self):
        import petsc4py

        petsc4py.init(["-malloc_debug", "no"])
        from petsc4py import PETSc

        self._petsc = PETSc
        for name, value in self.options.items():
            PETSc.Options()[name] = value
        self._method = None
        self._begin()
        super().once()

    def _begin(self):
        """Makes vectors, and what else no sample changes."""
        raise NotImplementedError

    def _configure(self, method):
        raise NotImplementedError

    def _take(self, matrix):
        """Prepares conjugate gradients for a matrix of PETSc."""
        if self._method:
            self._method.destroy()
        method = self._petsc.KSP().create()
        method.setOperators(matrix)
        method.setType("cg")
        method.setNormType(self._petsc.KSP.NormType.UNPRECONDITIONED)
        self._configure(method)
        method.setFromOptions()
        method.setUp()
        self._method = method

    def solve(self):
        self._vector.setArray(self.right)
        self._field.set(0)
        self._method.setTolerances(rtol=self.tolerance, atol=0.0, divtol=1e9, max_it=2000)
        self._method.solve(self._vector, self._field)
        return self.shaped(self._field.getArray().copy()), self._method.getIterationNumber()


class BoomerAMG(_Petsc):
    """Algebraic multigrid."""

    note = "CG with BoomerAMG (PETSc, hypre), HMIS, ext+i, strength 0.25, symmetric relaxation"
    options = {
        "pc_hypre_boomeramg_strong_threshold": 0.25, "pc_hypre_boomeramg_coarsen_type": "HMIS",
        "pc_hypre_boomeramg_interp_type": "ext+i", "pc_hypre_boomeramg_P_max": 4,
        "pc_hypre_boomeramg_relax_type_all": "symmetric-SOR/Jacobi",
    }  # fmt: skip

    def _begin(self):
        matrix = self.problem.matrix_of(self.problem.configurations[0])
        self._whole, self._matrix = self._made(matrix), None
        self._field, self._vector = self._whole.createVecs()

    def _made(self, matrix):
        made = self._petsc.Mat().createAIJ(matrix.shape, csr=(matrix.indptr, matrix.indices, matrix.data))
        made.setOption(self._petsc.Mat.Option.SYMMETRIC, True)
        return made

    def _configure(self, method):
        method.getPC().setType("hypre")
        method.getPC().setHYPREType("boomeramg")

    def setup(self, configuration):
        if self.problem.fixed or self.problem.family == "general":
            return super().setup(configuration)
        # The matrix differs from that of the whole lattice by the rows and columns of pinned sites.
        mask, image = self.problem.rasterise(configuration)
        self.right = self.problem.equations(configuration).right(mask, image)
        matrix = self._whole.copy()
        matrix.zeroRowsColumns(np.flatnonzero(mask).astype(np.int32), 4 + DECAY)
        self._keep(matrix)

    def build(self, matrix):
        self._keep(self._made(matrix))

    def _keep(self, matrix):
        if self._matrix:
            self._matrix.destroy()
        self._matrix = matrix
        self._take(matrix)


class PFMG(_Petsc):
    """Multigrid for the five points of a structured lattice. Filling in the matrix is not counted."""

    note = "CG with PFMG (PETSc, hypre), non-Galerkin, red-black Gauss–Seidel"
    options = {"pc_pfmg_relax_type": "Red/Black-Gauss-Seidel", "pc_pfmg_rap_type": "non-Galerkin"}

    def _begin(self):
        sides = self.problem.sides()
        side = self.problem.side
        self._wraps = [sides["top"] == "periodic", sides["left"] == "periodic"]
        types = ["periodic" if wraps else "none" for wraps in (self._wraps[1], self._wraps[0], False)]
        # PETSc has hypre's structured matrices in three dimensions alone.
        grid = self._petsc.DMDA().create([side, side, 1], dof=1, stencil_width=1, stencil_type="star", boundary_type=types)
        grid.setMatType("hyprestruct")
        grid.setUp()
        self._grid, self._matrix = grid, None
        self._field, self._vector = grid.createGlobalVec(), grid.createGlobalVec()

    def _configure(self, method):
        method.setDM(self._grid)
        method.setDMActive(False)
        method.getPC().setType("pfmg")

    def prepare(self, configuration):
        matrix, self._given_right = self.problem.system(configuration)
        if not self.problem.fixed:
            self._fill(matrix)

    def setup(self, configuration):
        if self.problem.fixed:
            self.right = self.problem.right_of(configuration)
        else:
            self.right = self._given_right
            self._take(self._matrix)

    def build(self, matrix):
        self._fill(matrix)
        self._take(self._matrix)

    def _fill(self, matrix):
        """Writes a matrix, CSR, under the grid's own numbers, which count the ghost sites of periodic sides."""
        side = self.problem.side
        down, across = (1 if wraps else 0 for wraps in self._wraps)
        width = side + 2 * across
        row, column = np.divmod(np.arange(side * side), side)
        own = (row + down) * width + column + across
        from_row, from_column = (np.repeat(part, np.diff(matrix.indptr)) for part in (row, column))
        steps = [to - at for to, at in zip(np.divmod(matrix.indices, side), (from_row, from_column))]
        for step in steps:  # a step around the lattice is one to a ghost site
            step -= side * np.sign(step) * (np.abs(step) > 1)
        places = (from_row + steps[0] + down) * width + from_column + steps[1] + across
        if self._matrix:
            self._matrix.destroy()
        self._matrix = self._grid.createMatrix()  # anew: a second filling leaves values of the first beyond its own
        self._matrix.setValuesLocalIJV(
            matrix.indptr, places.astype(np.int32), matrix.data, rowmap=own.astype(np.int32)
        )
        self._matrix.assemble()
