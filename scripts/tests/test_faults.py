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
import json
import os
import pathlib
import random
import shutil

import pytest
from conftest import TAUGHT, changed, steadyset, write
from faults import ERRORS, calls, fault

SEED = int(os.environ.get("SEED", "20240"))
WANTED = os.environ.get("FAULTS", "2")
# What the project documents for a system that fails: the output cannot be created, it cannot be written, or a thing that was
# there cannot be read.
STATUSES = (66, 73, 74, 75)

SMALL = changed(
    TAUGHT,
    sampling={"strata": [1, 2], "samples_per_stratum": 30},
    solver={"samples_per_part": 25},
    train={"epochs": 2, "selection": "S25%", "model": {"kind": "u-net", "width": 0.03125}},
    rounds={"count": 1, "add": 4, "pool": 20},
)
SMALL["name"] = "faults"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """(pipeline file, dataset after a round, archive of its base); beside them the dataset until split, pack and evaluate; not to
    be altered."""
    folder = tmp_path_factory.mktemp("faults")
    pipeline = write(folder, SMALL)
    for stage in ("split", "pack", "evaluate"):
        steadyset("run", pipeline, "-o", folder / "dataset", "--until", stage, "--threads", "2")
        shutil.copytree(folder / "dataset", folder / stage)
    steadyset("run", pipeline, "-o", folder / "dataset", "--threads", "2")
    archive = write(folder, changed(SMALL, pack={"codec": "archive"}, rounds={"count": None}), "archive.yaml")
    text = archive.read_text().replace("rounds: {}\n", "")
    archive.write_text(text)
    steadyset("run", archive, "-o", folder / "archive", "--until", "pack", "--threads", "2")
    return pipeline, folder / "dataset", folder / "archive"


def results(root):
    """The bytes of all that somebody could take for a result, by path."""
    root = pathlib.Path(root)
    if root.is_file():
        return {"": root.read_bytes()}
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and ".steadyset" not in path.parts
        and not path.name.endswith((".tmp", ".steadyset-export"))
        and not any(part.endswith(".tmp") for part in path.parts)
        and path.name != "provenance.json"
        and "work" not in path.relative_to(root).parts
    }


class Command:
    """A command under test: what it starts from, and what it must come to."""

    def __init__(self, pristine, folder):
        self.pipeline, self.dataset, self.archive = pristine
        self.folder = folder
        self.output = folder / "output"

    def reset(self):
        """Makes what the command starts from."""
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir()

    def may_be(self, path, bytes, good, before):
        """Whether a file may have these bytes after a failure: those that it had, or those that it shall have."""
        return bytes in (good.get(path), before.get(path))

    @property
    def place(self):
        return self.output / "d"

    def may_refuse(self, good):
        """Whether the same command may refuse to run again, as it finds its own finished work."""
        return False


class Run(Command):
    """All stages until the shards are there."""

    last = "pack"

    @property
    def arguments(self):
        return "run", self.pipeline, "-o", self.place, "--until", self.last, "--threads", "2"

    def may_be(self, path, bytes, good, before):
        # A model under way shows its last whole epoch until its manifest is there.
        if "/train/" in f"/{path}" and not (self.place / path).with_name("manifest.json").exists():
            return True
        if path.endswith("errors.csv") and not (self.place / path).with_name("manifest.json").exists():
            return True
        return super().may_be(path, bytes, good, before)


class Going(Run):
    """What is done of a run when it begins need not be done again after each fault."""

    first: str

    def reset(self):
        super().reset()
        shutil.copytree(self.dataset.parent / self.first, self.place)


class Train(Going):
    first, last = "pack", "evaluate"


class Round(Going):
    first, last = "evaluate", "resample"


class Pack(Going):
    first = "split"

    @property
    def arguments(self):
        return "pack", self.pipeline, "-o", self.place, "--threads", "2"


class Unpack(Command):
    @property
    def arguments(self):
        return "unpack", self.archive, "-o", self.place, "--threads", "2"

    def may_refuse(self, good):
        return results(self.place) == good


class Export(Command):
    format, name = "mds", "d"

    @property
    def arguments(self):
        return "export", self.format, self.dataset, "--output", self.place, "--threads", "2"

    @property
    def place(self):
        return self.output / self.name

    def may_refuse(self, good):
        return results(self.place) == good


class ExportVDS(Export):
    format, name = "vds", "d.h5"


class ExportWell(Export):
    format = "the-well"


class ExportPDEBench(Export):
    format, name = "pdebench", "d.hdf5"


class Tag(Command):
    @property
    def arguments(self):
        return "tag", f"{self.place}@round-1", "best"

    def reset(self):
        super().reset()
        shutil.copytree(self.dataset, self.place)


class GC(Tag):
    @property
    def arguments(self):
        return "gc", self.place, "--drop", "round-1", "--apply"

    def reset(self):
        super().reset()
        (self.place / "pack/added-0123456789abcdef.h5").write_bytes(b"nobody's")

    def may_be(self, path, bytes, good, before):
        if path == "pack/tags.json":
            return json.loads(bytes).items() <= json.loads(before[path]).items()
        return super().may_be(path, bytes, good, before)

    def may_refuse(self, good):
        # The version is forgotten already; a second --drop of it has nothing to name.
        tags = self.place / "pack/tags.json"
        return not tags.exists() or "round-1" not in tags.read_text()


KINDS = {
    "run": Run,
    "train": Train,
    "round": Round,
    "pack": Pack,
    "unpack": Unpack,
    "export-mds": Export,
    "export-vds": ExportVDS,
    "export-the-well": ExportWell,
    "export-pdebench": ExportPDEBench,
    "gc": GC,
    "tag": Tag,
}


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


def difference(found, good):
    """The paths in which two results differ."""
    return sorted(path for path in found.keys() | good.keys() if found.get(path) != good.get(path))[:5]


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
