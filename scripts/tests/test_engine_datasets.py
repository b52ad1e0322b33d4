"""Archives and recipes through engines: the bytes of standard shards, whatever is damaged, forked, killed or interrupted.

$STEADYSET_CASES is the number of random cases of processes that are killed, 8 where it is not set.
"""

import concurrent.futures
import contextlib
import functools
import hashlib
import http.server
import itertools
import multiprocessing
import os
import pathlib
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time

import forging
import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY, TINY, changed, steadyset, write
from steadyset import engine, frame
from steadyset.engine import pool
from test_engine import children, descriptors, fresh

CASES = int(os.environ.get("STEADYSET_CASES", "8"))
CODECS = ["standard", "archive", "recipe"]
# Samples of half a megabyte, so that batches of a few are shared memory.
LARGE = changed(TINY, physics={"lattice": [352, 384]}, sampling={"strata": [1, 4], "samples_per_stratum": 16})


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The binary by a name of its own, by which its processes are known."""
    path = tmp_path_factory.mktemp("program") / "steadyset"
    path.symlink_to(BINARY.resolve())
    return path


@pytest.fixture(autouse=True)
def here(program, monkeypatch):
    """Engines of that binary, and nothing that other tests left."""
    monkeypatch.setenv("STEADYSET", str(program))
    monkeypatch.setenv("STEADYSET_ENGINES", "3")
    fresh()
    yield
    fresh()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes a dataset by each codec, once; returns their folders and x and y of all samples."""

    @functools.cache
    def make(name):
        folder = tmp_path_factory.mktemp(name)
        text = write(folder, LARGE) if name == "large" else REPOSITORY / f"pipelines/{name}.yaml"
        for codec in CODECS:
            steadyset("run", text, "-o", folder / codec, "--codec", codec)
        return folder, *reader.open(folder / "standard").all.read(range(len(reader.open(folder / "standard"))))

    return make


@pytest.mark.parametrize("name", ["tiny", "random-medium", "layers", "large"])
@pytest.mark.parametrize("codec", CODECS[1:])
def test_same_bytes(made, name, codec):
    folder, x, y = made(name)
    standard, found = reader.open(folder / "standard").all, reader.open(folder / codec).all
    assert found.ids.tolist() == standard.ids.tolist() and found.dataset.id == standard.dataset.id
    for samples, threads in ((found, 1), (found.checked(), 2), (pickle.loads(pickle.dumps(found)), 3)):
        for batch in samples.batches(13, order=reader.Order(seed=threads), threads=threads, reuse=threads == 2):
            assert batch.x.tobytes() == x[batch.index].tobytes() and batch.y.tobytes() == y[batch.index].tobytes()
    into = np.empty_like(x[:5]), np.empty_like(y[:5])
    assert found.read([4, 1, 1, 9, -1], x=into[0], y=into[1])[0] is into[0]
    assert np.array_equal(into[1], y[[4, 1, 1, 9, -1]]) and np.array_equal(into[0], x[[4, 1, 1, 9, -1]])
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert found.read(range(len(x)), pool=threads)[1].tobytes() == y.tobytes()
    one, want = found.dataset.select("test")[1], standard.dataset.select("test")[1]
    assert np.array_equal(one.y, want.y) and np.array_equal(one.x, want.x) and one.error_bound == want.error_bound
    assert np.array_equal(found.x(3), x[3]) and np.array_equal(found.y(-2), y[-2])
    assert np.array_equal(found.sources(2), standard.sources(2)) and np.array_equal(found.keys(2), standard.keys(2))
    for coefficient in ("diffusivity", "decay_rate"):
        assert np.array_equal(found.coefficient(coefficient, 6), standard.coefficient(coefficient, 6))
    assert len(found.read([])[0]) == 0


@pytest.mark.parametrize("codec", CODECS[1:])
def test_no_copies(made, codec):
    """What is not given by the caller is the memory that the engine wrote, and is there again for the next batch."""
    folder, _, y = made("large")
    seen = set()
    for batch in reader.open(folder / codec).all.batches(8):
        assert pool.pool.memory.place(batch.x) is not None and pool.pool.memory.place(batch.y) is not None
        seen |= {batch.x.ctypes.data, batch.y.ctypes.data}
        batch.y[0, 0, 0] = 1  # it may be written to
    assert len(seen) <= 4


def test_without_a_program(made, monkeypatch, tmp_path):
    """Archives are read by NumPy, and recipes say what they need, while all that is no field can be read."""
    folder, x, y = made("random-medium")
    monkeypatch.setenv("STEADYSET", str(tmp_path / "nothing"))
    archive, recipe = reader.open(folder / "archive").all, reader.open(folder / "recipe").all
    assert archive.checked().read(range(len(y)))[1].tobytes() == y.tobytes() and children() == []
    assert recipe.sources(3).size and recipe.keys(3).size and recipe.ids.tolist() == archive.ids.tolist()
    with pytest.raises(reader.EngineError, match="is a recipe, .* are read: .*STEADYSET"):
        recipe.y(3)


