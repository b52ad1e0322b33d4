"""Checks documents against the schemas that Steadyset has, and fills in their defaults.

The schemas (JSON Schema 2020-12) are part of the package, in `schemas/`. Needs jsonschema.
"""

from __future__ import annotations

import difflib
import functools
import json
import pathlib
from typing import Any

import jsonschema
from referencing import Registry, Resource

_FOLDER = pathlib.Path(__file__).with_name("schemas")
_NOUNS = {"object": "a mapping", "array": "a list", "string": "a text", "integer": "a whole number", "number": "a number",
          "boolean": "true or false", "null": "null"}  # fmt: skip
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}


@functools.cache
def _schemas() -> dict[str, Any]:
    paths = sorted(_FOLDER.glob("*.schema.json"))
    return {path.name.removesuffix(".schema.json"): json.loads(path.read_bytes()) for path in paths}


@functools.cache
def _registry() -> Any:
    resources = ((schema["$id"], Resource.from_contents(schema)) for schema in _schemas().values())
    return Registry().with_resources(resources)


@functools.cache
def _validator(file: str, pointer: str = "") -> Any:
    """A validator of what stands at a place of a file."""
    place = f"{_schemas()[file]['$id']}#{pointer}"
    return jsonschema.Draft202012Validator({"$ref": place}, registry=_registry())


def complaint(name: str, document: Any, place: str) -> str | None:
    """Returns what the schema `name` finds wrong with a document, with the key, its place and the nearest one; None if nothing.

    `place` is what messages call the document.
    """
    error = jsonschema.exceptions.best_match(_validator(name).iter_errors(document))
    if error is None:
        return None
    where, asked, value = ".".join([place, *map(str, error.absolute_path)]), error.validator_value, error.instance
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        key = next(key for key in value if key not in known)
        near = difflib.get_close_matches(str(key), [word for word in known if word not in value], 1, 0)
        return f"{where} has no key '{key}'" + (f"; did you mean '{near[0]}'?" if near else "")
    if error.validator == "required":
        return f"{where} lacks the key '{next(key for key in asked if key not in value)}'"
    if error.validator in ("const", "enum"):
        return f"{where} is one of {', '.join(map(str, asked if error.validator == 'enum' else [asked]))}, not {value!r:.60}"
    if error.validator == "type":
        return f"{where} is {' or '.join(_NOUNS[word] for word in ([asked] if isinstance(asked, str) else asked))}, not {value!r:.60}"
    if error.validator in _BOUNDS:
        return f"{where} is {_BOUNDS[error.validator]} {asked:g}, not {value!r:.60}"
    if error.validator == "not":
        return f"{where} is not allowed here: {value!r:.60}"
    if error.validator in ("oneOf", "anyOf"):
        return f"{where} has none of the forms that it may have: {value!r:.60}"
    return f"{where}: {error.message:.200}"


def filled(name: str, document: Any) -> Any:
    """Returns a document that the schema `name` accepts, with the default of every member that is missing.

    Of forms (`oneOf`, `anyOf`) the first that fits gives defaults, of a condition the side that applies; members come
    before conditions.
    """
    return _filled(name, "", document)


def _filled(file: str, pointer: str, value: Any) -> Any:
    schema = _schemas()[file]
    for key in pointer.split("/")[1:]:
        schema = schema[int(key) if isinstance(schema, list) else key]
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        other, _, inner = schema["$ref"].partition("#")
        value = _filled(other.removesuffix(".json") or file, inner, value)
    if isinstance(value, dict) and "properties" in schema:
        value = dict(value)
        for key, part in schema["properties"].items():
            if key not in value and isinstance(part, dict) and "default" in part:
                value[key] = part["default"]
            if key in value:
                value[key] = _filled(file, f"{pointer}/properties/{key}", value[key])
    if isinstance(value, list) and "items" in schema:
        value = [_filled(file, f"{pointer}/items", element) for element in value]
    for index in range(len(schema.get("allOf", []))):
        value = _filled(file, f"{pointer}/allOf/{index}", value)
    for kind in ("anyOf", "oneOf"):
        forms = [f"{pointer}/{kind}/{index}" for index in range(len(schema.get(kind, [])))]
        form = next((form for form in forms if _validator(file, form).is_valid(value)), None)
        value = value if form is None else _filled(file, form, value)
    if "if" in schema:
        side = "then" if _validator(file, f"{pointer}/if").is_valid(value) else "else"
        value = _filled(file, f"{pointer}/{side}", value) if side in schema else value
    return value
