"""A trainer of one's own: when it has ended, what it gets, what of it is kept, and what becomes of it when others end."""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time

import pytest
import yaml
from conftest import BINARY, REPOSITORY, changed, leftovers, refused, steadyset, write
from test_rounds import ROUNDS, choices, environment_of, versions

# Scores every candidate, 1, 2, 3, … in the order of their lines; nothing in the last call.
SCORES = r"""
scores() {
  [ -n "$STEADYSET_ERRORS" ] || return 0
  { echo "id,${2:-mae}"; cat "$STEADYSET_CANDIDATES"/sample/*.jsonl | grep -o '"id":"[0-9a-f]*"' | cut -d'"' -f4 | awk -v s="${1:-1}" '{print $1","s*NR}'
  } > "$STEADYSET_ERRORS"
}
"""


@pytest.fixture(scope="module")
def base(shards):
    return shards


def pipeline(folder, script, rounds=None, **trainer):
    """Writes a pipeline of one round whose trainer is a script in `folder`; returns its path."""
    (folder / "train.sh").write_text(SCORES + script)
    command = {"command": f"sh {shlex.quote(str(folder / 'train.sh'))}", "time_limit": 60}
    given = changed(ROUNDS, rounds={"count": 1, "pool": 30, "trainer": command | trainer} | (rounds or {}))
    del given["train"]
    return write(folder, given)


def started(base, folder):
    """A dataset in `folder` that is packed."""
    return pathlib.Path(shutil.copytree(base, folder / "dataset"))


def added(dataset, tag="round-1"):
    return [float(line["score"]) for line in choices(dataset, tag) if line["action"] == "added"]


def marked(dataset):
    """Processes of the trainers of a dataset."""
    return [pid for pid in os.listdir("/proc") if pid.isdigit() and str(dataset) in environment_of(pid)]


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never came to be"
        time.sleep(0.01)


@pytest.mark.parametrize(
    "left", ["setsid sleep 100 &", "sleep 100 &", "(trap '' TERM; sleep 100) &", "sleep 100 3>&1 4>&2 & exec >&- 2>&- <&-"]
)
def test_the_end_of_the_command_counts(left, base, tmp_path):
    """Whatever it leaves running, and whatever pipes that holds."""
    dataset = started(base, tmp_path)
    before = set(os.listdir("/proc"))
    file = pipeline(tmp_path, f"scores\n{left}", time_limit=20)
    steadyset("run", file, "-o", dataset)  # who waits for what is left comes to the time limit
    for pid in set(marked(dataset)) - before:
        os.kill(int(pid), signal.SIGKILL)
    # Nothing that is left alive alters what was kept: the trainer is not called again.
    (tmp_path / "train.sh").write_text("exit 9")
    steadyset("run", file, "-o", dataset)


def test_what_a_daemon_still_prints_alters_nothing(base, tmp_path):
    dataset = started(base, tmp_path)
    file = pipeline(tmp_path, "scores\nsetsid sh -c 'while [ ! -e end ]; do echo more; sleep 0.1; done' &\necho called >> calls")
    steadyset("run", file, "-o", dataset)
    time.sleep(0.3)
    steadyset("run", file, "-o", dataset)
    for number in (0, 1):
        (dataset / f"rounds/{number}/trainer/end").touch()
        assert (dataset / f"rounds/{number}/trainer/calls").read_text() == "called\n"


