"""Forks of a process that has engines: what is lent stays as it was on both sides, and nobody uses another's engines."""

import multiprocessing
import os
import pathlib
import subprocess
import sys
import threading

import numpy as np
import pytest
from steadyset import engine
from steadyset.engine import memory, pool, process
from test_engine import SHAPE, children, descriptors, fake, fill, program, sum_of  # noqa: F401 - fixtures


def in_child(work):
    """Runs `work` in a child of a fork; fails where it does."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_arrays_are_each_ones_own():
    """As those of any other memory: written before, after, on both sides, and by engines of both sides."""
    x, y = engine.empty(SHAPE), engine.empty(SHAPE)
    x[:], y[:] = 1, 2
    process = fill(x[1], 3.0)["process"]
    written, read = os.pipe()[::-1]

    def work():
        os.read(read, 1)  # until the parent has written to its own
        assert (x[0] == 1).all() and (x[1] == 3).all() and (y == 2).all()
        assert fill(x, 7.0)["process"] != process
        y[0] = 8
        assert (x == 7).all() and (y[1] == 2).all()

    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    x[0] = 4
    fill(y, 5.0)
    for turn in range(3):  # what the engine writes now is not what was lent at the fork
        fill(engine.empty(SHAPE), float(turn))
    os.write(written, b".")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (x[0] == 4).all() and (x[1] == 3).all() and (x[2] == 1).all() and (y == 5).all()
    os.close(read), os.close(written)


def test_a_parent_without_arrays_keeps_its_engine():
    process = fill(np.zeros(5, np.float32), 1.0)["process"]
    in_child(lambda: None)
    assert fill(np.zeros(5, np.float32), 1.0)["process"] == process


def test_children_of_children():
    x = engine.empty(SHAPE)
    fill(x, 1.0)

    def child():
        assert (x == 1).all()
        fill(x[0], 2.0)
        y = engine.empty(SHAPE)
        fill(y, 3.0)
        in_child(lambda: [fill(y, 4.0), fill(x, 5.0)])
        assert (x[0] == 2).all() and (x[1:] == 1).all() and (y == 3).all()

    in_child(child)
    assert (x == 1).all() and fill(x, 6.0) and (x == 6).all()


def test_a_child_has_nothing_of_its_parents():
    fill(engine.empty(SHAPE), 1.0)
    mine = descriptors()
    assert sum("memfd:steadyset" in name for name in mine) == 2

    def work():
        assert not any("memfd:steadyset" in name for name in descriptors())
        assert {name for name in mine if "socket" in name and "memfd" not in name} - descriptors()
        assert "steadyset (deleted)" not in pathlib.Path("/proc/self/maps").read_text()

    in_child(work)
    listed = "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n > '2'][:-1])"
    said = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, close_fds=False).stdout
    assert "steadyset" not in said and "socket" not in said


@pytest.mark.parametrize("seed", range(3))
def test_threads_go_on(seed):
    """Threads ask and write while another one forks: no answer is lost, nothing written is, and children work."""
    rng, done, failures = np.random.default_rng(seed), threading.Event(), []

    def ask(k):
        try:
            turn = 0
            while not done.is_set():
                turn += 1
                x, data = engine.empty(SHAPE), engine.empty((1 << 18,))
                data[:] = turn  # whose bytes go to the engine, however often it is moved meanwhile
                assert sum_of(data[:64].view(np.uint8)) == int(data[:64].view(np.uint8).sum())
                fill(x, k + turn)
                assert (x == k + turn).all()
        except BaseException as failure:
            failures.append(failure)

    def write():
        x, turn = engine.empty((1 << 18,)), 0
        try:
            while not done.is_set():
                turn += 1
                x += 1  # without Python's global lock
                assert x.min() == x.max()
                if turn % 50 == 0:
                    x = engine.empty((1 << 18,))
                    x[:] = 0
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(2)] + [threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    held = engine.empty(SHAPE)
    for turn in range(12):
        fill(held, float(turn))

        def work(turn=turn):
            assert (held == turn).all()
            x = engine.empty(SHAPE)
            fill(x, 9.0)
            assert (x == 9).all() and (held == turn).all()

        in_child(work if rng.random() < 0.5 else lambda: None)
        if failures:
            break
    done.set()
    for thread in threads:
        thread.join(60)
    assert not failures and not any(thread.is_alive() for thread in threads)
    assert len(children()) <= 3


def job(value):
    x = engine.empty(SHAPE)
    found = fill(x, value)["process"]
    return os.getppid(), found, float(x.sum())


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(method):
    held = engine.empty(SHAPE)
    process = fill(held, 1.0)["process"]
    with multiprocessing.get_context(method).Pool(2) as workers:
        found = workers.map(job, [float(k) for k in range(6)])
    assert [total for _, _, total in found] == [k * held.size for k in range(6)]
    assert process not in {one for _, one, _ in found} and (held == 1).all()


def test_a_fork_in_the_midst_of_a_request(tmp_path):
    """By a signal's handler, in a thread that waits for an answer: both go on, each with engines of its own."""
    code = """
import os, pathlib, signal, sys, threading
from steadyset import engine
go = pathlib.Path(sys.argv[1])
x = engine.empty((3, 512, 512))
x[:] = 1
children = []

def fork(*_):
    children.append(os.fork())
    if children[-1]:
        go.touch()

signal.signal(signal.SIGUSR1, fork)
timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
timer.start()
engine.call({"do": "fill", "into": {"x": x}, "count": x.size, "value": 2.0, "until": str(go)})
assert (x == 2).all()
if children[-1] == 0:
    os._exit(5)
print(os.waitstatus_to_exitcode(os.waitpid(children[-1], 0)[1]))
"""
    command = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "go")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout.split(), result.stderr) == (0, ["5"], "")


