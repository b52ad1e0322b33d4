"""What the system may do to a process: writes that fail without a word, full disks, closed descriptors, clocks, threads, locks.

The faults themselves, call by call, are in test_faults.py.
"""

import errno
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess

import h5py
import pytest
from conftest import BINARY, REPOSITORY, TAUGHT, changed, contents, ids, manifest, refused, steadyset, write
from faults import SOURCE, calls, fault, library
from test_places import NOBODY, public  # noqa: F401 - a fixture

SEED = int(os.environ.get("SEED", "20241"))
PIPELINE = REPOSITORY / "pipelines/tiny.yaml"


# Writes of HDF5 files


@pytest.mark.parametrize("path", ["solve/.part-00001.h5.tmp", "pack/.train-00000.h5.tmp"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_no_write_of_a_shard_is_lost(path, error, tiny, tmp_path):
    """Each of its last writes, which are flushed when handles are closed: status 74, and then the same bytes."""
    output = tmp_path / "dataset"
    arguments = "run", PIPELINE, "-o", output, "--threads", "2"
    total = calls(*arguments, call="write", under=output / path, folder=tmp_path)
    for number in {*range(max(1, total - 7), total + 1), *random.Random(SEED).sample(range(1, total + 1), 2)}:
        shutil.rmtree(output)
        result = fault(*arguments, call="write", number=number, error=error, under=output / path)
        assert result.returncode == 74 and str(output) in result.stderr, f"write {number}: {result.stderr}"
        assert not (output / path.replace("/.", "/").replace(".tmp", "")).exists()
        # The part or shard that failed was not committed; everything before it was.
        steadyset(*arguments)
        assert contents(output) == contents(tiny), f"write {number}"


@pytest.mark.parametrize("format, name", [("vds", "d.h5"), ("pdebench", "d.hdf5"), ("the-well", "d")])
def test_no_write_of_an_export_is_lost(format, name, tiny, tmp_path):
    output = tmp_path / name
    arguments = "export", format, tiny, "--output", output
    total = calls(*arguments, call="write", under=tmp_path / f".{name}", folder=tmp_path)
    for number in random.Random(SEED).sample(range(1, total + 1), 4) + [total - 1, total]:
        shutil.rmtree(output) if output.is_dir() else output.unlink(missing_ok=True)
        shutil.rmtree(tmp_path / f"{name}.card", ignore_errors=True)
        result = fault(*arguments, call="write", number=number, under=tmp_path / f".{name}")
        assert result.returncode == 74 and not output.exists(), f"write {number}: {result.stderr}"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["count"]


@pytest.mark.parametrize("stage", ["solve", "pack"])
@pytest.mark.parametrize("bound", [0.0, -1.0, 2.0**-23])
def test_bounds_below_half_a_step(stage, bound, damaged):
    """A certificate that rounding alone refutes is refused by all who read it, even where every digest was made anew."""
    path = next((damaged / stage).glob("*.h5"))
    with h5py.File(path, "r+") as file:
        file["error_bound"][3] = bound
    # The files' digests are not part of a manifest's id.
    document = manifest(damaged, stage)
    for entry in document["files"]:
        if entry["path"] == path.name:
            entry["bytes"], entry["sha256"] = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
    (damaged / stage / "manifest.json").write_text(json.dumps(document))
    said = steadyset("verify", damaged, expect=1).stdout
    assert "error bound" in said and "half a step" in said and path.name in said
    if stage == "pack":
        refused("export", "csv", damaged, "--output", damaged / "c.csv", status=65, says=["half a step", path.name])
        refused("unpack", damaged, "-o", damaged / "u", status=65, says=path.name)


# Standard output, descriptors, limits


@pytest.mark.parametrize(
    "command",
    ["plan PIPELINE", "show DATASET", "verify DATASET --json", "verify DATASET", "log DATASET", "gc DATASET --json",
     "--help", "run --help", "--version", "run PIPELINE -o NEW", "run PIPELINE -o NEW --json"],
)  # fmt: skip
def test_standard_output_that_is_full(command, tiny, tmp_path):
    """What could not be said must not end with status 0; the work itself is done."""
    words = {"PIPELINE": PIPELINE, "DATASET": tiny, "NEW": tmp_path / "new"}
    arguments = [str(words.get(word, word)) for word in command.split()]
    with open("/dev/full", "w") as full:
        result = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode == 74, result.stderr
    assert result.stderr.count("steadyset: error: ") == 1 and "standard output" in result.stderr
    if "NEW" in command:
        assert contents(tmp_path / "new") == contents(tiny)


def test_reader_that_has_gone(tiny):
    """A closed pipe is no error that anybody wants to read."""
    result = subprocess.run(f"'{BINARY}' show '{tiny}' | true", shell=True, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and result.stderr == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_descriptors(closed, tiny, tmp_path):
    """Files of the program's own never get the numbers of standard input, output and error."""
    output = tmp_path / "dataset"
    subprocess.run(f"'{BINARY}' run '{PIPELINE}' -o '{output}' {closed}", shell=True, check=True, timeout=60)
    assert contents(output) == contents(tiny)
    assert "0 findings" in steadyset("verify", output).stdout


@pytest.mark.parametrize("size", [100, 8192, 60_000])
def test_largest_size_of_a_file(size, tiny, tmp_path):
    """`ulimit -f`, with the signal as the system has it: 74 and a message, not a death by SIGXFSZ."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    output = tmp_path / "dataset"
    refused("run", PIPELINE, "-o", output, status=74, says=["too large", "ulimit -f"], preexec_fn=limit)
    steadyset("run", PIPELINE, "-o", output)
    assert contents(output) == contents(tiny)


# Clocks, threads, locks


def test_clock_that_steps_back(tiny, tmp_path):
    """The calendar goes back at every look: nothing depends on it but what provenance says to people."""
    clock = library(SOURCE.with_name("clock.c"))
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 2}, rounds={"count": 1, "add": 4, "pool": 20}))
    for name, asked in (("dataset", PIPELINE), ("taught", pipeline)):
        output = tmp_path / name
        steadyset("run", asked, "-o", output, env=os.environ | {"LD_PRELOAD": str(clock)})
        assert "0 findings" in steadyset("verify", output).stdout
        for path in output.rglob("provenance.json"):
            assert json.loads(path.read_text())["seconds"] >= 0
    assert contents(tmp_path / "dataset") == contents(tiny)


def without_threads(*arguments, after=1):
    """Runs the binary where the system gives no thread from the `after`-th on."""
    return fault(*arguments, call="thread", number=after, error=errno.EAGAIN, always=True, timeout=60)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_no_thread(after, tiny, taught, tmp_path):
    """Pools do their work on the threads that there are, the caller's if need be."""
    pipeline, model = taught
    for arguments in [
        ("run", PIPELINE, "-o", tmp_path / "tiny"),
        ("run", pipeline, "-o", tmp_path / "taught"),
        ("verify", tiny, "--resolve", "2"),
        ("unpack", tiny, "-o", tmp_path / "unpacked"),
        ("export", "mds", tiny, "--output", tmp_path / "mds"),
        ("predict", "--model", model, "--from", model / "sample/configurations-00000.jsonl", "-o", tmp_path / "p.h5"),
    ]:
        result = without_threads(*arguments, after=after)
        assert result.returncode == 0, f"{arguments}: {result.returncode} {result.stderr}"
    assert contents(tmp_path / "tiny") == contents(tiny)
    for name in ("train/weights.safetensors", "evaluate/errors.csv"):
        assert (tmp_path / "taught" / name).read_bytes() == (model / name).read_bytes()


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, 524])
def test_file_system_without_locks(error, tiny, tmp_path):
    """Readers and writers work; --no-lock goes without lock files. Nothing of a lock is left (test_file_systems.py has more)."""

    def run(*arguments):
        return fault(*arguments, call="lock", number=1, error=error, always=True)

    assert run("verify", tiny).returncode == 0 and run("show", tiny).returncode == 0
    for number, options in enumerate([(), ("--no-lock",)]):
        output, export = tmp_path / f"dataset{number}", tmp_path / f"mds{number}"
        for arguments in [
            ("run", PIPELINE, "-o", output),
            ("export", "mds", output, "--output", export),
            ("tag", output, "fine"),
            ("gc", output, "--apply"),
            ("step", PIPELINE, "pack", "-o", output),
        ]:
            result = run(*arguments, *options)
            assert result.returncode == 0, result.stderr
        assert ids(output) == ids(tiny)
        assert not [path for path in tmp_path.rglob("*") if ".held" in path.name]


# Damage, permissions, processors


def flipped(path, place, bit):
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def test_checkpoint_that_is_damaged(tmp_path):
    """Any bit of a checkpoint: training says so and begins anew, or the bit means nothing; the model is the same."""
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 12, "model": {"kind": "u-net", "width": 0.03125}}))
    good, output = tmp_path / "good", tmp_path / "dataset"
    steadyset("run", pipeline, "-o", good)
    checkpoint = output / ".steadyset/train.safetensors"
    result = fault("run", pipeline, "-o", output, call="rename", number=2, error="kill", under=checkpoint)
    assert result.returncode == -9 and checkpoint.exists()
    kept = checkpoint.read_bytes()
    generator = random.Random(SEED)
    header = 8 + int.from_bytes(kept[:8], "little")
    places = [0, 7, 9, header - 1, header, len(kept) - 1]
    places += [generator.randrange(8, header) for _ in range(4)] + [generator.randrange(header, len(kept)) for _ in range(6)]
    for place in places:
        checkpoint.write_bytes(kept)
        flipped(checkpoint, place, generator.randrange(8))
        shutil.rmtree(output / "train", ignore_errors=True)
        (output / ".steadyset/steps/train.json").unlink(missing_ok=True)
        said = steadyset("run", pipeline, "-o", output).stderr
        assert "begins anew" in said and str(checkpoint) in said, f"byte {place}: {said}"
        assert (output / "train/weights.safetensors").read_bytes() == (good / "train/weights.safetensors").read_bytes()
    # As it was, it is used.
    checkpoint.write_bytes(kept)
    shutil.rmtree(output / "train")
    assert "begins anew" not in steadyset("run", pipeline, "-o", output).stderr
    assert ids(output) == ids(good)


