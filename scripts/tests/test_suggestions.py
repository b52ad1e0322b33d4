"""What was meant: wrong commands, options, values and keys get the nearest one; and examples in every help, which parse."""

import re
import shlex
import subprocess
import sys
import tomllib

import pytest
from conftest import REPOSITORY, TINY, changed, refused, steadyset, write
from test_docs import COMMANDS, COMPANIONS, help_of


@pytest.mark.parametrize("wrong, meant", [
    ("rnu", "run"), ("varify", "verify"), ("exprot", "export"), ("hlep", "help"), ("reprot", "report"), ("lookk", "look"), ("gcc", "gc"),
])  # fmt: skip
def test_commands(wrong, meant):
    """Subcommands and companions, be they here or not; behind `help` too."""
    for words in ((wrong,), (wrong, "dataset", "--json"), ("help", wrong)):
        refused(*words, status=64, says=f"there is no command '{wrong}': did you mean '{meant}'\\?")


def test_a_command_that_is_near_to_none():
    for wrong in ("quickstart.yaml", "read-predictions2", "\x1b[31mx"):
        error = refused(wrong, status=64, says="steadyset --help")
        assert "did you mean" not in error and "\x1b" not in error


def test_programs_of_others(tmp_path, monkeypatch):
    """Programs on the PATH may be meant, and help is theirs."""
    path = tmp_path / "steadyset-wonder"
    path.write_text('#!/bin/sh\necho "wonder $@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    refused("wander", status=64, says="did you mean 'wonder'")
    assert steadyset("help", "wonder").stdout == "wonder --help\n" == steadyset("wonder", "--help").stdout


@pytest.mark.parametrize("arguments, status, says", [
    (("run", "PIPELINE", "-o", "new", "--treads", "2"), 64, "Did you mean '--threads'"),
    (("run", "PIPELINE", "-o", "new", "--codec", "standrad"), 64, "did you mean 'standard'"),
    (("run", "PIPELINE", "-o", "new", "--until", "sovle"), 64, "solve"),
    (("export", "mds", "DATASET", "-o", "new", "--selection", "S50"), 65, "did you mean 'S50%'"),
    (("export", "mds", "DATASET", "-o", "new", "--selection", "tset"), 65, "did you mean 'test'"),
    (("export", "csvv", "DATASET", "-o", "new"), 64, "csv"),
])  # fmt: skip
def test_options_and_values(arguments, status, says, tiny, tmp_path):
    names = {"PIPELINE": REPOSITORY / "pipelines/tiny.yaml", "DATASET": tiny}
    refused(*(names.get(word, word) for word in arguments), status=status, says=says, cwd=tmp_path)


@pytest.mark.parametrize("section, key, value, says", [
    ("physics", "latice", [48, 40], "did you mean 'lattice'"), ("sampling", "sede", 1, "did you mean 'seed'"),
    ("physics", "boundary", "absorbign", "did you mean 'absorbing'"), ("pack", "codec", "archve", "did you mean 'archive'"),
])  # fmt: skip
def test_keys_and_values_of_pipelines(section, key, value, says, tmp_path):
    lost = {"latice": "lattice", "sede": "seed"}.get(key)
    sections = {section: {key: value} | ({lost: None} if lost else {})}
    refused("run", write(tmp_path, changed(TINY, **sections)), "-o", tmp_path / "new", status=65, says=says)


def companion(name, *arguments, **options):
    """Runs a program of the Python package."""
    scripts = tomllib.loads((REPOSITORY / "scripts/python/pyproject.toml").read_text())["project"]["scripts"]
    module, function = scripts[f"steadyset-{name}"].split(":")
    code = f"import sys; from {module} import {function}; sys.exit({function}())"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, **options)


@pytest.mark.parametrize("name, wrong, meant", [
    ("look", ["dataset", "--selction", "test"], "--selection"), ("report", ["dataset", "--quite"], "--quiet"),
    ("push", ["dataset", "url", "--replce"], "--replace"), ("remote", ["verfy", "url"], "verify"),
    ("remote", ["clean", "url", "--aply"], "--apply"),
])  # fmt: skip
def test_options_of_companions(name, wrong, meant):
    result = companion(name, *wrong)
    assert result.returncode == 64 and f"did you mean '{meant}'?" in result.stderr and result.stderr.startswith("usage: ")


def examples(text):
    """The lines below 'Examples:', up to an empty one."""
    return re.findall(r"^ +(\S.*)$", re.split(r"^[Ee]xamples:$", text, flags=re.M)[1].partition("\n\n")[0], re.M)


@pytest.mark.parametrize("command", [None, *COMMANDS, *COMPANIONS])
def test_every_help_has_examples_that_parse(command, tmp_path):
    """Each is a line of the terminal, of this command, and no wrong usage: what it names is not there."""
    text = steadyset("--help").stdout if command is None else help_of(command)
    found = examples(text)
    assert found and max(map(len, re.split("^(?:USAGE|usage):", text, flags=re.M)[0].splitlines() + found)) <= 80
    for line in found:
        program, *words = shlex.split(line)
        assert program == "steadyset" and words[0] == (command or words[0])
        if command in COMPANIONS:
            result = companion(command, *words[1:], cwd=tmp_path)
            assert "usage:" not in result.stderr and "Traceback" not in result.stderr, line
        else:
            assert steadyset(*words, expect=(0, 1, 65, 66, 73), cwd=tmp_path).returncode != 64, line


@pytest.mark.parametrize("command", ["push", "pull", "sync", "remote"])
def test_companions_of_storage_have_no_others(command):
    text = help_of(command)
    assert f"usage: steadyset {command} " in text and ("pull" in text) is (command == "pull")
    if command == "remote":
        for name in ("verify", "log", "clean"):
            said = companion("remote", name, "--help").stdout
            assert f"usage: steadyset remote {name} " in said and f"steadyset remote {name} " in examples(said)[0]
