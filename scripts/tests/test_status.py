"""`steadyset status`: who works in a folder, what is done there, how it ended; without a lock, and without a trace."""

import errno
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest
from conftest import BINARY, TAUGHT, TINY, changed, contents, ids, leftovers, refused, steadyset, write
from faults import calls, fault
from processes import Held, locked
from test_schemas import check

PROGRESS = ".steadyset/progress"


def status(dataset, *options, expect=0):
    """What `status --json` says, which its schema allows."""
    found = json.loads(steadyset("status", dataset, "--json", *options, expect=expect).stdout)
    check("status", found)
    return found


def begun(*arguments, output, claim="run"):
    """A process that is held where it has begun to work in `output`."""
    held, path = Held(*arguments), pathlib.Path(output) / PROGRESS / f"{claim}.json"
    return held.wait_until(lambda: path.exists() and json.loads(path.read_text())["process"]["pid"] == held.process.pid)


def stages(found):
    return {stage["stage"]: stage["state"] for stage in found["stages"]}


def test_of_a_run(slow, tmp_path):
    """While it works, after it was killed, and after it has ended: each time what is so."""
    pipeline, undisturbed = slow
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "sample")
    # Without a forecast, the first that it says is what it does.
    with begun("solve", pipeline, "-o", output, output=output) as held:
        held.wait_until(lambda: [w["total"] for w in status(output)["workers"]] == [200])
        found = status(output)
        (worker,) = found["workers"]
        assert found["state"] == worker["state"] == "working" and worker["alive"] is True
        assert (worker["pid"], worker["host"]) == (held.process.pid, socket.gethostname())
        assert (worker["command"], worker["claim"], worker["pipeline"]) == ("solve", None, str(pipeline))
        assert (worker["stage"], worker["step"], worker["done"], worker["ended"]) == ("solve", "solve", 0, None)
        assert stages(found) == {"sample": "done", "solve": "missing"}
        said = steadyset("status", output).stdout
        assert f"process {held.process.pid} on {socket.gethostname()}" in said and "alive" in said and "solve 0/200" in said
        check("progress", json.loads((output / PROGRESS / "run.json").read_text()))
        held.process.kill()
        # Before anybody has waited for it, and afterwards.
        os.waitid(os.P_PID, held.process.pid, os.WEXITED | os.WNOWAIT)
        assert status(output, expect=1)["state"] == "vanished"
        held.process.wait()
    found = status(output, expect=1)
    assert found["state"] == "vanished" and found["workers"][0]["alive"] is False and found["workers"][0]["ended"] is None
    said = steadyset("status", output, expect=1).stdout
    assert "ended without a word" in said and "solve to do" in said
    steadyset("run", pipeline, "-o", output)
    found = status(output)
    assert found["state"] == "done" and set(stages(found).values()) == {"done"}
    assert "done" in steadyset("status", output).stdout.splitlines()[0]
    assert contents(output) == contents(undisturbed) and not leftovers(output)


def test_of_steps(tiny, tmp_path):
    """Several processes in one folder: each with its step; what is done afterwards is told by the records alone."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    steadyset("step", pipeline, "sample", "-o", output)
    assert not list((output / PROGRESS).iterdir())
    total = len(list((output / "sample").glob("*.jsonl")))
    names = ["solve-00001", "solve-00002"]
    first, second = (begun("step", pipeline, name, "-o", output, output=output, claim=name) for name in names)
    with first, second:
        found = status(output)
        assert found["state"] == "working"
        assert {worker["claim"]: worker["pid"] for worker in found["workers"]} == {
            names[0]: first.process.pid, names[1]: second.process.pid}  # fmt: skip
        assert "2 processes work" in steadyset("status", output).stdout
        assert first.let_go()[0] == 0
        found = status(output)
        assert [worker["claim"] for worker in found["workers"]] == names[1:]
        assert next(s for s in found["stages"] if s["stage"] == "solve")["parts"] == [1, total]
        second.process.kill()
        second.process.wait()
    assert status(output, expect=1)["state"] == "vanished"
    # The step, done again, is done; nobody works here.
    steadyset("step", pipeline, names[1], "-o", output)
    found = status(output)
    assert found["state"] == "idle" and found["workers"] == []
    assert next(s for s in found["stages"] if s["stage"] == "solve") == {
        "stage": "solve", "state": "partly", "samples": found["stages"][1]["samples"], "parts": [2, total]}  # fmt: skip
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(tiny)


def test_of_a_run_that_failed(tmp_path):
    """The error is told, and the warnings before it."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    result = fault("run", pipeline, "-o", output, call="write", number=1, error=errno.ENOSPC, under=output / "solve")
    assert result.returncode == 74
    found = status(output, expect=1)
    assert found["state"] == "failed" and found["workers"][0]["failure"] == "io"
    assert found["workers"][0]["error"] in result.stderr
    said = steadyset("status", output, expect=1).stdout
    assert "failed" in said and "No space left" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_of_a_run_that_was_interrupted(number, slow, tmp_path):
    pipeline, _ = slow
    output = tmp_path / "dataset"
    with begun("run", pipeline, "-o", output, output=output) as held:
        held.process.send_signal(number)
        held.let_go()
    assert status(output, expect=1)["state"] == "interrupted"


