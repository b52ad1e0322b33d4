"""Signals at random moments of every command that writes: nothing half done looks whole, and the same command, given again, gets to
the same bytes.

KILLS signals are sent in all, a few of each command in the suite. SEED chooses their moments. The long form:

    KILLS=1000 .venv/bin/python -m pytest -q -s -p no:cacheprovider scripts/tests/test_kills.py

which takes ten minutes on two cores and prints how the commands ended.
"""

import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
from conftest import BINARY, SLOW, changed, write
from disturbed import KINDS, SMALL, Command, Going, Run, difference, pristine, results  # noqa: F401 - a fixture
from test_trainer import SCORES

SEED = int(os.environ.get("SEED", "20231"))
WANTED = int(os.environ.get("KILLS", "104"))
SIGNALS = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}


class Slow(Run):
    """A run that solves long enough to be hit in the middle of parts."""

    def __init__(self, pristine, folder):
        super().__init__(pristine, folder)
        self.pipeline = write(folder, SLOW)


class Trainer(Going):
    """Rounds with a trainer of one's own; each leaves a process that its group's end does not reach, and that writes other scores
    later."""

    first, last = "pack", "resample"
    script = """
setsid sh -c 'sleep 0.3; { echo id,mae; echo 0123456789abcdef,1; } > "$STEADYSET_ERRORS"' > /dev/null 2>&1 &
sleep 0.1
scores
"""

    def __init__(self, pristine, folder):
        super().__init__(pristine, folder)
        (folder / "train.sh").write_text(SCORES + self.script)
        given = changed(SMALL, rounds={"count": 2, "trainer": {"command": f"sh {folder}/train.sh", "time_limit": 60}})
        del given["train"]
        self.pipeline = write(folder, given)

    def may_be(self, path, bytes, good, before):
        if path == "pack/tags.json":  # of one round, or of two
            return json.loads(bytes).items() <= json.loads(good[path]).items()
        return super().may_be(path, bytes, good, before)


class Push(Command):
    """A dataset to a place that its files are written to by other names first."""

    @property
    def line(self):
        return [sys.executable, "-m", "steadyset.transfer", "push", str(self.dataset), f"file://{self.place}"]


ALL = {**KINDS, "slow": Slow, "trainer": Trainer, "push": Push}


def begin(command):
    return subprocess.Popen(command.line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def disturb(command, moment, number, good):
    """Sends a signal; returns how the command ended."""
    before, left = results(command.place) if command.place.exists() else {}, set(command.output.rglob("*.tmp"))
    process = begin(command)
    time.sleep(moment)
    process.send_signal(number)
    said = process.communicate(timeout=120)[1]
    status = process.returncode
    # A process that has not come to the place where it looks for signals ends by them.
    assert status in (0, SIGNALS[number], -number) or status in (66, 73) and command.may_refuse(good), f"{status}\n{said}"
    found = results(command.place) if command.place.exists() else {}
    for path, bytes in found.items():
        assert command.may_be(path, bytes, good, before), f"{number.name} after {moment} s: {path} differs"
    if status > 128 and command.line[0] == str(BINARY):
        assert re.search("error: (interrupted|terminated)", said) and said.count("error:") == 1, said
        more = set(command.output.rglob("*.tmp")) - left  # what was killed before may have left some
        assert not more, f"{number.name} after {moment} s left {more}"
    return status


@pytest.mark.parametrize("kind", ALL)
def test_signals_at_random_moments(kind, pristine, tmp_path):  # noqa: F811
    command = ALL[kind](pristine, tmp_path)
    generator = random.Random(f"{SEED} {kind}")
    print(f"SEED={SEED}")
    command.reset()
    began = time.monotonic()
    process = begin(command)
    assert process.wait(timeout=300) == 0, process.stderr.read()
    process.stderr.close()
    whole = time.monotonic() - began
    good = results(command.place)
    ended, sent = collections.Counter(), 0
    while sent < WANTED / len(ALL):
        command.reset()
        # One after the other, with no whole run between, until a command is done before its moment.
        for _ in range(generator.choice([1, 1, 2, 4])):
            number = generator.choice([signal.SIGKILL] * 3 + [signal.SIGTERM, signal.SIGINT])
            status = disturb(command, generator.uniform(0, whole), number, good)
            ended[status] += 1
            sent += status != 0
            if status == 0:
                break
        again = subprocess.run(command.line, capture_output=True, text=True, timeout=300)
        assert again.returncode == 0 or command.may_refuse(good), again.stderr
        final = results(command.place)
        assert final == good, f"after the restart {difference(final, good)}"
        left = [path for path in command.output.rglob("*.tmp") if command.output != path]
        assert not left, f"left after the restart: {left}"
        assert sum(ended.values()) < 100 + 20 * WANTED, "every command ends before its signal"
    print(f"{kind}: {sent} signals in {whole:.2f} s each, ended with {dict(sorted(ended.items()))}")
