"""The client of engines, against one that crashes, waits and lies when it is told to: memory, processes, forks, failures."""

import contextlib
import gc
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
import steadyset
from steadyset import engine
from steadyset.engine import memory, pool, process

SHAPE = (3, 512, 512)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The fake engine, in an interpreter that starts soon."""
    path = tmp_path_factory.mktemp("fake") / "steadyset"
    script = pathlib.Path(__file__).parent / "fake_engine.py"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {script} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def fake(program, monkeypatch):
    """The fake engine, and nothing that other tests left."""
    monkeypatch.setenv("STEADYSET", str(program))
    monkeypatch.setenv("STEADYSET_ENGINES", "3")
    fresh()
    yield
    fresh()


def fresh():
    """Ends the engines, as a new environment counts for new ones only."""
    gc.collect()
    pool.pool.end()
    pool.pool.memory = None


def descriptors():
    """What is open in this process."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the one that lists them
            found.add(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")
    return found


KEPT = re.compile(b"multiprocessing|steadyset-hdf5")


def children():
    """Processes of which this one is the parent, zombies as well, without those that `multiprocessing` and the plugin of HDF5
    keep."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            name, _, rest = (path / "stat").read_text().rpartition(")")
            if int(rest.split()[1]) == os.getpid() and not KEPT.search((path / "cmdline").read_bytes()):
                found.append(name)
    return found


def fill(x, value, **members):
    return engine.call({"do": "fill", "into": {"x": x}, "count": x.size, "value": value, **members})


def sum_of(array):
    return engine.call({"do": "sum", "at": array, "count": array.nbytes})["sum"]


def end(path, number, **members):
    return {"do": "end", "while": str(path), "signal": int(number), **members}


def test_fields_are_the_shared_memory():
    x = engine.empty(SHAPE)
    assert fill(x, 3.5)["process"] == fill(x[1], 4.5)["process"]
    assert (x[0] == 3.5).all() and (x[1] == 4.5).all() and (x[2] == 3.5).all()
    assert pool.pool.current().place(x) is not None and x.flags.writeable and x.flags.aligned
    assert sum_of(x.view(np.uint8).reshape(-1)[128:200]) == sum(x.tobytes()[128:200])


@pytest.mark.parametrize("shape", [(2, 3), (7,), (5, 600, 600)])
def test_any_other_array_is_copied(shape):
    x = np.zeros(shape, np.float32)
    fill(x, 2.0)
    assert (x == 2).all()
    data = np.random.default_rng(4).integers(0, 256, 1001, np.uint8)
    assert sum_of(data[7:]) == int(data[7:].sum()) and sum_of(data[::-1]) == int(data.sum())
    with pytest.raises(ValueError, match="contiguous float32"):
        fill(x.T[::2], 1.0)
    with pytest.raises(ValueError, match="contiguous float32"):
        fill(x.astype(float), 1.0)
    with pytest.raises(TypeError):
        engine.call({"do": "sum", "at": object(), "count": 1})


def test_blocks_are_lent_again():
    """A block goes back with the last array over it, and not before."""
    x = engine.empty(SHAPE)
    address, part = x.ctypes.data, x[1:, ::2]
    fill(x, 1.0)
    del x
    other = engine.empty(SHAPE)
    assert other.ctypes.data != address
    fill(other, 2.0)
    assert (part == 1).all()
    del part
    assert engine.empty(SHAPE).ctypes.data == address


def test_memory_goes_back_to_the_system(monkeypatch):
    monkeypatch.setattr(memory, "_KEPT", 4 << 20)
    whole = pool.pool.current()

    def used():
        return os.stat(f"/proc/self/fd/{whole.descriptor}").st_blocks * 512

    arrays = [engine.empty((1 << 20,)) for _ in range(10)]
    assert used() == 40 << 20
    del arrays
    gc.collect()
    assert used() <= 4 << 20
    x = engine.empty((1 << 20,))
    fill(x, 5.0)
    assert (x == 5).all()


def test_many_small_ones():
    """Small arrays, and those beyond some thousands, are ordinary ones."""
    assert engine.empty((32, 32)).base is None
    held = [engine.empty((1 << 18,)) for _ in range(5)]
    assert all(array.base is not None for array in held)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool, "_MOST_LENT", 5)
        assert engine.empty((1 << 18,)).base is None


def test_definitions_are_told_once():
    made = [engine.Definition({"what": "archive", "coefficients": [{"at": np.full(1, k, np.uint8)}]}) for k in range(40)]
    request = {"do": "sum", "at": np.ones(3, np.uint8), "count": 3}
    process = engine.call(request)["process"]
    for _ in range(2):
        for k, definition in enumerate(made):
            assert engine.call(request, definition) == {"sum": 3, "number": k, "process": process}
    # The engine keeps a limited number of them.
    assert engine.describe(made[-1])["told"] == 32
    assert [a["number"] for a in engine.run([request] * 6, made[5], engines=2)] == [5] * 6


def test_several_at_a_time(tmp_path):
    """Two requests that both wait for the third to be asked are under way at once; answers come in their order."""
    go = tmp_path / "go"
    outs = [engine.empty(SHAPE) for _ in range(8)]

    def requests():
        for k, x in enumerate(outs):
            if k == 2:
                go.touch()
            yield {"do": "fill", "into": {"x": x}, "count": x.size, "value": float(k), "until": str(go)}

    # The third is taken from the iterable when one has answered, so it is there before.
    pairs = requests()
    first = [next(pairs) for _ in range(2)]
    go.touch()
    answers = engine.run([*first, *pairs], engines=2)
    assert len({answer["process"] for answer in answers}) == 2
    assert all((x == k).all() for k, x in enumerate(outs))


def test_more_threads_than_engines():
    found, failures = [], []

    def work(k):
        try:
            x = engine.empty(SHAPE)
            for turn in range(5):
                found.append(fill(x, 10 * k + turn)["process"])
                assert (x == 10 * k + turn).all()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures and len(found) == 35 and 1 <= len(set(found)) <= 3
    assert len(children()) <= 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_an_engine_that_ends(tmp_path, number):
    """Once is nobody's business; twice for one request is an error, and the next request is answered."""
    file = tmp_path / "file"
    file.touch()
    assert "process" in engine.call(end(file, number))
    file.touch()
    name = signal.Signals(number).name
    said = rf"was ended by {name} .* was ended by {name}: .*last words: so \| it is$"
    with pytest.raises(steadyset.EngineError, match=said):
        engine.call(end(file, number, once=False, words="so\n\n it is\n"))
    assert isinstance(fill(engine.empty(SHAPE), 1.0)["process"], int)
    assert len(children()) == 1


def test_idle_engines_that_are_killed():
    request = {"do": "sum", "at": np.ones(1, np.uint8), "count": 1}
    for process in {answer["process"] for answer in engine.run([request] * 9, engines=3)}:
        os.kill(process, signal.SIGKILL)
    for _ in range(4):
        x = engine.empty(SHAPE)
        fill(x, 2.0)
        assert (x == 2).all()


def test_what_is_replaced_survives_a_crash(tmp_path):
    """The second try of a repair begins with the field as it was, and a failure leaves it so."""
    file, field = tmp_path / "file", engine.empty(SHAPE)
    field[:] = 3
    file.touch()
    engine.call({"do": "repair", "field": field, "while": str(file), "signal": 9})
    assert field[0, 0, 0] == 6
    file.touch()
    with pytest.raises(steadyset.EngineError):
        engine.call({"do": "repair", "field": field, "while": str(file), "signal": 9, "once": False})
    assert field[0, 0, 0] == 6


def test_what_engines_find_wrong():
    sound = {"do": "sum", "at": np.ones(1, np.uint8), "count": 1}
    with pytest.raises(engine.RequestError, match="^no good$") as found:
        engine.run([sound, {"do": "fail", "kind": "data", "sample": 7}, sound])
    assert (found.value.request, found.value.sample) == (1, 7)
    with pytest.raises(steadyset.EngineError, match="no good"):
        engine.call({"do": "fail", "kind": "internal"})
    process = engine.call(sound)["process"]
    with pytest.raises(engine.RequestError):
        engine.call({"do": "fail", "kind": "data"})
    assert engine.call(sound)["process"] == process


def test_programs_that_are_no_engines(tmp_path, monkeypatch):
    def refused(says, kind=steadyset.EngineError):
        fresh()
        with pytest.raises(kind, match=says):
            engine.call({"do": "fail", "kind": "data"})

    monkeypatch.setenv("FAKE_ENGINE", '{"engine": 3, "version": "9"}')
    refused("steadyset, release '9', is an engine of version 3, this package needs 2: install")
    monkeypatch.setenv("STEADYSET", "/bin/false")
    refused("/bin/false does not work as an engine, it ended with status 1: install")
    with pytest.warns(RuntimeWarning, match="no engine is used: /bin/false"):
        assert not engine.usable()
    assert not engine.usable()  # said once
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 1000\n")
    silent.chmod(0o755)
    monkeypatch.setenv("STEADYSET", str(silent))
    monkeypatch.setattr(process, "_START", 0.1)
    refused("silent does not work as an engine, it has said nothing")
    monkeypatch.setenv("STEADYSET", str(tmp_path / "nothing"))
    refused("no file that can be executed")
    assert not engine.usable()
    text = tmp_path / "text"
    text.write_text("not a program")
    text.chmod(0o755)
    monkeypatch.setenv("STEADYSET", str(text))
    refused(f"cannot start {text}: ")
    assert children() == []


def test_descriptors_run_out():
    before = descriptors()
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) + 20, most))
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/", os.O_RDONLY))
        for room in range(6):
            with pytest.raises(steadyset.DatasetError, match="Too many open files|[Tt]oo many open"):
                engine.call({"do": "fail", "kind": "data"})
            fresh()
            os.close(held.pop())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))
        for number in held:
            os.close(number)
    assert isinstance(fill(engine.empty(SHAPE), 1.0)["process"], int)
    fresh()
    assert descriptors() == before and children() == []


