"""Commands that tests disturb, by faults and by kills: what each begins with, and what it must come to."""

import json
import pathlib
import shutil

import pytest
from conftest import BINARY, TAUGHT, changed, steadyset, write

SMALL = changed(
    TAUGHT,
    sampling={"strata": [1, 2], "samples_per_stratum": 30},
    solver={"samples_per_part": 25},
    train={"epochs": 2, "selection": "S25%", "model": {"kind": "u-net", "width": 0.03125}},
    rounds={"count": 1, "add": 4, "pool": 20},
)
SMALL["name"] = "disturbed"


@pytest.fixture(scope="session")
def pristine(once):
    """(pipeline file, dataset after a round, archive of its base); beside them the dataset until split, pack and evaluate; not to
    be altered."""

    def make(folder):
        pipeline = write(folder, SMALL)
        for stage in ("split", "pack", "evaluate"):
            steadyset("run", pipeline, "-o", folder / "dataset", "--until", stage, "--threads", "2")
            shutil.copytree(folder / "dataset", folder / stage)
        steadyset("run", pipeline, "-o", folder / "dataset", "--threads", "2")
        archive = {section: keys for section, keys in SMALL.items() if section != "rounds"} | {"pack": {"codec": "archive"}}
        steadyset("run", write(folder, archive, "archive.yaml"), "-o", folder / "archive", "--until", "pack", "--threads", "2")

    folder, _ = once("disturbed", make)
    return folder / "pipeline.yaml", folder / "dataset", folder / "archive"


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
        and path.name not in ("provenance.json", "ended.json")  # they hold times
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

    @property
    def line(self):
        """The words of the command."""
        return [str(BINARY), *map(str, self.arguments)]

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


def difference(found, good):
    """The paths in which two results differ."""
    return sorted(path for path in found.keys() | good.keys() if found.get(path) != good.get(path))[:5]
