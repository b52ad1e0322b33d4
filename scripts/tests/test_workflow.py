"""Datasets built by Snakemake have the ids of an embedded run: on this machine, and on a Slurm that loses a node."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from conftest import BINARY, REPOSITORY, changed, manifest, steadyset, write
from processes import is_locked
from test_rounds import ROUNDS, lasting

SNAKEFILE = REPOSITORY / "pipelines/workflow/Snakefile"
PROFILES = REPOSITORY / "pipelines/workflow/profiles"
SLURM = REPOSITORY / "scripts/slurm"
sys.path.insert(0, str(SNAKEFILE.parent))
import steps  # noqa: E402

TWO = changed(ROUNDS, rounds={"count": 2}, pack={"samples_per_shard": 40})


# Snakemake that asks for its jobs' states every second. The Slurm plugin waits ten seconds longer each time nothing has ended, which
# is right for jobs of hours, and most of the time of a test whose jobs take seconds.
ASKS_OFTEN = """
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
RemoteExecutor.next_seconds_between_status_checks = property(lambda self: 1, lambda self, seconds: None)
from snakemake.cli import main
main()
"""


def snakemake(folder, *options, expect=0, timeout=600, path=None, program=("-m", "snakemake"), **config):
    """Runs Snakemake in `folder` on its pipeline.yaml; returns what it said."""
    config = {"pipeline": "pipeline.yaml", "dataset": "dataset", "steadyset": BINARY, **config}
    words = [sys.executable, *program, "-s", SNAKEFILE, *options, "--config"]
    words += [f"{key}={value}" for key, value in config.items() if value is not None]
    environment = {**os.environ, "PATH": f"{path or ''}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        [*map(str, words)], cwd=folder, capture_output=True, text=True, timeout=timeout, env=environment
    )
    said = done.stdout + done.stderr
    assert done.returncode == expect, said
    return said


def done(said):
    """The steps that Snakemake did, by the names of their rules, sorted."""
    lines = said.splitlines()
    return sorted(line.rpartition("(Rule: ")[2].rstrip(")") for line in lines if line.startswith("Finished jobid"))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """What `run` makes of the pipeline of two rounds."""
    folder = tmp_path_factory.mktemp("embedded")
    steadyset("run", write(folder, TWO), "--output", folder / "dataset", "--threads", "2")
    return lasting(folder / "dataset")


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """A folder with the same pipeline, walked by Snakemake on this machine."""
    folder = tmp_path_factory.mktemp("walked")
    write(folder, TWO)
    snakemake(folder, "--profile", PROFILES / "local")
    return folder


@pytest.fixture
def copied(walked, tmp_path):
    """A copy that a test may alter."""
    shutil.copytree(walked, tmp_path / "copied")
    return tmp_path / "copied"


def test_walked_as_embedded(walked, embedded):
    assert lasting(walked / "dataset") == embedded
    steadyset("verify", walked / "dataset")
    events = [json.loads(line) for line in (walked / "dataset.workflow/logs/pack.jsonl").read_text().splitlines()]
    assert events[-1]["event"] == "ended" and events[-1]["id"] == manifest(walked / "dataset", "pack")["id"]


def test_only_what_changed_is_done_again(copied):
    text = (copied / "pipeline.yaml").read_text()
    (copied / "pipeline.yaml").write_text(f"# Another comment.\n{text}")
    assert "Nothing to be done" in snakemake(copied, "--cores", "2")
    # Another training, on the same shards; models are protected.
    write(copied, changed(TWO, train={"epochs": 3}))
    assert "is a model of another 'train'" in snakemake(copied, "--cores", "2", expect=1)
    said = done(snakemake(copied, "--cores", "2", replace="true"))
    assert {"sample", "solve_all", "split"}.isdisjoint(said) and said.count("train") == 3
    assert said.count("solve") == 2, "those of the rounds"
    steadyset("run", write(copied, changed(TWO, train={"epochs": 3})), "--output", copied / "embedded")
    # Versions of the first training stay.
    assert lasting(copied / "embedded").items() <= lasting(copied / "dataset").items()


def test_what_is_gone_is_made_again(copied, embedded):
    for gone in ["solve/part-00001.h5", "evaluate/errors.csv", "rounds/2/train/weights.safetensors"]:
        (copied / "dataset" / gone).unlink()
    snakemake(copied, "--cores", "2")
    assert lasting(copied / "dataset") == embedded


def test_rounds_end_early(tmp_path):
    write(tmp_path, changed(ROUNDS, rounds={"count": 5, "stop": {"standard_errors": 100}}, train={"epochs": 1}))
    said = done(snakemake(tmp_path, "--cores", "2"))
    plan = json.loads((tmp_path / "dataset.workflow/plan.json").read_text())["plan"]
    assert sum(step["stage"] == "train" for step in plan["steps"]) == 6
    assert 1 <= said.count("train") < 6 and said.count("resample") == said.count("train")
    steadyset("run", tmp_path / "pipeline.yaml", "--output", tmp_path / "embedded")
    assert lasting(tmp_path / "dataset") == lasting(tmp_path / "embedded")
    assert "Nothing to be done" in snakemake(tmp_path, "--cores", "2")


def refused(folder, **config):
    """What the workflow says of a configuration that it does not take."""
    config = {"pipeline": folder / "pipeline.yaml", "dataset": folder / "dataset", "steadyset": BINARY, **config}
    with pytest.raises(SystemExit) as error:
        steps.Run.at_work({key: str(value) for key, value in config.items() if value is not None}, True)
    assert not (folder / "dataset").exists() and not (folder / "dataset.workflow").exists()
    return str(error.value)


@pytest.mark.parametrize(
    "config, says",
    [
        ({"pipeline": None}, "say what to build, and where"),
        ({"pipeline": "none.yaml"}, "none.yaml: there is no such file"),
        ({"colour": "red"}, "--config has no 'colour'; it may have pipeline, dataset"),
        ({"threads": "many"}, "--config threads=many"),
        ({"replace": "perhaps"}, "say true or false"),
        ({"local": "sample,train2"}, "local=train2: the pipeline's stages are sample, solve"),
        ({"steadyset": "/nowhere/steadyset"}, "/nowhere/steadyset cannot be run (No such file or directory)"),
        ({"options": "--sources shouting"}, "64"),
    ],
)
def test_wrong_settings(tmp_path, config, says):
    write(tmp_path, TWO)
    assert says in refused(tmp_path, **config)


def test_plan_of_another_version(tmp_path):
    write(tmp_path, TWO)
    other = tmp_path / "other"
    other.write_text(f'#!/bin/sh\n{BINARY} "$@" | sed \'s/"version": 2/"version": 3/\'\n')
    other.chmod(0o755)
    assert "makes plans of version 3, and this workflow reads version 2" in refused(tmp_path, steadyset=other)


def test_errors_while_the_next_round_chooses(copied):
    """Steps of two rounds at a time: the plan lets them, and so do the locks."""
    dataset = copied / "dataset"
    (dataset / "rounds/2/.steadyset/steps/evaluate.json").unlink()
    with (dataset / ".steadyset/lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        steadyset("step", copied / "pipeline.yaml", "round-00002-evaluate", "--output", dataset)


# Waits, in the middle of its work, for the loss of its node; the next attempt goes through.
HELD = """#!/bin/bash
if [ "$1 $3" = "step solve-00001" ] && mkdir {folder}/held 2> /dev/null; then
    {binary} "$@" &
    until [ -e {folder}/dataset/.steadyset/steps/solve-00001.lock ]; do :; done
    kill -STOP $!
    echo $SLURMD_NODENAME > {folder}/held/new
    mv {folder}/held/new {folder}/held/node
    wait
