"""YAML as pipeline files have it: strict where YAML is lax, as the readers in Swift are."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from .errors import TrainingError

MAXIMUM_DEPTH = 64
_NULL = ("", "~", "null", "Null", "NULL")
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WHOLE = re.compile("[-+]?[0-9]{1,15}")
_WORD = "code"
"""The value of this key is a word even where it looks like a number: the code 80E1."""


class _Composer(yaml.SafeLoader):
    """Makes nodes, and refuses aliases (a few lines could stand for billions of values), tags, and deep nesting."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        events: Any = self
        event = events.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refusal(event, "there are no aliases: write the value out")
        if event.tag is not None:
            raise _Refusal(event, "there are no tags: write the value alone, in quotes where it is a text")
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise _Refusal(event, f"it is nested deeper than {MAXIMUM_DEPTH} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Refusal(Exception):
    """What stands at an event or a node is refused."""

    def __init__(self, at: Any, message: str) -> None:
        super().__init__(message)
        self.line = at.start_mark.line + 1


def parse_yaml(data: bytes, where: str) -> Any:
    """Returns the value of a YAML 1.2 document in UTF-8, a JSON text among them.

    Plain scalars are those of the core schema (§10.3.2) without octal and hexadecimal numbers, infinities and NaN: `1e-4`
    is a number and `no` a text. Numbers are whole where they have no more than 15 digits and nothing else. Raises
    `TrainingError` that names the line, on one line: for what is no YAML, aliases, tags, keys that are there twice or are no
    words, nesting of more than 64 levels, numbers beyond binary64, and further documents.
    """
    try:
        loader: Any = _Composer(data.decode("utf-8"))
        node = loader.get_single_node()
        return None if node is None else _value(node)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TrainingError(f"{where}:{line}: is not valid YAML: its text is not UTF-8") from error
    except _Refusal as error:
        raise TrainingError(f"{where}:{error.line}: {error}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        problem = " ".join(f"{error.problem or error.context}".split())
        raise TrainingError(f"{where}:{line}: is not valid YAML: {problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise TrainingError(f"{where}: is not valid YAML: {' '.join(str(error).split())}") from error


def _value(node: Any, key: str = "") -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise _Refusal(name, "keys must be plain words")
            if name.value in found:
                raise _Refusal(name, f"the key {ascii(name.value)} is there twice")
            found[name.value] = _value(value, name.value)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(value) for value in node.value]
    text = node.value
    if node.style is not None or key == _WORD:
        return text
    if text in _NULL:
        return None
    if text in _TRUTH:
        return _TRUTH[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise _Refusal(node, f"the number {text[:40]}{'…' if len(text) > 40 else ''} is too large")
        return number
    return text
