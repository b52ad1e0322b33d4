"""The end of an interpreter that read datasets: quiet, with whatever is kept, open or under way by then."""

import subprocess
import sys

import pytest


def ends(code, *arguments):
    """Runs a program in an interpreter of its own, which must end well and without a word; returns what it printed."""
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, ""), f"ended with {result.returncode}: {result.stderr[-2000:]}"
    return result.stdout


# A thread that is never told to end keeps a failure, with all that it came through, beyond the interpreter's end.
KEPT = """
import sys, threading, steadyset

def keep(failure):
    holds.set()
    threading.Event().wait()

def fail(*_):
    raise FAILURE

opened = steadyset.open(sys.argv[1])
opened._storage.read = fail
for _ in range(3):
    try:
        opened.all.sources(0)
    except BaseException as failure:
        print(type(failure).__name__)
        holds = threading.Event()
        threading.Thread(target=keep, args=(failure,), daemon=True).start()
        holds.wait()
"""


@pytest.mark.parametrize("failure", ["steadyset.DatasetError('no')", "OSError('no')", "KeyboardInterrupt", "MemoryError"])
def test_a_failure_that_is_kept(tiny, failure):
    printed = ends(KEPT.replace("FAILURE", failure), tiny).split()
    assert printed == [{"O": "DatasetError", "M": "DatasetError", "K": "KeyboardInterrupt", "s": "DatasetError"}[failure[0]]] * 3


def test_a_damaged_file_whose_failure_is_kept(damaged):
    """The library itself refuses the file."""
    for path in (damaged / "pack").glob("*.h5"):
        path.write_bytes(bytes(path.stat().st_size))
    code = KEPT.replace("opened._storage.read = fail", "")
    assert ends(code, damaged).split() == ["DatasetError"] * 3


# The end comes while a daemon thread is in the midst of a read, which takes longer than the interpreter needs to end.
UNDER_WAY = """
import sys, threading, time, steadyset

opened = steadyset.open(sys.argv[1])
whole, begun = opened._storage.read, threading.Event()

def slow(ranges):
    begun.set()
    time.sleep(0.2)
    return whole(ranges)

def read():
    for number in range(len(opened)):
        try:
            opened.all.sources(number)
        except steadyset.DatasetError as failure:
            assert "at its end" in str(failure)
            opened._columns.clear()

opened._storage.read = slow
for _ in range(THREADS):
    threading.Thread(target=read, daemon=True).start()
begun.wait()
"""


@pytest.mark.parametrize("threads", [1, 3])
def test_a_read_under_way(tiny, threads):
    ends(UNDER_WAY.replace("THREADS", str(threads)), tiny)


# Nothing of h5py is left after a failure, and what others hold is not touched.
FRAMES = """
import sys, traceback, steadyset, h5py

def fail(*_):
    raise steadyset.DatasetError("no")

def outer():
    mine = "kept"
    raise ValueError("the caller's own")

opened = steadyset.open(sys.argv[1])
opened.all.sources(0)
opened._columns.clear()
whole, opened._storage.read = opened._storage.read, fail
try:
    outer()
except ValueError as own:
    try:
        opened.all.sources(0)
    except steadyset.DatasetError as error:
        failure = error
    print(own.__traceback__.tb_next.tb_frame.f_locals["mine"])
frames = [frame for frame, _ in traceback.walk_tb(failure.__traceback__) if "h5py" in frame.f_code.co_filename]
print(len(frames) > 0, sum(len(frame.f_locals) for frame in frames), h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE))
opened._storage.read = whole
print(opened.all.sources(0).size > 0)
"""


def test_failures_hold_nothing(tiny):
    assert ends(FRAMES, tiny).splitlines() == ["kept", "True 0 0", "True"]


def test_forks_while_a_thread_reads(tiny):
    """A child of a fork reads although a thread of its parent was in the midst of a read."""
    code = UNDER_WAY.replace("THREADS", "1") + (
        "import os\nopened._storage.read = whole\nchild = os.fork()\n"
        "if child == 0:\n    again = steadyset.open(sys.argv[1])\n    again.all.sources(0)\n    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    assert ends(code, tiny).split() == ["7"]


def test_reading_ends_before_h5py_does(tiny):
    """h5py calls the HDF5 library at its own end without its lock: no read may be under way by then."""
    code = """
import atexit, sys, steadyset
from steadyset import columns

registered, register = [], atexit.register
atexit.register = lambda call, *rest: registered.append(call) or register(call, *rest)
steadyset.open(sys.argv[1]).all.sources(0)
print([call.__module__ for call in registered if call.__module__.startswith(("h5py", "steadyset"))], registered[-1] == columns._reading.end)
"""
    assert ends(code, tiny).strip() == "['h5py._conv', 'steadyset.columns'] True"