fi
exec {binary} "$@"
"""


@pytest.fixture
def slurm():
    """A Slurm of three nodes in a folder, which ends with the test."""
    places = f"{os.environ['PATH']}:/usr/sbin"
    missing = [name for name in ["munged", "slurmctld", "slurmd", "unshare"] if not shutil.which(name, path=places)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install slurm-wlm munge")
    if subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "true"], capture_output=True).returncode != 0:
        pytest.skip("needs the right to make process namespaces")
    # A socket's path is short.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp")) / "c"
    try:
        subprocess.run([SLURM, "up", folder, "--nodes", "3", "--cpus", "2"], check=True)
        yield folder
    finally:
        subprocess.run([SLURM, "down", folder], check=True)
        shutil.rmtree(folder.parent)


def test_slurm_with_a_lost_node(slurm, tmp_path, embedded):
    write(tmp_path, TWO)
    held = tmp_path / "steadyset"
    held.write_text(HELD.format(folder=tmp_path, binary=BINARY))
    held.chmod(0o755)
    lost = []

    def cut():
        while not (tmp_path / "held/node").exists():
            if ended.wait(0.05):
                return
        lost.append((tmp_path / "held/node").read_text().strip())
        subprocess.run([SLURM, "kill", slurm, lost[0]], check=True)

    ended = threading.Event()
    thread = threading.Thread(target=cut)
    thread.start()
    try:
        said = snakemake(
            tmp_path,
            *["--profile", PROFILES / "slurm", "--slurm-status-command", "squeue"],
            *["--slurm-init-seconds-before-status-checks", "1"],
            program=("-c", ASKS_OFTEN), path=slurm / "bin", steadyset=held, local="sample,pack,evaluate,resample",
        )  # fmt: skip
    finally:
        ended.set()
        thread.join()
    states = subprocess.run([slurm / "bin/sinfo", "-h", "-N", "-o", "%N %t"], capture_output=True, text=True).stdout
    assert len(lost) == 1 and f"{lost[0]} down" in states and "Finished jobid: 0 (Rule: all)" in said, said
    assert lasting(tmp_path / "dataset") == embedded
    assert not is_locked(tmp_path / "dataset")
    steadyset("verify", tmp_path / "dataset")
