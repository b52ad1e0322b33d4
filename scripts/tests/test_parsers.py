"""The Python package's parsers of data from outside keep their laws for the corpora in scripts/fuzzing/corpus, and for some
changes of them. `scripts/fuzz` changes them millions of times; the parsers in Swift have Tests/ParserTests."""

import os
import random

import parser_laws
import pytest
from changes import change_bytes
from conftest import REPOSITORY

SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.parametrize("name", parser_laws.LAWS)
def test_keeps_its_law(name):
    _, folder, mend = parser_laws.LAWS[name]
    generator = random.Random(f"{SEED} {name}")
    files = sorted((REPOSITORY / "scripts/fuzzing/corpus" / folder).iterdir())
    accepted = []
    for path in files:
        data = path.read_bytes()
        if parser_laws.accepts(name, data):
            accepted.append(path.name)
            assert not mend or parser_laws.accepts(name, mend(data)), f"{path.name} with its id"
        assert not (path.name.startswith("bad") and path.name in accepted), path.name
        for number in range(30):
            bad = change_bytes(data, generator)
            parser_laws.accepts(name, mend(bad) if mend and number % 2 else bad)
    # A pack stage's manifest alone is read from Python.
    expected = [path.name for path in files if path.name.startswith("good")]
    assert accepted == (["good-pack", "good-version"] if name == "python-manifest" else expected) or name == "python-tags"