def test_inputs_that_may_not_be_read(public, tiny):  # noqa: F811
    """A shard without permission is an input that cannot be read, not an output that cannot be written."""
    dataset = public / "dataset"
    shutil.copytree(tiny, dataset)
    shard = sorted((dataset / "pack").glob("*.h5"))[0]
    shard.chmod(0)
    for path in [public, *public.rglob("*")]:
        if NOBODY:
            os.chown(path, NOBODY["user"], NOBODY["group"])
    binary = public / "steadyset"
    for arguments in [
        ("export", "csv", dataset, "--output", public / "c.csv"),
        ("export", "mds", dataset, "--output", public / "m"),
        ("unpack", dataset, "-o", public / "u"),
    ]:
        refused(*arguments, status=66, says=[shard.name, "ermission"], binary=binary, **NOBODY)


def test_processor_without_the_instructions(tmp_path):
    """A sentence, not SIGILL, on a processor for which the binary was not built; on one for which it was, nothing."""
    qemu = shutil.which("qemu-x86_64")
    if qemu is None:
        pytest.skip("there is no qemu-x86_64 (the package qemu-user) to be another processor")
    flags = subprocess.run([REPOSITORY / "scripts/build", "--flags"], capture_output=True, text=True, check=True).stdout
    result = subprocess.run([qemu, "-cpu", "Nehalem", BINARY, "--version"], capture_output=True, text=True, timeout=60)
    if "x86-64-v3" in flags:
        assert result.returncode == 69 and "AVX2" in result.stderr and "scripts/build" in result.stderr, result.stderr
    else:
        assert result.returncode == 0, result.stderr