@pytest.mark.parametrize("codec", CODECS)
def test_without_a_decoder(made, codec, monkeypatch):
    """Engines decode themselves."""
    folder, _, y = made("tiny")
    monkeypatch.setattr(frame, "DECODERS", {})
    if codec == "standard":
        with pytest.raises(reader.DatasetError, match="nothing here decodes zstd"):
            reader.open(folder / codec)
    else:
        found = reader.open(folder / codec).all
        assert found.read(range(30))[1].tobytes() == y[:30].tobytes()
    if codec == "archive":
        with pytest.raises(reader.DatasetError, match="nothing here decodes zstd"):
            found.x(3)
        monkeypatch.setattr(engine, "usable", lambda: False)
        with pytest.raises(reader.DatasetError, match="nothing here decodes zstd"):
            reader.open(folder / codec)


def test_a_damaged_archive(made, tmp_path, monkeypatch):
    """Errors name the sample and its file, with engines and without; the others can be read."""
    folder, _, y = made("tiny")
    dataset = pathlib.Path(shutil.copytree(folder / "archive", tmp_path / "archive"))
    opened = reader.open(dataset)
    record, shard = opened._table[30], opened._manifest.shards[2]
    assert shard.first <= 30 < shard.first + shard.samples
    data = bytearray((dataset / "pack" / shard.path).read_bytes())
    for at in (40, int(record["x_bytes"]) + 90):
        harmed = data.copy()
        harmed[int(record["offset"]) + at] ^= 4
        (dataset / "pack" / shard.path).write_bytes(harmed)
        for usable in (True, False):
            with monkeypatch.context() as patch:
                if not usable:
                    patch.setattr(engine, "usable", lambda: False)
                again = reader.open(dataset).all
                says = rf"sample {int(record['id']):016x} of .*/{shard.path} is damaged: "
                for read in (lambda: again.y(30), lambda: again.read(range(60)), lambda: list(again.batches(50, threads=3))):
                    with pytest.raises(reader.DatasetError, match=says):
                        read()
                assert again.read(range(31, 60))[1].tobytes() == y[31:60].tobytes()
    (dataset / "pack" / shard.path).write_bytes(data)
    opened._table = np.array(opened._table)
    opened._table["y_checksum"][30] ^= 1
    with pytest.raises(reader.DatasetError, match=f"{shard.path} is damaged: .*checksum"):
        opened.all.y(30)
    (dataset / "pack" / shard.path).write_bytes(data[: int(record["offset"]) + 50])
    with pytest.raises(reader.DatasetError, match=f"{shard.path} ends too early"):
        reader.open(dataset).all.read(range(60))


