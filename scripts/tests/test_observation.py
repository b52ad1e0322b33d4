"""`--log` and `--metrics`: what a command tells to files, whatever becomes of it."""

import errno
import json
import re
import signal
import subprocess

import pytest
from conftest import BINARY, TAUGHT, TINY, changed, contents, refused, steadyset, write
from faults import fault
from processes import Held
from test_schemas import check


def lines(path):
    """The events of a log, each of which the schema allows."""
    text = path.read_text()
    assert text.endswith("\n")
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        check("log", event)
    return found


def metrics(path):
    found = json.loads(path.read_text())
    check("metrics", found)
    return found


def events(found, name):
    return [event for event in found if event["event"] == name]


def test_log_of_a_run(tiny, tmp_path):
    """From begin to end, with stages, steps and parts; a second run goes on behind it."""
    pipeline, output, log = write(tmp_path, TINY), tmp_path / "dataset", tmp_path / "log.jsonl"
    steadyset("run", pipeline, "-o", output, "--log", log)
    assert contents(output) == contents(tiny)
    found = lines(log)
    assert found[0]["event"] == "begin" and found[-1]["event"] == "end" and found[-1]["status"] == 0
    assert [e["step"] for e in events(found, "step")] == ["sample", "solve", "split", "pack"]
    assert [e["stage"] for e in events(found, "ended")] == ["sample", "solve", "split", "pack"]
    parts = [e["part"] for e in events(found, "part")]
    assert parts == [f"solve-{number:05}" for number in range(len(parts))] and len(parts) > 1
    assert {e["pid"] for e in found} == {found[0]["pid"]} and {e["command"] for e in found} == {"run"}
    assert [e["time"] for e in found] == sorted(e["time"] for e in found)
    steadyset("run", pipeline, "-o", output, "--log", log)
    assert all(e["skipped"] for e in events(lines(log)[len(found) :], "ended"))


def test_log_of_a_failure(tmp_path):
    """The error, its level, and the exit status, with the part in which it was."""
    pipeline, log = write(tmp_path, TINY), tmp_path / "log.jsonl"
    output = tmp_path / "dataset"
    result = fault(
        "run", pipeline, "-o", output, "--log", log, call="write", number=1, error=errno.ENOSPC, under=output / "solve"
    )
    assert result.returncode == 74
    last = lines(log)[-1]
    assert (last["event"], last["level"], last["status"]) == ("end", "error", 74)
    assert last["message"] in result.stderr and "No space left" in last["message"]
    # What the command line is wrong in is told where the log is known.
    refused("run", tmp_path / "nothing.yaml", "-o", output, "--log", log, status=66, says="nothing.yaml")
    assert lines(log)[-1]["status"] == 66


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, None)])
def test_log_of_a_run_that_was_ended(number, status, slow, tmp_path):
    """Its lines are whole, and the last is that of its end where it had the time."""
    pipeline, _ = slow
    log = tmp_path / "log.jsonl"
    with Held("run", pipeline, "-o", tmp_path / "dataset", "--log", log) as held:
        held.wait_until(lambda: log.exists() and '"claimed"' in log.read_text())
        held.process.send_signal(number)
        held.let_go()
    found = lines(log)
    assert [e["status"] for e in events(found, "end")] == ([] if status is None else [status])


def test_log_of_two_processes(tmp_path):
    """One file for several: every line is whole, and says whose it is."""
    pipeline, output, log = write(tmp_path, TINY), tmp_path / "dataset", tmp_path / "log.jsonl"
    steadyset("step", pipeline, "sample", "-o", output)
    parts = range(len(list((output / "sample").glob("*.jsonl"))))
    processes = [
        subprocess.Popen([BINARY, "step", pipeline, f"solve-{number:05}", "-o", output, "--log", log], stderr=subprocess.DEVNULL)
        for number in parts
    ]
    assert [process.wait(timeout=120) for process in processes] == [0 for _ in parts]
    found = lines(log)
    for number, process in zip(parts, processes):
        own = [event for event in found if event["pid"] == process.pid]
        assert own[0]["event"] == "begin" and own[-1]["event"] == "end"
        assert {event["step"] for event in own} == {None, f"solve-{number:05}"}


def test_log_that_cannot_be_opened(tmp_path):
    """Refused before anything is done."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    for log in (tmp_path / "no/log.jsonl", tmp_path):
        refused("run", pipeline, "-o", output, "--log", log, status=73, says=["--log", str(log)])
    assert not output.exists()


def test_log_on_a_full_disk(tiny, tmp_path):
    """Said once; the work is done."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    result = steadyset("run", pipeline, "-o", output, "--log", "/dev/full")
    assert result.stderr.count("the log lacks lines") == 1 and "No space left" in result.stderr
    assert contents(output) == contents(tiny)


def test_log_with_a_line_that_was_cut(tmp_path):
    """What is written after half a line begins on a new one."""
    pipeline, log = write(tmp_path, TINY), tmp_path / "log.jsonl"
    result = fault("run", pipeline, "-o", tmp_path / "d", "--log", log, call="write", number=3, error="short", under=log)
    assert result.returncode == 0 and result.stderr.count("the log lacks lines") == 1
    bad = []
    for number, line in enumerate(log.read_text().splitlines()):
        try:
            check("log", json.loads(line))
        except json.JSONDecodeError:
            bad.append(number)
    assert bad == [2]