def test_of_rounds(tmp_path):
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 2}, rounds={"count": 2, "add": 4, "pool": 20}))
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "evaluate")
    assert status(output)["rounds"] == []
    steadyset("run", pipeline, "-o", output)
    found = status(output)
    assert [r["round"] for r in found["rounds"]] == [1, 2] and found["state"] == "done"
    assert all(r["done"] == ["resample", "solve", "pack", "train", "evaluate"] for r in found["rounds"])
    assert set(stages(found)) == {"sample", "solve", "split", "pack", "train", "evaluate"}
    assert "round 2" in steadyset("status", output).stdout


def test_of_a_dataset_that_was_fetched(tiny, tmp_path):
    """Shards alone, without anything of this program's own."""
    shutil.copytree(tiny / "pack", tmp_path / "d/pack")
    found = status(tmp_path / "d")
    assert found["state"] == "idle" and stages(found)["pack"] == "done"


def test_of_an_evaluation(taught, tmp_path):
    """In a folder of its own: what it rests on is elsewhere."""
    _, dataset = taught
    steadyset("evaluate", "--data", dataset, "--model", dataset, "-o", tmp_path / "e")
    assert stages(status(tmp_path / "e")) == {"evaluate": "done"}
    steadyset("train", taught[0], "--data", dataset, "-o", tmp_path / "m", "--epochs", "1")
    assert stages(status(tmp_path / "m")) == {"train": "done"}


def test_without_a_lock_or_a_trace(slow, tmp_path):
    """It takes no lock, writes nothing, and disturbs nobody who takes one."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "sample")

    def state():
        return {p: (p.lstat().st_mtime_ns, p.lstat().st_size) for p in [output, *output.rglob("*")]}

    before = state()
    for call in ("lock", "write", "folder", "rename", "unlink"):
        assert calls("status", output, call=call, under=tmp_path, folder=tmp_path.parent) == 0
    with locked(output):
        assert status(output)["state"] == "done"
    assert state() == before


def elsewhere(path, **changes):
    """Makes a progress file one of another machine."""
    document = json.loads(path.read_text())
    document["process"] |= {"host": "elsewhere", "boot": "another"}
    document |= changes
    path.write_text(json.dumps(document))


def test_of_another_machine(slow, tmp_path):
    """Whether a process there lives is not known: it was heard of lately, or not, or it goes on although its clock is wrong."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    with begun("run", pipeline, "-o", output, output=output) as held:
        path = output / PROGRESS / "run.json"
        held.process.kill()
        held.process.wait()
    now = json.loads(path.read_text())
    elsewhere(path, updated=subprocess.run(["date", "-u", "+%Y-%m-%dT%H:%M:%S.000Z"], capture_output=True, text=True).stdout.strip())
    found = status(output)
    assert found["state"] == "working" and found["workers"][0]["alive"] is None
    elsewhere(path, updated="2026-01-01T00:00:00.000Z")
    found = status(output, expect=1)
    assert found["state"] == "silent" and found["workers"][0]["alive"] is None
    assert "silent" in steadyset("status", output, expect=1).stdout
    # What it said at the end is so wherever it was.
    elsewhere(path, ended={"time": now["updated"], "failure": None, "message": None})
    assert status(output)["state"] == "done"


def test_a_number_that_another_process_has_now(slow, tmp_path):
    """The same number, but a process that began at another time: not the one that worked."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    with begun("run", pipeline, "-o", output, output=output) as held:
        held.process.kill()
        held.process.wait()
    path = output / PROGRESS / "run.json"
    document = json.loads(path.read_text())
    document["process"]["pid"] = os.getpid()
    path.write_text(json.dumps(document))
    assert status(output, expect=1)["state"] == "vanished"
    # Steps that are done since tell more than it does.
    steadyset("step", pipeline, "sample", "-o", output)
    assert status(output)["state"] == "idle"


def test_of_what_cannot_be_read(slow, tmp_path):
    """Files that a stranger made, that are damaged, too large, or links: said, and passed over."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "sample")
    folder = output / PROGRESS
    good = json.loads((folder / "run.json").read_text())
    (folder / "a.json").write_text("{")
    (folder / "b.json").write_text(json.dumps(good | {"version": 2}))
    (folder / "c.json").write_bytes(b" " * (1 << 17))
    (folder / "d.json").symlink_to(folder / "run.json")
    (folder / ".e.json.tmp").write_text("{")
    message = {"time": good["updated"], "text": "\x1b[31mred\nand a line"}
    (folder / "run.json").write_text(json.dumps(good | {"warnings": 1, "messages": [message]}))
    found = status(output)
    assert found["state"] == "done" and len(found["unreadable"]) == 4
    said = steadyset("status", output).stdout
    assert "\x1b" not in said and "\\u001b[31mred" in said and said.count("not read:") == 4
    # The next run makes it clean.
    steadyset("run", pipeline, "-o", output, "--until", "sample")
    assert [path.name for path in folder.iterdir()] == ["run.json"]


