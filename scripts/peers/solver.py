"""What every solver is: work that no sample changes, work for each sample, and its field."""


class Solver:
    """One way to the fields of a problem. Each step is timed by itself, but `prepare`, which is not timed.

    `note` says what it is; `families` and `models` what it can do. An iterative one stops at the relative residual
    `tolerance`, which is set before `solve`.
    """

    note = ""
    families = ("constant", "general")
    models = ("pinned", "emitting")
    iterative = False
    tolerance = None

    def __init__(self, problem):
        self.problem = problem

    @classmethod
    def suits(cls, problem):
        """Whether this is a way to the problem's fields."""
        return problem.family in cls.families and problem.model in cls.models

    def once(self):
        """Does what no sample changes; for a fixed problem all that its matrix needs."""
        if self.problem.fixed:
            self.build(self.problem.matrix_of(self.problem.configurations[0]))

    def prepare(self, configuration):
        """Does what is not counted: evaluating a medium and assembling its equations, which steadyset's own time includes."""
        self._given = self.problem.system(configuration) if self.problem.family == "general" else None

    def setup(self, configuration):
        """Does what the sample changes: the image, and the matrix and what is built from it unless the problem is fixed."""
        if self.problem.fixed:
            self.right = self.problem.right_of(configuration)
        else:
            matrix, self.right = self._given or self.problem.system(configuration)
            self.build(matrix)

    def build(self, matrix):
        """Sets up for a matrix."""
        raise NotImplementedError

    def solve(self):
        """Returns the field (side, side), an emitting one not divided by its maximum, and the number of iterations."""
        raise NotImplementedError

    def shaped(self, values):
        """Returns a vector as a field."""
        return values.reshape(self.problem.side, self.problem.side)