def test_memory_runs_out():
    """More than there is, is refused; what was lent before is as it was."""
    x = engine.empty(SHAPE)
    fill(x, 1.0)
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, most))
        with pytest.raises(steadyset.EngineError, match="no memory for 134217728 bytes more of fields: File too large"):
            engine.empty((1 << 25,))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    fill(x, 2.0)
    assert (x == 2).all() and len(engine.empty((1 << 25,))) == 1 << 25


def test_nothing_is_left():
    before, gone = descriptors(), weakref.ref(pool.pool.current())
    x = engine.empty(SHAPE)
    engine.run([{"do": "fill", "into": {"x": x}, "count": 5, "value": 1.0}] * 9, engines=3)
    assert len(children()) == 3
    del x
    fresh()
    assert gone() is None and children() == [] and descriptors() == before
    assert not any("steadyset" in name for name in os.listdir("/dev/shm"))


# An answer is awaited that never comes, until SIGINT does.
INTERRUPTED = """
import os, signal, sys, threading, numpy as np
from steadyset import engine
# Who starts the tests in the background has SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
request = {"do": "fill", "into": {"x": engine.empty((512, 512))}, "count": 1, "value": 1.0}
process = engine.call(request)["process"]
print(os.getsid(process) == process)
threading.Timer(0.2, lambda: os.killpg(0, signal.SIGINT)).start()
try:
    engine.run([{**request, "until": "/nothing"}] * ENGINES, engines=ENGINES)
except KeyboardInterrupt:
    print("interrupted")
try:
    os.kill(process, 0)
except ProcessLookupError:
    print("gone")
print(engine.call(request)["process"] != process)
"""


def runs(code, **options):
    """Runs a program in an interpreter and a process group of its own, which must end well; returns what it printed."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, start_new_session=True, **options)
    assert (result.returncode, result.stderr) == (0, ""), f"ended with {result.returncode}: {result.stderr[-2000:]}"
    return result.stdout.split()


@pytest.mark.parametrize("engines", [1, 3])
def test_interrupted(engines):
    assert runs(INTERRUPTED.replace("ENGINES", str(engines))) == ["True", "interrupted", "gone", "True"]


# The interpreter ends with arrays and engines kept, and while a thread waits for an answer that does not come.
ENDS = """
import sys, threading
from steadyset import engine
kept = [engine.empty((512, 512)) for _ in range(3)]
request = {"do": "fill", "into": {"x": kept[0]}, "count": 1, "value": 1.0}
process = engine.call(request)["process"]
threading.Thread(target=lambda: engine.call({**request, "until": "/nothing"}), daemon=True).start()
while len(engine.pool.pool.idle):
    pass
print(engine.call(request)["process"], process)
"""


def test_the_end_of_an_interpreter():
    for process in runs(ENDS):
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)  # the one that waits for a file, as it looks at nothing else
