"""The Python reader behind URLs: a server of byte ranges, fsspec's memory, and processes that fork."""

import concurrent.futures
import http.server
import multiprocessing
import pathlib
import re
import threading

import fsspec
import numpy as np
import pytest
import steadyset as reader


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and ranges of them where the server says so; notes every answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = pathlib.Path(self.translate_path(self.path))
        if self.server.failing or not path.is_file():
            return self.send_error(500 if self.server.failing else 404)
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", self.headers.get("Range", ""))
        status = 206 if asked and self.server.ranges else 200
        if status == 206:
            first = int(asked[1])
            last = min(int(asked[2] or len(data) - 1), len(data) - 1)
            whole, data = len(data), data[first : last + 1]
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{whole}")
        if self.server.ranges:
            self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.server.answers.append((path.name, status, len(data)))

    def log_message(self, *_):
        pass


@pytest.fixture
def server(tiny):
    class Server(http.server.ThreadingHTTPServer):
        ranges, failing, answers = True, False, []

        def handle_error(self, *_):
            pass  # a client that leaves early is no failure of the test

    found = Server(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(tiny)))
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def url(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("place", ["", "/pack", "/pack/manifest.json"])
def test_places(server, tiny, place):
    assert reader.open(url(server) + place).id == reader.open(tiny).id


def test_one_range_a_sample(server, tiny):
    """A sample is one request of exactly its bytes; a batch is as many; sources come from the columns."""
    remote, local = reader.open(url(server) + "/pack"), reader.open(tiny)
    assert [name for name, _, _ in server.answers if name.endswith(".h5")] == []
    server.answers.clear()
    found, want = remote.all[33], local.all[33]
    assert np.array_equal(found.x, want.x) and np.array_equal(found.y, want.y) and found.id == want.id
    record = local._table[33]
    assert server.answers == [("train-00002.h5", 206, int(record["x_bytes"]) + int(record["y_bytes"]))]
    server.answers.clear()
    for batch in remote.select("test").batches(8, order=reader.Order(2), threads=2):
        x, y = local.select("test").read(batch.index)
        assert np.array_equal(batch.x, x) and np.array_equal(batch.y, y)
    assert len(server.answers) == 24 and {status for _, status, _ in server.answers} == {206}
    assert np.array_equal(remote.all.sources(100), local.all.sources(100))
    remote.check_files()


def test_no_ranges(server):
    """A server that sends whole files instead is named as the cause, and no wrong field is returned."""
    remote = reader.open(url(server))
    server.ranges = False
    with pytest.raises(reader.DatasetError, match="range of bytes"):
        remote.all[0]


def test_gone(server, tiny):
    with pytest.raises(reader.DatasetError, match="manifest.json"):
        reader.open(url(server) + "/elsewhere")
    remote = reader.open(url(server))
    server.failing = True
    with pytest.raises(reader.DatasetError, match="cannot read"):
        remote.all[0]


def last(samples):
    return samples[-1].y.tobytes()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(server, tiny, method):
    """A connection is made anew in each process."""
    remote = reader.open(url(server)).all
    want = reader.open(tiny).all[-1].y.tobytes()
    assert last(remote) == want
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(last, remote).result(timeout=60) == want


def test_memory_and_file_protocols(tiny):
    """What goes through fsspec's interface alone goes through any of its protocols, such as s3."""
    memory = fsspec.filesystem("memory")
    for path in (tiny / "pack").iterdir():
        memory.pipe(f"/published/{path.name}", path.read_bytes())
    want = reader.open(tiny).select("S25%")
    for place in ("memory://published", f"file://{tiny}/pack", f"file://{tiny}"):
        found = reader.open(place).select("S25%")
        assert all(np.array_equal(a.y, b.y) for a, b in zip(found, want, strict=True))
        assert np.array_equal(found.sources(2), want.sources(2))
    memory.pipe("/published/train-00000.h5", (tiny / "pack/train-00000.h5").read_bytes()[:20_000])
    with pytest.raises(reader.DatasetError, match="ends too early|cannot read"):
        reader.open("memory://published").select("train")[11]


def test_unknown_protocol():
    with pytest.raises(reader.DatasetError, match="fsspec cannot open"):
        reader.open("gopher://example/dataset")
