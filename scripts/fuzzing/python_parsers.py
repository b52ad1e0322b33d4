"""Fuzzes the parsers of the Python package, as scripts/fuzz starts it: PARSER says which, options are those of libFuzzer.

It needs the package atheris."""

import os
import pathlib
import sys

import atheris

SCRIPTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(SCRIPTS / "python"), str(SCRIPTS / "tests")]

with atheris.instrument_imports(include=["steadyset"]):
    import parser_laws

PARSER = os.environ["PARSER"]
MEND = parser_laws.LAWS[PARSER][2]


def change(data, most, seed):
    """Changes `data`, and makes digests right in three of four cases."""
    data = atheris.Mutate(data, most)
    mended = MEND(data) if seed % 4 else data
    return mended if len(mended) <= most else data


atheris.Setup(sys.argv, lambda data: parser_laws.accepts(PARSER, data), **({"custom_mutator": change} if MEND else {}))
atheris.Fuzz()
