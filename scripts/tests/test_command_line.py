"""What the command says, to people and to machines; and how much memory it takes."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from conftest import BINARY, STAGES, TINY, changed, ids, steadyset, write

import reference

# Measures a child from a small process: a child starts with the peak of the process that made it.
MEASURE = "import os, resource, subprocess, sys; r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); print(r.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"


def test_help_lists_every_status():
    said = steadyset("--help").stdout
    for status in (0, 1, 64, 65, 66, 70, 73, 74, 75, 130, 143):
        assert re.search(rf"^ +{status} \w", said, re.M), status
    for command in ("run", "sample", "solve", "split", "pack", "train", "evaluate", "predict", "verify", "show", "bench", "plan", "step"):
        assert re.search(rf"^  {command} ", said, re.M)
        assert "USAGE: steadyset " + command in steadyset(command, "--help").stdout
        assert "USAGE: steadyset " + command in steadyset("help", command).stdout
    assert "SUBCOMMANDS" in steadyset().stdout
    assert max(map(len, said.splitlines())) <= 80


def test_version(tiny):
    said = steadyset("--version").stdout
    assert re.fullmatch(r"steadyset \d+\.\d+\.\d+( \([0-9a-f]{12}(, changed)?\))?\n", said)
    provenance = json.loads((tiny / "pack/provenance.json").read_text())
    assert said.split()[1] == provenance["steadyset"]
    assert set(provenance["libraries"]) == {"hdf5", "zstd"}


FORECAST = r"120 samples, 120 of them to be solved: about [\d.]+ [kM]B to be written \([\d.]+ [kMGT]B are free\), about [\w. ]+"


def test_piped_output_is_plain(tmp_path):
    """One line a stage on standard output, a few words on standard error, no escape codes."""
    result = steadyset("run", write(tmp_path, TINY), "-o", tmp_path / "dataset")
    lines = result.stdout.splitlines()
    assert len(lines) == 4
    for stage, line in zip(STAGES, lines):
        assert re.fullmatch(rf"{stage} +120 samples +[\d.]+ k?B +{ids(tmp_path / 'dataset')[stage][:16]}  \d.*", line), line
    forecast, *notes = result.stderr.splitlines()
    assert re.fullmatch(FORECAST, forecast) and notes == [f"{stage}: 120 samples" for stage in STAGES]
    assert "\x1b" not in result.stdout + result.stderr and "\r" not in result.stdout + result.stderr


def test_json_events(tmp_path):
    """--json: JSON Lines in canonical form; of a second run too."""
    for skipped in (False, True):
        result = steadyset("run", write(tmp_path, TINY), "-o", tmp_path / "dataset", "--json")
        events = [json.loads(line) for line in result.stdout.splitlines()]
        assert [reference.canonical(event) for event in events] == result.stdout.splitlines()
        ended = [event for event in events if event["event"] == "ended"]
        assert [event["stage"] for event in ended] == STAGES
        assert {event["stage"]: event["id"] for event in ended} == ids(tmp_path / "dataset")
        assert all(event["skipped"] is skipped and event["samples"] == 120 for event in ended)
        assert not result.stderr
        began = [event for event in events if event["event"] == "began"]
        assert len(began) == (0 if skipped else 4)


def test_progress_line_on_a_terminal(tmp_path):
    """On a terminal one line is redrawn, and removed when a stage ends."""
    pipeline = write(tmp_path, changed(TINY, physics={"lattice": [256, 256]}, solver={"samples_per_part": 5}))
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [BINARY, "run", pipeline, "-o", tmp_path / "dataset"], stdout=terminal, stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    said = b""
    try:
        while data := os.read(controller, 65536):
            said += data
    except OSError:  # the terminal's other end was closed
        pass
    os.close(controller)
    assert process.wait() == 0
    text = said.decode()
    assert re.search(r"\r\x1b\[K\x1b\[\?7lsolve  \d+/120  [\d.,]+ ?[\w/ ]+  [^\r]* left\x1b\[\?7h", text), text
    # What stays on the screen: everything after the last "to the line's start, clear".
    screen = [line.split("\r\x1b[K")[-1].rstrip("\r") for line in text.split("\n")]
    assert re.fullmatch(FORECAST, screen[0]), screen
    assert [line.split()[0] for line in screen[1:] if line] == STAGES, screen


def test_show(tiny):
    said = steadyset("show", tiny).stdout
    for words in ("48 × 40 sites", "120 samples", "train/S12.5%-B", ids(tiny)["pack"]):
        assert words in said
    found = json.loads(steadyset("show", tiny, "--json").stdout)
    assert {stage["stage"]: stage["id"] for stage in found["stages"]} == ids(tiny)
    shard = tiny / "pack/train-00000.h5"
    assert "ranks    0 to 11" in steadyset("show", shard).stdout
    found = json.loads(steadyset("show", shard, "--json").stdout)
    assert found["samples"] == len(found["ids"]) == 12 and found["ranks"] == [0, 11]
    assert json.loads(steadyset("show", tiny / "solve/part-00000.h5", "--json").stdout)["kind"] == "shard"
    for stage in STAGES:
        assert ids(tiny)[stage] in steadyset("show", tiny / stage).stdout


def test_verify_says_what_it_did(tiny):
    found = json.loads(steadyset("verify", tiny, "--resolve", "7", "--json").stdout)
    assert found == {
        "sound": True, "stages": STAGES, "files": found["files"], "samples": found["samples"], "resolved": 7,
        "versions": 0, "findings": [],
    }  # fmt: skip
    assert found["files"] == sum(1 for p in tiny.rglob("*") if p.suffix in (".h5", ".jsonl", ".npy"))
    assert found["samples"] >= 120


def peak(*command):
    """Runs a command; returns its peak memory in MB."""
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", MEASURE, *map(str, command)], capture_output=True, text=True, check=True
    )
    status, kilobytes = map(int, result.stdout.split())
    assert status == 0
    return kilobytes / 1024


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Peak memory of `run` for 40 and for 200 samples at 512×512, and the folder of the latter."""
    folder = tmp_path_factory.mktemp("large")
    peaks = {}
    for samples in (40, 200):
        pipeline = write(folder, {
            "format": 1, "name": "large", "physics": {"lattice": [512, 512]},
            "sampling": {"strata": {"from": 1, "to": 20}, "samples_per_stratum": samples // 20, "seed": 3},
        })  # fmt: skip
        peaks[samples] = peak(BINARY, "run", pipeline, "-o", folder / str(samples), "--threads", "2")
    return peaks, folder / "200"


def test_memory_of_run(large):
    """A run at 512×512 fits anywhere, and five times the samples take no more."""
    peaks, _ = large
    print(peaks)
    assert 10 < peaks[40] < 600 and peaks[200] < 600
    assert peaks[200] - peaks[40] < 60


def test_memory_of_verify(large):
    _, dataset = large
    assert peak(BINARY, "verify", dataset, "--resolve", "4", "--threads", "2") < 600


def test_bounds_at_512(large):
    """Nothing was left out, and `verify` agrees."""
    _, dataset = large
    content = json.loads((dataset / "solve/manifest.json").read_text())["content"]
    assert content["samples"] == 200 and content["left_out"] == [] and content["largest_error_bound"] <= 1e-6
