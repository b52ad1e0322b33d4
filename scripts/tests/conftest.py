"""Runs the real binary, and makes the datasets that several tests look at."""

import copy
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import hdf5plugin  # noqa: F401 - registers filter 32001 with h5py
import pytest
import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
# The Python reader as it stands, also for processes that tests start.
sys.path.insert(0, str(REPOSITORY / "scripts/python"))
os.environ["PYTHONPATH"] = str(REPOSITORY / "scripts/python")
BINARY = pathlib.Path(os.environ.get("STEADYSET", REPOSITORY / ".build/release/steadyset"))
# The reader's engines are this binary too.
os.environ["STEADYSET"] = str(BINARY)
# What is read behind URLs is not kept, but where a test says so.
os.environ["STEADYSET_CACHE"] = "off"
STAGES = ["sample", "solve", "split", "pack"]
TINY = yaml.safe_load((REPOSITORY / "pipelines/tiny.yaml").read_text())

# A field takes about a millisecond, so that a run of it lasts long enough to be interrupted anywhere.
SLOW = {
    "format": 1,
    "name": "slow",
    "physics": {"lattice": [256, 256], "decay_rate": 0.0025},
    "sampling": {"strata": {"from": 1, "to": 5}, "samples_per_stratum": 40, "radius": 5, "seed": 11},
    "solver": {"samples_per_part": 18},
    "pack": {"samples_per_shard": 50},
}

# A model on the smallest lattice, trained in a second.
TAUGHT = {
    "format": 1,
    "name": "taught",
    "physics": {"lattice": [32, 32], "decay_rate": 0.02},
    "sampling": {"strata": [1, 2, 3], "samples_per_stratum": 40, "radius": 2, "seed": 5},
    "split": {"test_every": 5, "validation_every": 5},
    "pack": {"samples_per_shard": 20},
    "train": {
        "model": {"kind": "encoder-decoder", "width": 0.0625},
        "optimiser": {"learning_rate": 1e-3},
        "batch": 16,
        "epochs": 4,
    },
}


def steadyset(*arguments, expect=0, timeout=300, binary=BINARY, **options):
    """Runs the binary, and checks that it ended with a status in `expect` and without a crash."""
    result = subprocess.run(
        [str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, **options
    )
    said = f"{' '.join(map(str, arguments))}\nended with {result.returncode}\n{result.stdout}{result.stderr}"
    assert "Fatal error" not in result.stderr and "Stack dump" not in result.stderr, said
    accepted = (expect,) if isinstance(expect, int) else expect
    assert result.returncode in accepted, said
    return result


def refused(*arguments, status, says, **options):
    """Runs the binary, which must refuse with `status` and say what, where; returns standard error."""
    result = steadyset(*arguments, expect=status, **options)
    error = result.stderr
    assert error.count("steadyset: error: ") + len(re.findall("^Error: ", error, re.M)) == 1, error
    for pattern in [says] if isinstance(says, str) else says:
        assert re.search(pattern, error), f"expected /{pattern}/ in: {error}"
    return error


def write(folder, pipeline, name="pipeline.yaml"):
    """Writes a pipeline, a dict or a text, into `folder`; returns its path."""
    path = pathlib.Path(folder) / name
    path.write_text(pipeline if isinstance(pipeline, str) else yaml.safe_dump(pipeline, sort_keys=False))
    return path


def changed(pipeline, **sections):
    """Returns a copy of a pipeline with some keys of its sections replaced; None removes a key."""
    result = copy.deepcopy(pipeline)
    for section, members in sections.items():
        for key, value in members.items():
            if value is None:
                result.get(section, {}).pop(key, None)
            else:
                result.setdefault(section, {})[key] = value
    return result


def manifest(dataset, stage):
    return json.loads((pathlib.Path(dataset) / stage / "manifest.json").read_text())


def ids(dataset):
    """Returns the manifest ids of all stages."""
    return {stage: manifest(dataset, stage)["id"] for stage in STAGES}


def contents(dataset):
    """Returns the bytes of every file that must be the same wherever the same pipeline is run."""
    root = pathlib.Path(dataset)
    return {
        str(path.relative_to(root)): path.read_bytes()
        for stage in STAGES
        for path in sorted((root / stage).iterdir())
        if path.name != "provenance.json"
    }


def looks_finished(folder):
    """Returns the files below `folder` that somebody could take for results."""
    root = pathlib.Path(folder)
    if not root.is_dir():
        return []
    return [str(p) for p in root.rglob("*") if p.name == "manifest.json" or p.suffix in (".h5", ".jsonl", ".npy")]


def leftovers(dataset):
    """Returns temporary files in a dataset."""
    return [str(path) for path in pathlib.Path(dataset).rglob("*.tmp")]


def tiny_study(name, output, *options, expect=0):
    """Runs a study at its smallest scale with one seed; returns what it said."""
    command = [sys.executable, REPOSITORY / "scripts/study", name, "--scale", "tiny", "--seeds", "1", "-o", output]
    command += ["--steadyset", BINARY, *options]
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600)
    assert result.returncode == expect, result.stdout + result.stderr
    return result


