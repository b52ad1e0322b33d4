"""schemas/*.json are valid, and describe everything that is written; what they refuse, the binary refuses."""

import copy
import json
import random

import pytest
import yaml
from conftest import REPOSITORY, STAGES, TINY, looks_finished, manifest, refused, steadyset, write
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

import reference

SCHEMAS = {p.name.removesuffix(".schema.json"): json.loads(p.read_text()) for p in (REPOSITORY / "schemas").glob("*.json")}

REGISTRY = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values())


def validator(name):
    return Draft202012Validator(SCHEMAS[name], registry=REGISTRY)


def resolved(schema, file):
    """Yields a schema and all that its `$ref`s lead to, each with the name of its file."""
    yield schema, file
    while "$ref" in schema:
        other, _, pointer = schema["$ref"].partition("#")
        file = other.removesuffix(".json") or file
        schema = SCHEMAS[file]
        for key in pointer.split("/")[1:]:
            schema = schema[key]
        yield schema, file


def check(name, document):
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(name).iter_errors(document)]
    assert not errors, errors


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid(name):
    schema = SCHEMAS[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["title"] and schema["description"] and schema["$id"].endswith(f"/{name}.json")
    # Closed, so that a misspelt key is found; but for a table of names, whose names and values have a form.
    assert any(
        part.get("additionalProperties") is False or {"propertyNames", "maxProperties"} <= part.keys()
        for part, _ in resolved(schema, name)
    )


def test_every_manifest(tiny):
    for stage in STAGES:
        found = manifest(tiny, stage)
        check(f"manifest-{stage}", found)
        check("manifest", found)
        check("provenance", json.loads((tiny / stage / "provenance.json").read_text()))


def test_every_record(tiny):
    records = sorted((tiny / ".steadyset/steps").glob("*.json"))
    assert len(records) >= 19
    for path in records:
        check("step", json.loads(path.read_text()))


def test_every_configuration(tiny):
    for path in (tiny / "sample").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            check("configuration", json.loads(line))
            assert line == reference.canonical(json.loads(line))


def test_plan():
    check("plan", json.loads(steadyset("plan", REPOSITORY / "pipelines/tiny.yaml").stdout))


@pytest.mark.parametrize("path", sorted((REPOSITORY / "pipelines").glob("*.yaml")), ids=lambda path: path.stem)
def test_pipelines(path):
    check("pipeline", yaml.safe_load(path.read_text()))


def test_import(tmp_path):
    """The manifest of imported configurations has the other form of parameters."""
    (tmp_path / "own.jsonl").write_text('{"sources": [{"row": 20, "column": 20, "radius": 3, "value": 1}]}\n')
    pipeline = write(tmp_path, {key: TINY[key] for key in ("format", "name", "physics")})
    steadyset("run", pipeline, "-o", tmp_path / "dataset", "--from", tmp_path / "own.jsonl")
    for stage in STAGES:
        check(f"manifest-{stage}", manifest(tmp_path / "dataset", stage))
        check("provenance", json.loads((tmp_path / "dataset" / stage / "provenance.json").read_text()))


def mutations(document, generator, count):
    """Yields copies of a document with one thing changed: a key dropped, added or misspelt, or a value replaced."""

    def places(value, path=()):
        yield path
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in items:
            yield from places(inner, (*path, key))

    every = list(places(document))
    for _ in range(count):
        changed = copy.deepcopy(document)
        path = generator.choice(every)
        node = changed
        for key in path[:-1]:
            node = node[key]
        value = node[path[-1]] if path else changed
        kind = generator.choice(["drop", "value", "key"])
        if isinstance(value, dict) and kind == "key":
            value["weather"] = 1
        elif path and kind == "drop":
            del node[path[-1]]
        elif path:
            node[path[-1]] = generator.choice([-1, 0.5, "", "x", None, True, [], {}, 1e300, "0" * 63, [[1]]])
        yield path, kind, changed


@pytest.mark.parametrize("stage", STAGES)
def test_mutated_manifests(stage, damaged):
    """What jsonschema refuses, `verify` and `show` refuse too."""
    generator = random.Random(f"31 {stage}")
    path = damaged / stage / "manifest.json"
    original = json.loads(path.read_text())
    tried = 0
    for place, kind, changed in mutations(original, generator, 40):
        if validator(f"manifest-{stage}").is_valid(changed):
            continue
        tried += 1
        if "id" in changed and changed.get("format") == original["format"]:
            changed["id"] = reference.manifest_id(changed) if place != ("id",) else changed["id"]
        print(f"{kind} at {place}")
        path.write_text(json.dumps(changed))
        result = steadyset("verify", damaged, expect=1)
        assert f"{stage}/manifest.json" in result.stdout, result.stdout
        refused("show", damaged, status=65, says=f"{stage}/manifest.json")
    assert tried > 15


def test_mutated_pipelines(tmp_path):
    """What jsonschema refuses of a pipeline, the binary refuses, with a line."""
    generator = random.Random(32)
    tried = 0
    for place, kind, changed in mutations(TINY, generator, 80):
        if validator("pipeline").is_valid(changed):
            continue
        tried += 1
        print(f"{kind} at {place}")
        path = write(tmp_path, changed)
        refused("run", path, "-o", tmp_path / "dataset", status=65, says=rf"{path}:\d+: ")
        assert not looks_finished(tmp_path / "dataset")
    assert tried > 30