def test_metrics_of_a_run(tmp_path):
    """A step each, with its samples, its bytes and what its threads did."""
    pipeline, path = write(tmp_path, changed(TAUGHT, train={"epochs": 2})), tmp_path / "m.json"
    steadyset("run", pipeline, "-o", tmp_path / "d", "--metrics", path, "--threads", "2")
    found = metrics(path)
    assert (found["command"], found["status"]) == ("run", 0)
    steps = {step["step"]: step for step in found["steps"]}
    assert list(steps) == ["sample", "solve", "split", "pack", "train", "evaluate"]
    assert all(step["done"] and step["threads"] == 2 for step in steps.values())
    phases = {name: set(step["phase_seconds"]) for name, step in steps.items()}
    assert "sampling" in phases["sample"] and {"computing", "waiting"} <= phases["train"] and "judging" in phases["evaluate"]
    assert {"reading", "solving", "compressing", "writing", "waiting"} <= phases["solve"]
    assert steps["solve"]["samples"] == 120 and steps["train"]["samples"] % 2 == 0 < steps["train"]["samples"]
    sizes = [entry["bytes"] for entry in json.loads((tmp_path / "d/solve/manifest.json").read_text())["files"]]
    assert steps["solve"]["bytes"] == sum(sizes)
    assert found["peak_memory_bytes"] >= max(step["peak_memory_bytes"] for step in steps.values()) > 1e6
    # Nothing was to do.
    steadyset("run", pipeline, "-o", tmp_path / "d", "--metrics", path)
    assert metrics(path)["steps"] == []


def test_metrics_of_a_step(tmp_path):
    """Of one part: JSON, and what Prometheus takes."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "d"
    steadyset("step", pipeline, "sample", "-o", output)
    steadyset("step", pipeline, "solve-00000", "-o", output, "--metrics", tmp_path / "m.json")
    (step,) = metrics(tmp_path / "m.json")["steps"]
    assert (step["step"], step["stage"]) == ("solve-00000", "solve") and step["samples"] > 0
    steadyset("step", pipeline, "solve-00001", "-o", output, "--metrics", tmp_path / "m.prom")
    names, text = set(), (tmp_path / "m.prom").read_text()
    typed = re.findall(r"^# TYPE (\w+) gauge$", text, re.M)
    for line in text.splitlines():
        if not line.startswith("#"):
            match = re.fullmatch(r'(steadyset_\w+)\{(\w+="[^"\\]*",?)+\} (-?[0-9.e+-]+)', line)
            assert match and float(match[3]) >= 0, line
            names.add(match[1])
    assert names == set(typed) and len(typed) == len(names)
    assert 'steadyset_step_phase_seconds{step="solve-00001",stage="solve",round="0",phase="solving"}' in text
    assert "steadyset_command_status" in names


def test_metrics_of_rounds(tmp_path):
    """What a step does on the way, such as drawing candidates, is no step of its own."""
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 2}, rounds={"count": 1, "add": 4, "pool": 20}))
    steadyset("run", pipeline, "-o", tmp_path / "d", "--metrics", tmp_path / "m.json", "--log", tmp_path / "l.jsonl")
    names = [step["step"] for step in metrics(tmp_path / "m.json")["steps"]]
    rounds = [f"round-00001-{stage}" for stage in ("resample", "solve", "pack", "train", "evaluate")]
    assert names == ["sample", "solve", "split", "pack", "train", "evaluate", *rounds]
    assert [event["step"] for event in events(lines(tmp_path / "l.jsonl"), "step")] == names
    assert [event for event in events(lines(tmp_path / "l.jsonl"), "epoch")]


def test_metrics_of_a_failure(tmp_path):
    pipeline, output, path = write(tmp_path, TINY), tmp_path / "d", tmp_path / "m.json"
    fault("run", pipeline, "-o", output, "--metrics", path, call="write", number=1, error=errno.EIO, under=output / "solve")
    found = metrics(path)
    assert found["status"] == 74 and [step["done"] for step in found["steps"]] == [True, False]


def test_metrics_that_cannot_be_written(tmp_path):
    pipeline, output = write(tmp_path, TINY), tmp_path / "d"
    refused("run", pipeline, "-o", output, "--metrics", tmp_path / "m.txt", status=64, says=[".json", ".prom"])
    refused("run", pipeline, "-o", output, "--metrics", tmp_path / "no/m.json", status=73, says="--metrics")
    assert not output.exists()
    # Later it is said once, and the work is done.
    path = tmp_path / "m.json"
    result = fault("run", pipeline, "-o", output, "--metrics", path, call="rename", number=2, always=True, under=path)
    assert result.returncode == 0 and result.stderr.count("the metrics are not up to date") == 1


@pytest.mark.parametrize(
    "command",
    ["verify DATASET", "export csv DATASET -o OUT.csv", "unpack DATASET -o OUT", "step PIPELINE sample -o OUT", "sample PIPELINE -o OUT"],
)
def test_commands_that_can_be_followed(command, tiny, tmp_path):
    words = {"DATASET": tiny, "OUT": tmp_path / "o", "OUT.csv": tmp_path / "o.csv", "PIPELINE": write(tmp_path, TINY)}
    arguments = [words.get(word, word) for word in command.split()]
    steadyset(*arguments, "--log", tmp_path / "l", "--metrics", tmp_path / "m.json", expect=(0, 65))
    found = lines(tmp_path / "l")
    assert found[0]["event"] == "begin" and found[-1]["event"] == "end"
    assert found[-1]["status"] == metrics(tmp_path / "m.json")["status"]