def configurations(dataset):
    """The lines of all configurations of a dataset, by index, then by number of sources."""
    lines = [line for path in (pathlib.Path(dataset) / "sample").glob("*.jsonl") for line in path.read_text().splitlines()]

    def place(line):
        found = json.loads(line)
        return found["index"], len(found["sources"])

    return sorted(lines, key=place)


def samples(dataset, stage="pack"):
    """Yields (shard's entry in the manifest, row as a dict) of every sample; x and y are arrays."""
    for entry in manifest(dataset, stage)["files"]:
        with h5py.File(pathlib.Path(dataset) / stage / entry["path"]) as shard:
            columns = {name: shard[name][:] for name in shard if name not in "xy"}
            x, y = shard["x"], shard["y"]
            for row in range(entry["samples"]):
                sample = {name: column[row] for name, column in columns.items()}
                sample["sources"] = [tuple(s) for s in sample["sources"][: sample["n_sources"]].tolist()]
                yield entry, sample | {"x": x[row], "y": y[row]}


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"there is no {BINARY}: run scripts/build, or name a binary in $STEADYSET", 2)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(name, make)` returns a folder, and what `make(folder)`, which filled it, returned, a value of JSON.

    The processes among which the tests are divided (`scripts/test`, pytest-xdist) have it in common: the first that comes makes it.
    Not to be altered: `unaltered` looks after that.
    """
    root = tmp_path_factory.getbasetemp()
    root = (root.parent if "PYTEST_XDIST_WORKER" in os.environ else root) / "once"

    def folder_of(name, make):
        folder, record = root / name / "made", root / name / "record.json"
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not record.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of one who failed
                folder.mkdir()
                record.write_text(json.dumps({"returned": make(folder), "files": state(folder)}))
        found = json.loads(record.read_text())
        MADE[folder] = found["files"]
        return folder, found["returned"]

    return folder_of


# The folders that tests have in common, and `state` of them when they were made.
MADE = {}


def state(folder):
    """What is below a folder, with size and time of every file that is no lock, but for progress files."""
    found = {}
    for path in folder.rglob("*"):
        # Each command that works there says so.
        if path.parent.name == "progress":
            continue
        is_content = path.is_file() and path.name != "lock" and path.suffix != ".lock"
        found[str(path.relative_to(folder))] = [path.stat().st_size, path.stat().st_mtime_ns] if is_content else None
    return found


@pytest.fixture(scope="module", autouse=True)
def unaltered():
    """What tests have in common is after each file of tests as it was made."""
    yield
    for folder, made in MADE.items():
        found, MADE[folder] = state(folder), state(folder)
        altered = sorted(name for name in {*found, *made} if found.get(name, 0) != made.get(name, 0))
        assert not altered, f"a test altered {', '.join(altered)} in {folder}, which others use as well"


def ran(pipeline, *options):
    """A maker for `once`: the dataset of a pipeline, beside its file, which is written unless it is given."""

    def make(folder):
        path = pipeline if isinstance(pipeline, pathlib.Path) else write(folder, pipeline)
        steadyset("run", path, "-o", folder / "dataset", *options)

    return make


@pytest.fixture(scope="session")
def tiny(once):
    """The dataset of pipelines/tiny.yaml; not to be altered."""
    return once("tiny", ran(REPOSITORY / "pipelines/tiny.yaml"))[0] / "dataset"


@pytest.fixture
def damaged(tiny, tmp_path):
    """A copy of the tiny dataset to do harm to."""
    return pathlib.Path(shutil.copytree(tiny, tmp_path / "dataset"))


@pytest.fixture(scope="session")
def slow(once):
    """(pipeline file, dataset) of SLOW, made without disturbance; not to be altered."""
    folder, _ = once("slow", ran(SLOW))
    return folder / "pipeline.yaml", folder / "dataset"


@pytest.fixture(scope="session")
def taught(once):
    """(pipeline file, dataset with a model) of TAUGHT; not to be altered."""
    folder, _ = once("taught", ran(TAUGHT, "--threads", "1"))
    return folder / "pipeline.yaml", folder / "dataset"


@pytest.fixture(scope="session")
def shards(once):
    """The dataset of TAUGHT without its model; not to be altered."""
    return once("shards", ran(TAUGHT, "--until", "pack"))[0] / "dataset"


@pytest.fixture(scope="session")
def quickstart(once):
    """(folder with the dataset `quickstart`, what `run` said of it); not to be altered."""
    pipeline = REPOSITORY / "pipelines/quickstart.yaml"
    return once("quickstart", lambda folder: steadyset("run", pipeline, "--output", "quickstart", cwd=folder).stdout)


@pytest.fixture(scope="session")
def listed(once):
    """Makes a name of golden/ids.py, once; returns (its folder, its entry, the versions of libraries)."""
    from golden import ids

    def make(name):
        folder, (entry, libraries) = once(f"listed/{name}", lambda folder: ids.make(name, folder))
        return folder, entry, libraries

    return make


@pytest.fixture(scope="session")
def chromium():
    """A browser to open pages in, without its window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield browser
        browser.close()