def test_a_time_limit_ends_the_whole_group(base, tmp_path):
    dataset = started(base, tmp_path)
    file = pipeline(tmp_path, "trap 'echo asked; exit 0' TERM\nsleep 1000 &\nsleep 1000 & wait", time_limit=1)
    error = refused("run", file, "-o", dataset, status=4, says="took longer than 1.0 s and was ended")
    assert "time_limit" in error
    assert (dataset / "rounds/0/trainer/log.txt").read_text() == "asked\n"
    assert not marked(dataset)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_it_ends_with_the_run(number, status, base, tmp_path):
    """However that ends."""
    dataset = started(base, tmp_path)
    file = pipeline(tmp_path, "touch begun; sleep 100 &\nsleep 100")
    process = subprocess.Popen([BINARY, "run", file, "-o", dataset], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((dataset / "rounds/0/trainer/begun").exists)
    assert marked(dataset)
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    wait_until(lambda: not marked(dataset))


def test_what_an_orphan_writes_late_is_nobodys(base, tmp_path):
    """The run is killed while a trainer works that left its process group; the next run takes its own trainer's table."""
    dataset = started(base, tmp_path)
    orphan = f"setsid sh {tmp_path}/orphan.sh &\ntouch begun\nsleep 100"
    (tmp_path / "orphan.sh").write_text(
        SCORES + f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; scores 1000; touch {tmp_path}/gone"
    )
    file = pipeline(tmp_path, orphan)
    process = subprocess.Popen([BINARY, "run", file, "-o", dataset], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((dataset / "rounds/0/trainer/begun").exists)
    process.kill()
    process.wait()
    pipeline(tmp_path, f"scores\n[ -e {tmp_path}/gone ] || touch {tmp_path}/go\nwhile [ ! -e {tmp_path}/gone ]; do sleep 0.01; done")
    steadyset("run", file, "-o", dataset)
    assert max(added(dataset)) <= 30
    for number in (0, 1):
        names = {path.name for path in (dataset / f"rounds/{number}/trainer").iterdir()}
        assert not [name for name in names if name.startswith("call-")] and "log.txt" in names


@pytest.mark.parametrize(
    "script, status, says",
    [
        ('[ -z "$STEADYSET_ERRORS" ] || echo id,error > "$STEADYSET_ERRORS"', 65, "there is no column 'mae'"),
        ("scores -1", 65, r"errors.csv:2: sample \w+ has the mae '-1'"),
        ('scores; echo id,error > "$STEADYSET_TEST_ERRORS"', 65, "test-errors.csv:1: there is no column 'mae'"),
        ('scores; printf "id,mae\\n0123456789abcdef,1" > "$STEADYSET_TEST_ERRORS"', 65, "test-errors.csv:2: does not end"),
        ("true", 4, "wrote no .*errors.csv"),
        ('mkdir "$STEADYSET_ERRORS"', 4, "wrote no .*errors.csv"),
        ('mkfifo "$STEADYSET_ERRORS"', 65, "errors.csv.*regular file"),
        ('ln -s nowhere "$STEADYSET_ERRORS"', 4, "wrote no .*errors.csv"),
        ('rm -rf "$PWD"', 4, "wrote no .*errors.csv"),
        ("kill -SEGV $$", 4, r"killed by signal 11 \(SIGSEGV\)|status 139, .* SIGSEGV"),
        ("sh -c 'kill -9 $$'", 4, "ended with status 137, which a shell returns where SIGKILL"),
        ("no-such-program", 4, "ended with status 127; .*not found"),
        (r"printf 'odd \033]0;owned\007\033[2J end\n\n  \n'; exit 3", 4, r"status 3; .*odd \\u001b\]0;owned\\u0007\\u001b\[2J end"),
        (r"printf 'epoch 1\repoch 2\rno memory'; exit 3", 4, "at its end: no memory$"),
        ("head -c 100000 /dev/zero | tr '\\0' x; exit 3", 4, "at its end: x{300}…"),
    ],
)
def test_a_mended_trainer_is_called(script, status, says, base, tmp_path):
    """Checks come before records: what was wrong is not taken for done."""
    dataset = started(base, tmp_path)
    file = pipeline(tmp_path, script)
    result = steadyset("run", file, "-o", dataset, expect=status)
    assert re.search(says, result.stderr, re.M), result.stderr
    assert "\033" not in result.stderr and len(result.stderr) < 4000
    assert not (dataset / "pack/tags.json").exists()
    pipeline(tmp_path, "scores")
    steadyset("run", file, "-o", dataset)
    assert len(added(dataset)) == 9 and not leftovers(dataset)
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_what_it_gets(base, tmp_path):
    """Variables of an outer run are taken out, the others handed on; no input, and its own folder."""
    dataset = started(base, tmp_path)
    file = pipeline(tmp_path, "env > env; pwd > pwd; cat > input; scores; echo id,mae > $STEADYSET_TEST_ERRORS")
    outer = {f"STEADYSET_{name}": "/outer" for name in ("ERRORS", "CANDIDATES", "CANDIDATES_MANIFEST", "CANDIDATES_SELECTION", "DATA")}
    environment = os.environ | outer | {"OF_MINE": "a b\nc", "STEADYSET_OF_MINE": "1"}
    relative = os.path.relpath(file, tmp_path)
    steadyset("run", relative, "-o", "dataset", env=environment, cwd=tmp_path)
    for number in (0, 1):
        folder = dataset / f"rounds/{number}/trainer"
        text = (folder / "env").read_text()
        names = {line.split("=")[0][10:] for line in text.splitlines() if line.startswith("STEADYSET_")} - {name[10:] for name in os.environ}
        expected = {"PIPELINE", "DATA", "MANIFEST", "SELECTION", "TEST_ERRORS", "ROUND", "SEED", "OF_MINE"}
        if number == 0:
            expected |= {"CANDIDATES", "CANDIDATES_MANIFEST", "CANDIDATES_SELECTION", "ERRORS"}
        assert names == expected
        assert "/outer" not in text and "OF_MINE=a b\nc" in text
        assert f"STEADYSET_PIPELINE={file.resolve()}\n" in text
        assert (folder / "pwd").read_text().strip() == str(folder.resolve())
        assert (folder / "input").read_text() == ""


def test_a_run_inside_a_trainer(base, tmp_path):
    """Another dataset, with a trainer of its own, in the folder of the outer one."""
    inner = tmp_path / "inner"
    inner.mkdir()
    file = pipeline(inner, "scores")
    script = f"{shlex.quote(str(BINARY))} run {file} -o inner && {shlex.quote(str(BINARY))} show \"$STEADYSET_DATA\" && scores"
    dataset = started(base, tmp_path)
    steadyset("run", pipeline(tmp_path, script), "-o", dataset)
    for number in (0, 1):
        assert "round-1" in versions(dataset / f"rounds/{number}/trainer/inner")
    # The outer dataset itself is in use.
    file = pipeline(tmp_path, f"{shlex.quote(str(BINARY))} run \"$STEADYSET_PIPELINE\" -o {tmp_path}/used/dataset")
    (tmp_path / "used").mkdir()
    result = steadyset("run", file, "-o", started(base, tmp_path / "used"), expect=4)
    assert "ended with status 75" in result.stderr and "in use" in result.stderr


def test_a_command_with_a_nul(base, tmp_path):
    text = pipeline(tmp_path, "scores", command="COMMAND").read_text()
    file = write(tmp_path, text.replace("COMMAND", r'"true\0; exit 9"'))
    refused("run", file, "-o", tmp_path / "dataset", status=65, says=r"pipeline.yaml:\d+: rounds.trainer.command: holds a NUL")
    assert not (tmp_path / "dataset").exists()


STOP = """
scores 1 {by}
awk -v r=$STEADYSET_ROUND 'BEGIN {{ for (k = 1; k <= 60; k++) printf "%016x,%.17g\\n", k, k / 60 - 0.001 * r * (1 + k % 2 / 10) }}' > rows
{{ echo id,{by}; {order}; }} > $STEADYSET_TEST_ERRORS
"""


def test_the_stop_rule_pairs_samples_by_id(base, tmp_path):
    """The same errors in any order of lines, in the column that `by` names."""
    found = {}
    shuffled = "awk -v r=$STEADYSET_ROUND '{print (NR * (7 + 4 * r)) % 61, $0}' rows | sort -n | cut -d' ' -f2"
    for name, order in (("ordered", "cat rows"), ("shuffled", shuffled), ("reversed", "tac rows")):
        for by in ("mae", "mse") if name == "ordered" else ("mse",):
            folder = tmp_path / f"{name}-{by}"
            folder.mkdir()
            dataset = started(base, folder)
            file = pipeline(folder, STOP.format(by=by, order=order), {"count": 4, "by": by, "stop": {"standard_errors": 2}})
            said = steadyset("run", file, "-o", dataset).stderr
            found[folder.name] = (sorted(versions(dataset)), "no round" in said)
    assert len(set(map(str, found.values()))) == 1, found


def test_errors_of_other_test_samples(base, tmp_path):
    """`stop` compares samples, so they must be the same ones; the trainer is called again then."""
    dataset = started(base, tmp_path)
    other = 'scores; { echo id,mae; echo 000000000000000${STEADYSET_ROUND},1; } > "$STEADYSET_TEST_ERRORS"'
    file = pipeline(tmp_path, other, {"count": 2, "stop": {"standard_errors": 2}})
    refused("run", file, "-o", dataset, status=65, says="test-errors.csv: lacks scores of the round before")
    pipeline(tmp_path, 'scores; { echo id,mae; echo 0000000000000000,1; } > "$STEADYSET_TEST_ERRORS"')
    steadyset("run", file, "-o", dataset)
    (tmp_path / "without").mkdir()
    file = pipeline(tmp_path / "without", "scores", {"stop": {"standard_errors": 2}})
    said = steadyset("run", file, "-o", started(base, tmp_path / "without")).stderr
    assert "wrote no errors of the test part" in said


PYTHON = """#!/bin/bash
# Stands for `python -m steadyset.training PIPELINE …` and `python -m steadyset.training.evaluate …`: their options, and what they leave.
module=$2; shift 2
[ "$module" = steadyset.training.evaluate ] || { [ -f "$1" ] || { echo "no pipeline '$1'"; exit 1; }; }
while [ $# -gt 0 ]; do case $1 in --data) data=$2;; --output) output=$2;; --selection) selection=$2;; --model) model=$2;; esac; shift; done
[ -n "$data" ] && [ -n "$selection" ] || { echo "a dataset and a selection are needed"; exit 1; }
echo "$module $selection" >> calls
mkdir -p "$output/evaluate"
[ "$module" = steadyset.training ] && exit 0
[ -d "$model" ] || { echo "no model '$model'"; exit 1; }
{ echo id,mae; cat "$data"/sample/*.jsonl | grep -o '"id":"[0-9a-f]*"' | cut -d'"' -f4 | awk '{print $1","NR}'; } > "$output/evaluate/errors.csv"
"""


def test_the_example_of_the_article(base, tmp_path):
    """Word for word, but for the numbers of rounds and samples."""
    article = (REPOSITORY / "Sources/steadyset/Documentation.docc/Curation.md").read_text()
    [block] = [block for block in re.findall("^```yaml\n(.*?)^```$", article, re.M | re.S) if "trainer:" in block]
    rounds = yaml.safe_load(block)["rounds"]
    assert rounds.pop("count") == 3 and rounds.pop("add") == 400
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").write_text(PYTHON)
    (tmp_path / "bin/python").chmod(0o755)
    file = write(tmp_path, changed(ROUNDS, rounds={"count": 2, "pool": 30} | rounds))
    dataset = started(base, tmp_path)
    environment = os.environ | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    steadyset("run", file.name, "-o", "dataset", cwd=tmp_path, env=environment)
    assert sorted(versions(dataset)) == ["round-1", "round-2"]
    calls = [(dataset / f"rounds/{number}/trainer/calls").read_text().splitlines() for number in (0, 1, 2)]
    assert [len(lines) for lines in calls] == [2, 2, 1] and calls[2] == ["steadyset.training round-2"]