def test_refusals(tmp_path):
    refused("status", tmp_path / "nothing", status=66, says="no such folder")
    (tmp_path / "something").mkdir()
    refused("status", tmp_path / "something", status=66, says="no dataset")
    refused("status", write(tmp_path, TINY), status=66, says="no such folder")


@pytest.mark.parametrize("call", ["folder", "write", "rename", "close"])
def test_progress_that_cannot_be_written(call, tiny, tmp_path):
    """The work goes on, to the same bytes, and says why nobody will see it."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    result = fault("run", pipeline, "-o", output, call=call, number=1, always=True, error=errno.EIO, under=output / PROGRESS)
    assert result.returncode == 0 and result.stderr.count("its progress cannot be told") == 1, result.stderr
    assert contents(output) == contents(tiny) and not leftovers(output)


def test_progress_is_in_no_result(slow, tmp_path):
    """Not in ids, not in what verify, export and push look at."""
    pipeline, undisturbed = slow
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output)
    assert ids(output) == ids(undisturbed)
    assert "0 findings" in steadyset("verify", output).stdout
    steadyset("export", "mds", output, "-o", tmp_path / "mds")
    assert not [path for path in (tmp_path / "mds").rglob("*") if "progress" in path.name]


def test_watching(slow, tmp_path):
    """It ends when the work does, with the same status; lines where nothing can be redrawn, documents with --json."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    with begun("run", pipeline, "-o", output, output=output) as held:
        command = [BINARY, "status", output, "--watch"]
        plain, machine = (
            subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) for more in ([], ["--json"]))  # fmt: skip
        first = plain.stdout.readline()
        assert first.startswith("run  ") and "\x1b" not in first
        documents = [json.loads(machine.stdout.readline())]
        assert documents[0]["state"] == "working"
        assert held.let_go()[0] == 0
        rest = plain.communicate(timeout=60)[0]
        documents += map(json.loads, machine.communicate(timeout=60)[0].splitlines())
    assert plain.returncode == machine.returncode == 0
    assert f"{output}: done" in rest
    for document in documents:
        check("status", document)
    assert documents[-1]["state"] == "done"


def test_watching_a_terminal(slow, tmp_path):
    """On a terminal the lines are written over one another, and the last word stays."""
    pipeline, _ = slow
    output = tmp_path / "dataset"
    with begun("run", pipeline, "-o", output, output=output) as held:
        mine, theirs = os.openpty()
        environment = os.environ | {"TERM": "xterm"}
        process = subprocess.Popen([BINARY, "status", output, "--watch"], stdout=theirs, env=environment)
        os.close(theirs)
        said = b""
        while said.count(b"\x1b[J") < 2:
            said += os.read(mine, 65536)
        held.process.kill()
        held.process.wait()
        while True:
            try:
                data = os.read(mine, 65536)
            except OSError:  # Linux says so where the other side is closed
                break
            if not data:
                break
            said += data
        os.close(mine)
    assert process.wait() == 1
    last = said.decode().rpartition("\x1b[?7h")[2]
    assert "ended without a word" in last and "\x1b" not in last


def test_of_shards_alone(tmp_path):
    """What was unpacked or pulled misses nothing; `unpack` says how far it is, and nobody else works in its folder meanwhile."""
    steadyset("run", write(tmp_path, TINY), "-o", tmp_path / "recipe", "--codec", "recipe")
    output = tmp_path / "standard"
    with Held("unpack", tmp_path / "recipe", "-o", output) as held:
        held.wait_until(lambda: (output / ".steadyset/progress/run.json").exists())
        assert status(output)["workers"][0]["command"] == "unpack"
        refused("unpack", tmp_path / "recipe", "-o", output, status=75, says="in use")
        assert held.let_go()[0] == 0
    found = status(output)
    assert found["state"] == "done" and found["workers"][0]["done"] == 120
    said = steadyset("status", output).stdout
    assert said.splitlines()[0].endswith(": done") and said.count("not here") == 3 and "to do" not in said
