"""A sample is written once: parts are cut as shards, and become them without being copied."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import BINARY, TINY, changed, contents, ids, manifest, refused, steadyset, write

# Parts and shards of 12 ranks, cut by test_every 5.
ONCE = changed(TINY, solver={"samples_per_part": 12})
LATTICE = TINY["physics"]["lattice"]


def names(dataset, stage):
    """The files of a stage with their inodes."""
    return {p.name: p.stat().st_ino for p in (dataset / stage).glob("*.h5")}


def disk(dataset):
    """Bytes of all files, each once, and those of the shards."""
    stats = [(p, p.stat()) for p in dataset.rglob("*") if p.is_file()]
    every = {s.st_ino: s.st_size for _, s in stats}
    return sum(every.values()), sum(s.st_size for p, s in stats if p.parent.name == "pack" and p.suffix == ".h5")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("once")
    steadyset("run", write(folder, ONCE), "-o", folder / "dataset")
    return folder / "dataset"


def test_shards_are_parts(written, tiny):
    """Every shard is a part under a second name, and the very file that is made by copying."""
    parts, packed = names(written, "solve"), names(written, "pack")
    assert len(packed) > 5 and sorted(parts.values()) == sorted(packed.values())
    assert ids(written) == ids(tiny)
    for name in packed:
        assert (written / "pack" / name).read_bytes() == (tiny / "pack" / name).read_bytes()
    assert contents(written)["pack/locations.npy"] == contents(tiny)["pack/locations.npy"]
    assert "0 findings" in steadyset("verify", written).stdout


def bytes_read(*arguments):
    """Runs the program; returns what it said and how many bytes it read."""
    with subprocess.Popen([str(BINARY), *map(str, arguments)], stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        found = dict(line.split(": ") for line in pathlib.Path(f"/proc/{process.pid}/io").read_text().splitlines())
    return said, int(found["rchar"])


def test_verify_reads_them_once(written, tmp_path):
    """What is found of a file under one name holds under the other, as long as both are names of one file."""
    linked = tmp_path / "linked"
    shutil.copytree(written, linked, copy_function=os.link)
    copied = shutil.copytree(written, tmp_path / "copied")
    shards = sum(path.stat().st_size for path in (written / "pack").glob("*.h5"))
    (one, few), (other, many) = bytes_read("verify", linked), bytes_read("verify", copied)
    assert one == other and "240 samples decoded" in one and "0 findings" in one
    assert many - few >= 1.5 * shards  # their digests, and their samples
    # Damage to the file is damage under both names.
    shard = copied / "pack/train-00001.h5"
    part = next(path for path in (copied / "solve").glob("*.h5") if path.read_bytes() == shard.read_bytes())
    good = shard.read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 1
    shard.unlink()
    os.link(part, shard)
    part.write_bytes(bad)
    said = steadyset("verify", copied, expect=1).stdout
    assert f"{part.parent.name}/{part.name}" in said and f"pack/{shard.name}" in said
    # A shard that is a file of its own again is looked at by itself.
    part.write_bytes(good)
    shard.unlink()
    shard.write_bytes(bad)
    said = steadyset("verify", copied, expect=1).stdout
    assert f"solve/{part.name}" not in said and f"pack/{shard.name}" in said


@pytest.mark.parametrize("codec", ["standard", "compact", "archive", "recipe"])
def test_disk(codec, tmp_path):
    """No more bytes than 1.1 times those of the shards, for every codec; of recipes, which are small, with their configurations beside."""
    path = write(tmp_path, changed(ONCE, pack={"codec": codec, "samples_per_shard": 40}, solver={"samples_per_part": 40}, physics={"lattice": [192, 192]}))
    steadyset("run", path, "-o", tmp_path / "dataset")
    every, packed = disk(tmp_path / "dataset")
    own = sum(p.stat().st_size for p in (tmp_path / "dataset").rglob("*") if p.is_file() and p.suffix != ".h5")
    assert every <= packed + own and (codec == "recipe" or every <= 1.1 * packed)


@pytest.mark.parametrize(
    "change", [{"split": {"test_every": 3}}, {"split": {"validation_every": 4}}, {"pack": {"samples_per_shard": 18}}, {"pack": {"codec": "archive"}}]
)
def test_what_changes_later_is_copied(change, written, tmp_path):
    """Another split, size or codec solves nothing again: parts stay, and the shards are those of a new dataset."""
    pipeline = changed(ONCE, **change)
    if "samples_per_shard" in change.get("pack", {}):
        del pipeline["solver"]["samples_per_part"]
    path, dataset = write(tmp_path, pipeline), tmp_path / "dataset"
    shutil.copytree(written, dataset, symlinks=True)
    before = names(dataset, "solve")
    steadyset("run", path, "-o", dataset)
    assert names(dataset, "solve") == before
    steadyset("run", path, "-o", tmp_path / "new")
    for stage in ("solve", "split", "pack"):
        assert manifest(dataset, stage)["id"] == manifest(tmp_path / "new", stage)["id"]
    ours, new = contents(dataset), contents(tmp_path / "new")
    assert {k: v for k, v in ours.items() if k.startswith("pack/")} == {k: v for k, v in new.items() if k.startswith("pack/")}
    assert "0 findings" in steadyset("verify", dataset).stdout
    assert sorted(names(tmp_path / "new", "solve").values()) == sorted(names(tmp_path / "new", "pack").values())


def test_growth(written, tmp_path):
    """Growing keeps full parts, and every shard is a part again."""
    dataset = tmp_path / "dataset"
    subprocess.run(["cp", "-a", written, dataset], check=True)
    before = names(dataset, "solve")
    full = {f"part-{n:05}.h5" for n, entry in enumerate(manifest(dataset, "solve")["files"]) if entry["samples"] == 12}
    grown = write(tmp_path, changed(ONCE, sampling={"samples_per_stratum": 60}))
    steadyset("run", grown, "-o", dataset)
    after = names(dataset, "solve")
    assert full and all(after[name] == before[name] for name in full)
    assert sorted(after.values()) == sorted(names(dataset, "pack").values())
    steadyset("run", grown, "-o", tmp_path / "new")
    assert contents(dataset)["pack/manifest.json"] == contents(tmp_path / "new")["pack/manifest.json"]
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_a_size_of_parts_that_is_asked_for_is_kept(written, tmp_path):
    """Parts of another size than asked for are not what the pipeline wants: nothing is removed unasked."""
    path = write(tmp_path, changed(ONCE, solver={"samples_per_part": 20}))
    refused("run", path, "-o", written, status=73, says=["solved samples", "in parts of 20", "--replace"])


def test_plan_of_a_dataset(written, tmp_path):
    """A plan with --output has the steps of what is there; without, those of a new dataset."""
    path = write(tmp_path, changed(ONCE, split={"test_every": 3}))
    there = json.loads(steadyset("plan", path, "--output", written).stdout)
    new = json.loads(steadyset("plan", path).stdout)
    same = json.loads(steadyset("plan", write(tmp_path, ONCE, "same.yaml")).stdout)

    def parts(plan):
        return [step["fingerprint"] for step in plan["steps"] if step["part"] is not None]

    assert parts(there) == parts(same) != parts(new)


def test_damage_of_a_file_with_two_names(written, tmp_path):
    """What is written into a shard is in its part, too: both are found, and made anew."""
    dataset = tmp_path / "dataset"
    subprocess.run(["cp", "-a", written, dataset], check=True)
    path = dataset / "pack/train-00001.h5"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    with open(path, "r+b") as file:
        file.write(data)
    said = steadyset("verify", dataset, expect=1).stdout
    assert "pack/train-00001.h5" in said and "solve/part-" in said
    part = next(p for p in (dataset / "solve").glob("*.h5") if p.stat().st_ino == path.stat().st_ino)
    part.unlink()
    path.unlink()
    steadyset("run", write(tmp_path, ONCE), "-o", dataset)
    assert ids(dataset) == ids(written) and "0 findings" in steadyset("verify", dataset).stdout


def test_no_hard_links(tmp_path, written):
    """Where the file system has no second names, shards are copies: the same bytes."""
    source = tmp_path / "nolink.c"
    source.write_text(
        "#include <errno.h>\nint linkat(int a, const char *b, int c, const char *d, int e) { errno = EPERM; return -1; }\n"
    )
    library = tmp_path / "nolink.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    dataset = tmp_path / "dataset"
    steadyset("run", write(tmp_path, ONCE), "-o", dataset, env=os.environ | {"LD_PRELOAD": str(library)})
    assert not set(names(dataset, "solve").values()) & set(names(dataset, "pack").values())
    assert ids(dataset) == ids(written)
    for name in names(written, "pack"):
        assert (dataset / "pack" / name).read_bytes() == (written / "pack" / name).read_bytes()


def test_labels_that_cannot_be_certified(tmp_path):
    """A part without all of its labels is laid out in another way than the shard of what is left: it alone is copied."""
    # Rounding alone costs half of 2^-20; some labels come this close to it, others do not.
    pipeline = changed(ONCE, solver={"tolerance": 4.768376e-7, "samples_per_part": 2}, pack={"samples_per_shard": 2})
    dataset = tmp_path / "dataset"
    steadyset("run", write(tmp_path, pipeline), "-o", dataset)
    assert manifest(dataset, "solve")["content"]["left_out"]
    parts, packed = names(dataset, "solve"), names(dataset, "pack")
    taken = set(parts.values()) & set(packed.values())
    assert taken and len(taken) < len(packed)
    pipeline["solver"]["samples_per_part"] = 25
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "copied")
    ours, copied = contents(dataset), contents(tmp_path / "copied")
    assert {k: v for k, v in ours.items() if k.startswith("pack/")} == {k: v for k, v in copied.items() if k.startswith("pack/")}
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_copies_of_earlier_samples(tmp_path):
    """They are never solved; the parts without them are shards all the same."""
    # Every second one is the mirror image of the one before it.
    rows = [row for k in range(5, 20) for row in (k, LATTICE[0] - 1 - k)]
    lines = [json.dumps({"sources": [{"row": row, "column": 10, "radius": 2, "value": 0.5}]}) for row in rows]
    (tmp_path / "own.jsonl").write_text("\n".join(lines) + "\n")
    path, dataset = write(tmp_path, ONCE), tmp_path / "dataset"
    steadyset("run", path, "-o", dataset, "--from", tmp_path / "own.jsonl")
    assert manifest(dataset, "sample")["content"]["copies"]
    assert sorted(names(dataset, "solve").values()) == sorted(names(dataset, "pack").values())
    assert "0 findings" in steadyset("verify", dataset).stdout
