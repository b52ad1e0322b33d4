"""Reads pipeline files: YAML 1.2 in its core schema, or JSON."""

from __future__ import annotations

import os
import pathlib
from typing import Any

from .codes import without_keys
from .description import TrainingDescription
from .document import parse_yaml
from .errors import TrainingError
from .parsing import parse_training

_LIMIT = 1 << 20


def read_yaml(text: str) -> Any:
    """Returns the value of a YAML 1.2 document, a JSON text among them. Raises `TrainingError`."""
    return parse_yaml(text.encode(), "the text")


def read_training(path: str | os.PathLike[str], overrides: dict[str, Any] | None = None) -> TrainingDescription:
    """Returns the block `train` of a pipeline file, with some of its keys set to other values.

    A code among these takes the place of all the pipeline's keys that a code sets.

    Raises `TrainingError` that names the file and the key.
    """
    try:
        with pathlib.Path(path).open("rb") as file:
            data = file.read(_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > _LIMIT:
        raise TrainingError(f"{path} has more than {_LIMIT} bytes, the most that a pipeline may have")
    document = parse_yaml(data, str(path))
    if not isinstance(document, dict) or not isinstance(document.get("train"), dict):
        raise TrainingError(f"{path} has no block 'train': it says how to train, see the article Training")
    try:
        overrides = overrides or {}
        train = without_keys(document["train"]) if "code" in overrides else document["train"]
        return parse_training(train | overrides)
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error
