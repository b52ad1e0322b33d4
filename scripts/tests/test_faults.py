"""Every call of the system that can fail, fails once: `run`, its models and rounds too, `pack`, `unpack`, `export`, `gc` and `tag`.

For the n-th write, sync, rename, close, … there must be a message and a documented status, nothing that differs may be
committed, and the same command, run again, must get to the same bytes. Where a failure does no harm (a file that was only
read is closed), the command goes on, to the same bytes.

A few n of each kind are tried, chosen by SEED, in seconds. All of them, with every error:

    FAULTS=all .venv/bin/python -m pytest -q -s -p no:cacheprovider scripts/tests/test_faults.py

which takes an hour and a half on one core and prints, for each command and call, how many were tried, and how they
ended. FAULTS=10 tries ten of each.
"""

import collections
import errno
import os
import random

import pytest
from conftest import steadyset
from disturbed import KINDS, Train, difference, pristine, results  # noqa: F401 - a fixture
from faults import ERRORS, calls, fault

SEED = int(os.environ.get("SEED", "20240"))
WANTED = os.environ.get("FAULTS", "2")
# What the project documents for a system that fails: the output cannot be created, it cannot be written, or a thing that was
# there cannot be read.
STATUSES = (66, 73, 74, 75)


def check(command, call, number, error, good):
    """One fault; returns how it ended."""
    where = f"{' '.join(map(str, command.arguments))}: {call} {number}, {error}"
    command.reset()
    before = results(command.place) if command.place.exists() else {}
    result = fault(*command.arguments, call=call, number=number, error=error, under=command.output)
    said = f"{where}: ended with {result.returncode}\n{result.stderr}"
    if error == "kill":
        assert result.returncode in (-9, 0), said
    elif result.returncode != 0:
        assert result.returncode in STATUSES, said
        assert result.stderr.count("steadyset: error: ") == 1, said
        message = result.stderr.split("steadyset: error: ")[1].strip()
        assert len(message) > 20 and "unexpected" not in message, said
    found = results(command.place) if command.place.exists() else {}
    if result.returncode == 0 and error != "kill":
        assert found == good, f"{said}\nstatus 0, but {difference(found, good)}"
    for path, bytes in found.items():
        assert command.may_be(path, bytes, good, before), f"{said}\ncommitted, and differs: {path}"
    again = steadyset(*command.arguments, expect=(0, 66, 73))
    if again.returncode != 0:
        assert command.may_refuse(good), f"{said}\nagain: {again.stderr}"
    final = results(command.place)
    assert final == good, f"{said}\nafter the restart {difference(final, good)}"
    left = [path for path in command.output.rglob("*.tmp") if command.output != path]
    assert not left, f"{said}\nleft after the restart: {left}"
    return result.returncode


@pytest.mark.parametrize("call", ["write", "sync", "rename", "close", "truncate", "folder", "unlink", "lock"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_fault(kind, call, pristine, tmp_path):
    command = KINDS[kind](pristine, tmp_path)
    command.reset()
    total = calls(*command.arguments, call=call, under=command.output, folder=tmp_path)
    # Where none is seen, the library is blind.
    assert total > 0 or call in ("truncate", "unlink", "lock", "folder"), f"{kind} makes no such call"
    good = results(command.place)
    errors = [*ERRORS, "kill"] + (["short"] if call == "write" else [])
    everything = [(number, error) for number in range(1, total + 1) for error in errors]
    chosen = everything
    if WANTED != "all":
        generator = random.Random(f"{SEED} {kind} {call}")
        chosen = generator.sample(everything, min(int(WANTED), len(everything)))
    ended = collections.Counter()
    for number, error in chosen:
        ended[check(command, call, number, error, good)] += 1
    print(f"{kind} {call}: {len(chosen)} of {len(everything)} faults; ended with {dict(sorted(ended.items()))}")


@pytest.mark.parametrize("kind", ["run", "train", "round", "pack", "unpack", "export-mds"])
def test_no_further_thread(kind, pristine, tmp_path):
    """Where the system gives no thread, or none from the n-th on, those that there are do the work."""
    command = KINDS[kind](pristine, tmp_path)
    command.reset()
    steadyset(*command.arguments)
    good = results(command.place)
    for number in (1, 2, 4) if WANTED != "all" else range(1, 13):
        command.reset()
        result = fault(*command.arguments, call="thread", number=number, error=errno.EAGAIN, always=True)
        assert result.returncode == 0, result.stderr
        assert results(command.place) == good


def test_training_killed_at_each_rename(pristine, tmp_path):
    """Between weights, metrics and checkpoint too: the same command goes on, to the same bytes."""
    command = Train(pristine, tmp_path)
    command.reset()
    total = calls(*command.arguments, call="rename", under=command.output, folder=tmp_path)
    good = results(command.place)
    for number in range(1, total + 1):
        check(command, "rename", number, "kill", good)


@pytest.mark.parametrize("kind", ["export-mds", "export-vds"])
def test_export_killed_at_each_step(kind, pristine, tmp_path):
    """What it leaves is known as its own: a folder that has nothing yet, and one that is whole but for its name, a card's too."""
    command = KINDS[kind](pristine, tmp_path)
    command.reset()
    renames = calls(*command.arguments, call="rename", under=command.output, folder=tmp_path)
    good = results(command.place)
    for call, count in (("sync", 3), ("close", 3), ("rename", renames)):
        for number in range(1, count + 1):
            check(command, call, number, "kill", good)
