"""Solves what sources produce, and judges and repairs predictions of it, for programs and notebooks.

    solution = steadyset.solve([[256, 200, 5, 1.0], [100, 300, 8, 0.5]], physics={"lattice": [512, 512]})
    solution.y, solution.error_bound
"""

from .judging import Certificate, Judgement, bound, certify
from .problem import Problem, problem
from .solution import Solution, UncertifiedError, solve

__all__ = [
    "Certificate", "Judgement", "Problem", "Solution", "UncertifiedError", "bound", "certify", "problem", "solve",
]  # fmt: skip
