"""Killed, interrupted, terminated: nothing half done looks whole, and the next run gets to the same bytes."""

import signal
import time

import pytest
from conftest import contents, ids, leftovers, looks_finished, refused, steadyset
from processes import Held, is_locked, locked


def sound_so_far(dataset):
    """Whatever has a manifest is sound; returns whether anything has."""
    result = steadyset("verify", dataset, expect=(0, 66))
    return result.returncode == 0


def test_killed_while_packing(slow, tmp_path):
    """The last stage is too short to be hit by chance."""
    pipeline, undisturbed = slow
    output = tmp_path / "dataset"
    steadyset("run", pipeline, "-o", output, "--until", "split")
    # Held where it begins.
    with Held("pack", pipeline, "-o", output) as held:
        held.wait_until(lambda: is_locked(output))
        held.process.kill()
        assert held.process.wait() == -signal.SIGKILL
    assert sound_so_far(output) and not (output / "pack/manifest.json").exists()
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