@pytest.mark.parametrize("name,value", [("y_sha256", np.arange(32)), ("error_bound", 9e-7)])
def test_a_recipe_of_another_release(made, tmp_path, name, value):
    """Everything agrees but what is solved."""
    folder, _, y = made("tiny")
    dataset = pathlib.Path(shutil.copytree(folder / "recipe", tmp_path / "recipe"))
    forging.column(dataset / "pack/train-00001.h5", name, 5, value)
    locations = dataset / "pack/locations.npy"
    table, data = np.load(locations), locations.read_bytes()
    table[name][17] = value
    data = data[: -table.nbytes] + table.tobytes()
    locations.write_bytes(data)
    entry = {"path": locations.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forging.sign(dataset, "pack", lambda document: document["layout"].update(locations=entry))
    opened = reader.open(dataset)
    where = rf"sample {int(opened.all.ids[17]):016x} of .*/train-00001.h5 cannot be made again: .*checked=False"
    with pytest.raises(reader.DatasetError, match=where):
        opened.all.read(range(30))
    assert opened.all.read(range(17))[1].tobytes() == y[:17].tobytes()
    unchecked = reader.open(dataset, checked=False).all
    assert unchecked.read(range(30))[1].tobytes() == y[:30].tobytes()
    with pytest.raises(reader.DatasetError, match=where.removesuffix(".*checked=False")):
        unchecked.checked().y(17)


def test_damaged_sources(made, tmp_path):
    """Sources are in no digest of their own, but the id follows from them."""
    folder, _, y = made("tiny")
    dataset = pathlib.Path(shutil.copytree(folder / "recipe", tmp_path / "recipe"))
    with forging.h5py.File(dataset / "pack/train-00001.h5", "r+") as file:
        file["sources"][5, 0, 0] += 1
    for checked in (True, False):
        opened = reader.open(dataset, checked=checked).all
        with pytest.raises(reader.DatasetError, match=rf"sample {int(opened.ids[17]):016x} of .*/train-00001.h5"):
            opened.y(17)
        assert np.array_equal(opened.y(16), y[16])


@pytest.mark.parametrize("codec", CODECS[1:])
def test_behind_urls(made, codec):
    folder, x, y = made("random-medium")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            data = pathlib.Path(self.translate_path(self.path)).read_bytes()
            first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            part = data[int(first) : int(last or len(data)) + 1]
            self.send_response(206 if "Range" in self.headers else 200)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(folder / codec)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        opened = reader.open(f"http://127.0.0.1:{server.server_port}/pack").all
        found = opened.read(range(20, 40))
        assert found[0].tobytes() == x[20:40].tobytes() and found[1].tobytes() == y[20:40].tobytes()
    finally:
        server.shutdown()
        server.server_close()


def digests(folder, indices, threads):
    """What is read of some samples, in batches of three."""
    found = []
    for batch in opened(folder).batches(3, indices=indices, threads=threads):
        found += [hashlib.sha256(x.tobytes() + y.tobytes()).digest() for x, y in zip(batch.x, batch.y)]
    return found


def worker(folder, jobs):
    """Does what comes through a connection, until there is nothing more."""
    while job := jobs.recv():
        jobs.send(digests(folder, *job))


@functools.cache
def opened(folder):
    return reader.open(folder).all


def engines(program):
    """Processes of the program, by their parents: those of parents that are gone are init's, or of who takes their place."""
    found = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            if words[0] == str(program).encode() and b"engine" in words:
                found.setdefault(int((path / "stat").read_text().rpartition(")")[2].split()[1]), []).append(int(path.name))
        except OSError:
            pass  # it has ended meanwhile
    return found


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


@pytest.mark.parametrize("seed", range(CASES))
def test_killed(made, program, seed):
    """Workers read while one of them, one of their engines or one of the parent's is killed: each sample is right, or its
    worker is gone; nothing hangs, and nothing is left."""
    rng = np.random.default_rng(seed)
    method, workers = ["fork", "spawn"][seed % 2], seed // 2 % 4
    name, codec = ["tiny", "random-medium", "large"][rng.integers(3)], CODECS[1 + rng.integers(2)]
    victim = ["worker", "worker's engine", "parent's engine"][rng.integers(3)] if workers else "parent's engine"
    print(f"seed {seed}: {method}, {workers} workers, {codec} of {name}, the {victim} is killed")
    folder, x, y = made(name)
    right = [hashlib.sha256(a.tobytes() + b.tobytes()).digest() for a, b in zip(x, y)]
    samples, before = opened(folder / codec), descriptors()
    kept = samples.read([1, 2, 0, 3, 4, 5]) if rng.random() < 0.7 else None
    jobs = [rng.permutation(len(y))[:6].tolist() for _ in range(8)]
    killed = []

    def kill(processes):
        if processes:
            killed.append(int(rng.choice(processes)))
            os.kill(killed[-1], signal.SIGKILL)

    context, started = multiprocessing.get_context(method), []
    for _ in range(workers):
        ours, theirs = context.Pipe()
        started.append((context.Process(target=worker, args=(folder / codec, theirs)), ours))
        started[-1][0].start()
        theirs.close()
    for turn in range(4 if workers else 0):
        asked = []
        for process, connection in started:
            job = jobs[int(rng.integers(len(jobs)))]
            with contextlib.suppress(BrokenPipeError):
                connection.send((job, int(rng.integers(1, 3))))
                asked.append((process, connection, job))
        if turn == 2:
            owned, alive = engines(program), [process.pid for process, _ in started]
            theirs = list(itertools.chain(*(owned.get(one, []) for one in alive)))
            kill({"worker": alive, "worker's engine": theirs, "parent's engine": owned.get(os.getpid(), [])}[victim])
        for process, connection, job in asked:
            try:
                assert connection.recv() == [right[index] for index in job]
            except (EOFError, ConnectionResetError):
                assert process.pid in killed
    for process, connection in started:
        with contextlib.suppress(BrokenPipeError):
            connection.send(None)
        process.join(60)
        connection.close()
        assert process.exitcode == (-signal.SIGKILL if process.pid in killed else 0)
    for k, job in enumerate(jobs):
        if k == 3:
            kill(engines(program).get(os.getpid(), []))
        assert digests(folder / codec, job, 1 + k % 3) == [right[index] for index in job]
    assert killed
    if kept is not None:
        assert np.array_equal(kept[0], x[[1, 2, 0, 3, 4, 5]]) and np.array_equal(kept[1], y[[1, 2, 0, 3, 4, 5]])
    del kept
    fresh()
    until(lambda: not engines(program), f"engines are left: {engines(program)}")
    assert children() == []
    left = {name.split(" ", 1)[1] for name in descriptors() - before}
    assert not any("memfd" in name or "socket" in name for name in left), left


# Whoever holds engines is killed in the midst of a read.
KILLED = """
import os, sys, steadyset
from steadyset import engine, frame
samples = steadyset.open(sys.argv[1]).all
for turn in range(10 ** 6):
    samples.read(range(len(samples)))
    if turn == 1:
        print("reads", flush=True)
"""


def test_engines_end_with_who_has_them(made, program):
    folder, _, _ = made("large")
    process = subprocess.Popen([sys.executable, "-c", KILLED, folder / "archive"], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"reads\n" and engines(program)
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not engines(program), "engines are left")
    assert not any("steadyset" in name for name in os.listdir("/dev/shm"))