def once(function):
    """The function, with a fork behind its first call."""
    forks = iter([lambda: in_child(lambda: None)])

    def forking(*arguments, **named):
        found = function(*arguments, **named)
        next(forks, lambda: None)()
        return found

    return forking


def test_a_fork_before_a_request_is_written(monkeypatch):
    """What is written to memory that was retired meanwhile does not reach the engine, so all is written again."""
    fill(engine.empty(SHAPE), 1.0)
    held = engine.empty(SHAPE)
    data = np.full(1000, 3, np.uint8)
    monkeypatch.setattr(memory.Memory, "empty", once(memory.Memory.empty))
    assert sum_of(data) == 3000
    del held


def test_a_fork_before_an_engine_starts(monkeypatch):
    held = engine.empty(SHAPE)
    monkeypatch.setattr(process, "command", once(process.command))
    fill(held, 2.0)
    assert (held == 2).all()


def test_a_child_has_nothing_of_threads_either(tmp_path):
    x = engine.empty(SHAPE)
    request = {"do": "fill", "into": {"x": x}, "count": x.size, "value": 2.0, "until": str(tmp_path / "go")}
    thread = threading.Thread(target=lambda: engine.call(request))
    thread.start()
    while not any(one.asked for one in list(pool.pool.engines)):
        assert thread.is_alive()
    sockets = {name for name in descriptors() if "socket" in name}

    def work():
        assert not any("memfd:steadyset" in name for name in descriptors())
        assert len(sockets & descriptors()) == len(sockets) - 1

    try:
        in_child(work)
    finally:
        (tmp_path / "go").touch()
        thread.join(60)
    assert (x == 2).all()


def test_copies_after_a_fork_are_given_up():
    """A memory that was retired goes with the last array over it."""
    x = engine.empty(SHAPE)
    old = pool.pool.memory
    in_child(lambda: None)
    assert old.retired and old.descriptor == -1 and pool.pool.memory is not old
    assert pathlib.Path("/proc/self/maps").read_text().count("memfd:steadyset ") == 1
    del x
    assert "memfd:steadyset " not in pathlib.Path("/proc/self/maps").read_text()
