"""The one error of training."""


class TrainingError(Exception):
    """A pipeline, weights, scores or a checkpoint cannot be used, or training went wrong: what, where, what to do next."""
