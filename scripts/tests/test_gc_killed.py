"""gc --drop --apply, killed before each call that removes something: the same command finishes, and so does gc --apply."""

import json
import os
import shutil
import subprocess

import pytest
import versioning
from conftest import BINARY, TINY, changed, steadyset, write

# Ends the process with SIGKILL before the n-th call that takes a name away below the dataset.
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void count(const char *path) {
    static int left = -1;
    const char *want = getenv("KILL_PATH");
    if (path && path[0] == '/' && !strstr(path, want)) return;
    if (left < 0) left = atoi(getenv("KILL_AT"));
    if (left-- == 0) kill(getpid(), SIGKILL);
}
#define FORWARD(type, name, parameters, arguments, path) \
    type name parameters { count(path); type(*next) parameters = dlsym(RTLD_NEXT, #name); return next arguments; }
FORWARD(int, unlink, (const char *path), (path), path)
FORWARD(int, unlinkat, (int at, const char *path, int flags), (at, path, flags), path)
FORWARD(int, rmdir, (const char *path), (path), path)
FORWARD(int, rename, (const char *old, const char *new), (old, new), old)
FORWARD(int, remove, (const char *path), (path), path)
"""


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("killer")
    (folder / "kill.c").write_text(SOURCE)
    subprocess.run([compiler, "-O1", "-w", "-shared", "-fPIC", "-o", folder / "kill.so", folder / "kill.c", "-ldl"], check=True)
    return folder / "kill.so"


@pytest.fixture(scope="module")
def built(once):
    """(dataset with two versions and the work of their rounds, id of the second); not to be altered."""

    def make(folder):
        dataset = folder / "dataset"
        pipeline = write(folder, changed(TINY, sampling={"samples_per_stratum": 10}))
        steadyset("run", pipeline, "-o", dataset)
        one = versioning.add(dataset, versioning.solve(folder, pipeline, 9, 8), "round-1")
        two = versioning.add(
            dataset, versioning.solve(folder, pipeline, 10, 4), "round-2", parent=one, before="round-1", facts={"number": 2}
        )
        for number in (1, 2):
            for name in ("train/weights.safetensors", "evaluate/errors.csv", "resample/choices.csv"):
                path = dataset / f"rounds/{number}/{name}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(bytes(number))
        return two

    folder, id = once("versions-to-forget", make)
    return folder / "dataset", id


def files(dataset):
    return {
        str(path.relative_to(dataset)): path.read_bytes()
        for path in dataset.rglob("*")
        if path.is_file() and not str(path.relative_to(dataset)).startswith((".steadyset/steps", ".steadyset/lock"))
    }


@pytest.mark.parametrize("by", ["tag", "id"])
@pytest.mark.parametrize("then", ["the same", "gc"])
def test_killed_before_each_removal(by, then, built, killer, tmp_path):
    start, id = built
    drop = ["--drop", "round-2" if by == "tag" else id[:10], "--apply"]
    good = shutil.copytree(start, tmp_path / "good")
    steadyset("gc", good, *drop)
    untouched, forgotten = files(start), files(good)
    moments = 0
    while True:
        dataset = tmp_path / "dataset"
        shutil.rmtree(dataset, ignore_errors=True)
        shutil.copytree(start, dataset)
        environment = os.environ | {"LD_PRELOAD": str(killer), "KILL_AT": str(moments), "KILL_PATH": str(dataset)}
        ended = subprocess.run([BINARY, "gc", dataset, *drop], env=environment, capture_output=True).returncode
        if ended == 0:
            break
        assert ended == -9
        # What is there at this moment is a sound dataset.
        found = json.loads(steadyset("verify", dataset, "--json", expect=(0, 1)).stdout)
        assert found["findings"] == [], (moments, found["findings"])
        steadyset("gc", dataset, *(drop if then == "the same" else ["--apply"]))
        left = files(dataset)
        assert left == forgotten or (then == "gc" and left == untouched), (moments, set(left) ^ set(forgotten))
        moments += 1
    assert moments > 10 and files(dataset) == forgotten


def test_a_run_in_between(built, killer, tmp_path):
    """Whoever writes next takes the plan away: what is made since is not forgotten."""
    dataset = shutil.copytree(built[0], tmp_path / "dataset")
    environment = os.environ | {"LD_PRELOAD": str(killer), "KILL_AT": "4", "KILL_PATH": str(dataset)}
    assert subprocess.run([BINARY, "gc", dataset, "--drop", "round-2", "--apply"], env=environment).returncode == -9
    assert (dataset / ".steadyset/forgetting.json").exists()
    steadyset("tag", dataset, "mine")
    assert not (dataset / ".steadyset/forgetting.json").exists()
    steadyset("gc", dataset, "--apply")
    assert "0 findings" in steadyset("verify", dataset).stdout
