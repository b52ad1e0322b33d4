"""Problems as engines know them."""

from .problem import Problem, problem

__all__ = ["Problem", "problem"]
