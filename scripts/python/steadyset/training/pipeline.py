"""Reads pipeline files: YAML 1.2 in its core schema, or JSON."""

from __future__ import annotations

import os
import pathlib
import re
from typing import Any

import yaml

from .codes import without_keys
from .description import TrainingDescription
from .errors import TrainingError
from .parsing import parse_training

_LIMIT = 1 << 20


class _CoreLoader(yaml.SafeLoader):
    """PyYAML with the rules of YAML 1.2 (§10.3.2), in which `1e-4` is a number and `no` a text, and without repeated keys.

    The value of a key `code` is a text: `80E1` would be 800.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        events: Any = self
        if events.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="there are no aliases", problem_mark=events.peek_event().start_mark)
        return super().compose_node(parent, index)

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key.value}' is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
            if key.value == "code" and isinstance(value, yaml.ScalarNode):
                value.tag = "tag:yaml.org,2002:str"
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


for _tag, _pattern, _first in (
    ("null", "null|Null|NULL|~|", ["~", "n", "N", ""]),
    ("bool", "true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", "[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), _first)


def _construct_float(loader: _CoreLoader, node: Any) -> float:
    return float(loader.construct_scalar(node))


def _construct_int(loader: _CoreLoader, node: Any) -> int:
    return int(loader.construct_scalar(node))


_CoreLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_CoreLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)


def read_yaml(text: str) -> Any:
    """Returns the value of a YAML 1.2 document, a JSON text among them. Raises `yaml.YAMLError`."""
    return yaml.load(text, _CoreLoader)  # noqa: S506 - a SafeLoader


def read_training(path: str | os.PathLike[str], overrides: dict[str, Any] | None = None) -> TrainingDescription:
    """Returns the block `train` of a pipeline file, with some of its keys set to other values.

    A code among these takes the place of all the pipeline's keys that a code sets.

    Raises `TrainingError` that names the file and the key.
    """
    try:
        data = pathlib.Path(path).read_bytes()
        if len(data) > _LIMIT:
            raise TrainingError(f"{path} has {len(data)} bytes; a pipeline has at most {_LIMIT}")
        document = read_yaml(data.decode())
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("train"), dict):
        raise TrainingError(f"{path} has no block 'train': it says how to train, see the article Training")
    try:
        overrides = overrides or {}
        train = without_keys(document["train"]) if "code" in overrides else document["train"]
        return parse_training(train | overrides)
    except TrainingError as error:
        raise TrainingError(f"{path}: {error}") from error
