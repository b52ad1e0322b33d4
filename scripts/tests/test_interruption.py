"""Killed, interrupted, terminated: nothing half done looks whole, and the next run gets to the same bytes."""

import os
import random
import signal
import subprocess
import time

import pytest
from conftest import BINARY, contents, ids, leftovers, looks_finished, refused, steadyset
from processes import Held, first_line, is_locked, locked

SEED = int(os.environ.get("SEED", "20231"))


def sound_so_far(dataset):
    """Whatever has a manifest is sound; returns whether anything has."""
    result = steadyset("verify", dataset, expect=(0, 66))
    return result.returncode == 0


def run_duration(pipeline, folder):
    began = time.monotonic()
    steadyset("run", pipeline, "-o", folder)
    return time.monotonic() - began


def test_killed_at_random_moments(slow, tmp_path):
    """SIGKILL a dozen times, anywhere; then the same bytes as without."""
    pipeline, undisturbed = slow
    generator = random.Random(SEED)
    print(f"SEED={SEED}")
    whole = run_duration(pipeline, tmp_path / "timed")
    output = tmp_path / "dataset"
    killed = finished = 0
    # The moments are random anyway; a machine that is slower or faster than it was before only shifts them. A run that
    # ends before its moment starts over in a new folder.
    while killed < 12:
        delay = generator.uniform(0, 0.4 * whole)
        process = subprocess.Popen(
            [BINARY, "run", pipeline, "-o", output], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            killed += 1
            if output.exists():
                sound_so_far(output)
        else:
            assert process.returncode == 0
            assert ids(output) == ids(undisturbed)
            finished += 1
            output = tmp_path / f"dataset{finished}"
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(undisturbed)
    assert not leftovers(output)
    assert "0 findings" in steadyset("verify", output, "--resolve", "3").stdout


def test_killed_while_packing(slow, tmp_path):
    """The same for the last stage alone, which is too short to be hit by chance."""
    pipeline, undisturbed = slow
    generator = random.Random(SEED + 1)
    print(f"SEED={SEED}")
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "split")
    # Held where it begins, so that one kill at least is within the stage.
    with Held("pack", pipeline, "-o", output) as held:
        held.wait_until(lambda: is_locked(output))
        held.process.kill()
        assert held.process.wait() == -signal.SIGKILL
    assert sound_so_far(output) and not (output / "pack/manifest.json").exists()
    for _ in range(8):
        process = subprocess.Popen(
            [BINARY, "pack", pipeline, "-o", output], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            first_line(process, "pack:")
        except AssertionError:  # it was finished before
            assert process.wait() == 0
            break
        time.sleep(generator.uniform(0, 0.05))
        process.kill()
        process.wait()
        process.stderr.close()
        assert sound_so_far(output)
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(undisturbed)
    assert not leftovers(output)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("stage", ["sample", "solve", "pack"])
def test_signals_end_in_order(number, status, stage, slow, tmp_path):
    """SIGINT and SIGTERM within a stage: their status, one message, no half results; the same command finishes."""
    pipeline, undisturbed = slow
    output = tmp_path / "dataset"
    before = ["sample", "solve", "split"][: ["sample", "solve", "pack"].index(stage) + (stage == "pack")]
    for earlier in before:
        steadyset(earlier, pipeline, "-o", output)
    with Held("run", pipeline, "-o", output) as held:
        held.wait_until(lambda: is_locked(output))
        # Held where the stage begins: the signal comes before its first sample.
        held.process.send_signal(number)
        code, said = held.let_go()
    assert code == status, said
    assert "run the same command again" in said and said.count("error:") == 1
    assert not leftovers(output)
    assert not (output / stage / "manifest.json").exists()
    assert not [p for p in looks_finished(output) if f"/{stage}/" in p]
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(undisturbed)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_at_random_moments(number, status, slow, tmp_path):
    """In the middle of parts: finished ones are kept, no temporary file is left."""
    pipeline, undisturbed = slow
    generator = random.Random(SEED + number)
    print(f"SEED={SEED}")
    output = tmp_path / "dataset"
    interrupted = finished = 0
    # A run that ends before its moment starts over in a new folder, so that any machine has its interruptions.
    while interrupted < 6:
        assert finished < 20, "every run ends before its signal"
        process = subprocess.Popen(
            [BINARY, "run", pipeline, "-o", output], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            first_line(process, "solve:")
            time.sleep(generator.uniform(0, 0.2 / (finished + 1)))
            process.send_signal(number)
            said = process.communicate(timeout=60)[1]
        except AssertionError as error:  # it was finished before
            process.wait()
            said = str(error)
        assert process.returncode in (status, 0), said
        assert not leftovers(output)
        sound_so_far(output)
        if process.returncode == status:
            interrupted += 1
        else:
            finished += 1
            assert contents(output) == contents(undisturbed)
            output = tmp_path / f"dataset{finished}"
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(undisturbed)


def test_second_signal_ends_at_once(slow, tmp_path):
    """Who presses Ctrl-C twice does not wait: the process ends although it is held."""
    pipeline, _ = slow
    with Held("run", pipeline, "-o", tmp_path / "dataset") as held:
        held.wait_until(lambda: is_locked(tmp_path / "dataset"))
        held.process.send_signal(signal.SIGINT)
        while held.process.poll() is None:  # two equal signals may merge into one while they are pending
            time.sleep(0.01)
            held.process.send_signal(signal.SIGINT)
        assert held.process.returncode == 130


def test_output_in_use(slow, tmp_path):
    """A second process is refused while the first works; afterwards it is not."""
    pipeline, undisturbed = slow
    output = tmp_path / "dataset"
    with Held("run", pipeline, "-o", output) as held:
        held.wait_until(lambda: is_locked(output))
        for command in (["run", pipeline, "-o", output], ["sample", pipeline, "-o", output],
                        ["step", pipeline, "sample", "--run", output]):
            refused(*command, status=75, says=["in use by another process", str(output)])
        code, said = held.let_go()
    assert code == 0, said
    steadyset("run", pipeline, "-o", output)
    assert ids(output) == ids(undisturbed)


def test_lock_of_a_step(tiny, tmp_path):
    """Two processes do not write the same part; and a lock that its holder left is free."""
    from conftest import TINY, write

    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    with locked(output):
        refused("run", pipeline, "-o", output, status=75, says="in use")
    steadyset("run", pipeline, "-o", output, "--until", "sample")
    with Held("step", pipeline, "solve-00001", "--run", output) as held:
        # It says "solve: … samples" once it has the step's lock.
        held.wait_until(lambda: (output / ".steadyset/steps/solve-00001.lock").exists() and (output / "solve").exists())
        refused("step", pipeline, "solve-00001", "--run", output, status=75, says="solve-00001")
        steadyset("step", pipeline, "solve-00002", "--run", output)
        assert held.let_go()[0] == 0
    steadyset("run", pipeline, "-o", output)
    assert contents(output) == contents(tiny)
