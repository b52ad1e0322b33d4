"""Which samples a training learns from, and which choose its best epoch."""

from __future__ import annotations

from ..dataset import Dataset
from ..samples import Samples
from .description import TrainingDescription
from .errors import TrainingError


def choose(dataset: Dataset, training: TrainingDescription) -> tuple[Samples | None, Samples | None]:
    """Returns the samples to learn from, None where it learns without an end, and those to judge by. Raises `TrainingError`
    where there are none."""
    return None if training.is_endless else _learnt(dataset, training), _judged(dataset, training)


def _learnt(dataset: Dataset, training: TrainingDescription) -> Samples:
    try:
        learnt = dataset.select("train") & dataset.select(training.selection)
    except KeyError as error:
        raise TrainingError(f"train.selection: {error.args[0]}") from error
    if not len(learnt):
        raise TrainingError(f"train.selection '{training.selection}' has no sample of the training part")
    return learnt


def _judged(dataset: Dataset, training: TrainingDescription) -> Samples | None:
    if training.judge == "none":
        return None
    judged = dataset.select(part=training.judge)
    if not len(judged):
        say = "set split.validation_every, or train.judge to test or none" if training.judge == "validation" else (
            "set train.judge to validation or none"
        )  # fmt: skip
        raise TrainingError(f"the dataset has no {training.judge} part to choose the best epoch by: {say}")
    return judged
