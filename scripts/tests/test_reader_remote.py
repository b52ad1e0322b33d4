"""The Python reader behind URLs: a server of byte ranges, fsspec's memory, and processes that fork."""

import concurrent.futures
import http.server
import multiprocessing
import pathlib
import re
import sys
import threading

import fsspec
import numpy as np
import pytest
import steadyset as reader
from steadyset import answers
from steadyset.errors import MissingFileError


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, and ranges of them where the server says so; notes every answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.directory = str(self.server.folder)
        path = pathlib.Path(self.translate_path(self.path))
        fault = self.server.fault(path.name)
        if fault is not None:
            return fault(self, path)
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
        # Before the client has all of it, and looks here.
        self.server.answers.append((path.name, status, len(data)))
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def status(code, **headers):
    """An answer without the file."""

    def answer(handler, path):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if code != 204:
            handler.send_header("Content-Length", "4")
        handler.end_headers()
        if code != 204:
            handler.wfile.write(b"busy")

    return answer


def hang_up(handler, path):
    handler.close_connection = True
    handler.connection.close()


def body(change, code=None, **headers):
    """An answer with other bytes than those that were asked for."""

    def answer(handler, path):
        data = path.read_bytes()
        asked = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", handler.headers.get("Range", ""))
        first, last = (int(asked[1]), int(asked[2])) if asked else (0, len(data) - 1)
        found = {"Content-Length": str(last + 1 - first), "Content-Range": f"bytes {first}-{last}/{len(data)}"}
        sent = change(data[first : last + 1])
        handler.send_response(code or (206 if asked else 200))
        for name, value in (found | {name.replace("_", "-"): value for name, value in headers.items()}).items():
            if value is not None:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(sent)
        if len(sent) != last + 1 - first:
            hang_up(handler, path)

    return answer


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(answers, "PAUSE", 0.01)


@pytest.fixture(params=["fsspec", "plain"])
def transport(request, monkeypatch):
    """With fsspec, and without it, as Python's own library reads HTTP too."""
    if request.param == "plain":
        monkeypatch.setitem(sys.modules, "fsspec", None)


@pytest.fixture
def server(tiny):
    class Server(http.server.ThreadingHTTPServer):
        ranges, failing, answers, folder = True, False, [], tiny
        faults = {}  # the beginning of a name: [faults of the answers to come]

        def fault(self, name):
            found = next((faults for start, faults in self.faults.items() if name.startswith(start) and faults), None)
            return found.pop(0) if found else None

        def handle_error(self, *_):
            pass  # a client that leaves early is no failure of the test

    found = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def url(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("place", ["", "/pack", "/pack/manifest.json"])
def test_places(transport, server, tiny, place):
    assert reader.open(url(server) + place).id == reader.open(tiny).id


def test_one_range_a_sample(transport, server, tiny):
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


def test_no_ranges(transport, server):
    """A server that sends whole files instead is named as the cause, and no wrong field is returned."""
    remote = reader.open(url(server))
    server.ranges = False
    with pytest.raises(reader.DatasetError, match="range of bytes"):
        remote.all[0]


def test_gone(transport, server, tiny):
    with pytest.raises(reader.DatasetError, match="manifest.json"):
        reader.open(url(server) + "/elsewhere")
    remote = reader.open(url(server))
    server.failing = True
    with pytest.raises(reader.DatasetError, match="cannot read"):
        remote.all[0]


MOMENTARY = {
    "503": status(503), "500": status(500), "502": status(502), "504": status(504), "429": status(429, Retry_After="0"),
    "hung up": hang_up, "cut off": body(lambda data: data[: len(data) // 2]),
}  # fmt: skip


@pytest.mark.parametrize("name", MOMENTARY)
def test_a_failure_that_is_soon_over(transport, server, tiny, name):
    """One bad answer for each file ends nothing: neither opening, nor an epoch, nor the columns, nor the check of files."""
    files = [path.name for path in (tiny / "pack").iterdir() if path.suffix in (".h5", ".json", ".npy")]
    server.faults = {file: [MOMENTARY[name]] for file in files}
    train = reader.open(url(server) + "/pack").select("train")
    want = reader.open(tiny).select("train")
    seen = 0
    for batch in train.batches(16, order=reader.Order(2)):
        assert np.array_equal(batch.y, want.read(batch.index)[1])
        seen += len(batch)
    assert seen == len(want)
    server.faults = {file: [MOMENTARY[name]] for file in files}
    assert np.array_equal(train.sources(3), want.sources(3))
    server.faults = {file: [MOMENTARY[name]] for file in files}
    train.dataset.check_files()


@pytest.mark.parametrize("name", MOMENTARY)
def test_a_failure_that_stays(transport, server, name):
    """The second bad answer is said, with its status and the file, and not taken for a file that is not there."""
    train = reader.open(url(server)).select("train")
    server.faults = {"train-": [MOMENTARY[name]] * 1000}
    for read in (lambda: train[0], lambda: train.sources(0), train.dataset.check_files):
        with pytest.raises(reader.DatasetError, match=r"cannot read http.*train-0000.\.h5: .*, twice: try again later") as caught:
            read()
        assert not isinstance(caught.value, MissingFileError) and "damaged" not in str(caught.value)
        if name.isdigit():
            assert f"status {name}" in str(caught.value)
    for place in ("", "/pack", "/pack/manifest.json"):
        server.faults = {"manifest.json": [MOMENTARY[name]] * 1000}
        with pytest.raises(reader.DatasetError, match="manifest.json") as caught:
            reader.open(url(server) + place)
        assert "does not exist" not in str(caught.value) and not isinstance(caught.value, MissingFileError)


@pytest.mark.parametrize("code", [401, 403, 404, 410, 418])
def test_refusals(transport, server, code):
    """What the server refuses is not missing; what is missing is not refused. Neither is asked for twice."""
    calls = []

    def once(handler, path):
        calls.append(path.name)
        status(code)(handler, path)

    for place in ("", "/pack"):
        server.faults = {"manifest.json": [once] * 1000}
        with pytest.raises(reader.DatasetError, match=f"status {code}") as caught:
            reader.open(url(server) + place)
        assert ("does not exist" in str(caught.value)) == isinstance(caught.value, MissingFileError) == (code in (404, 410))
    assert len(calls) == 3
    server.faults = {"tags.json": [once] * 1000}
    with pytest.raises(reader.DatasetError, match=f"status {code}" if code not in (404, 410) else "has no version 'round-1'"):
        reader.open(url(server) + "/pack@round-1")


WRONG = {
    "another range": (body(lambda data: data, Content_Range="bytes 0-9/100000"), "with others: Content-Range"),
    "no range at all": (body(lambda data: data, Content_Range="bytes */100000"), "with others: Content-Range"),
    "nonsense": (body(lambda data: data, Content_Range="\x1b[31mbytes"), "with others: Content-Range"),
    "an error page": (body(lambda data: b"<html>" + data[6:], 200, Content_Type="text/html"), "range of bytes: it sends text/html"),
    "the whole file": (body(lambda data: data, 200, Content_Range=None), "range of bytes"),
    "too much": (body(lambda data: data + b"1", Content_Length=None), "more than the .* bytes"),
    "other bytes": (body(lambda data: bytes(len(data))), "is damaged"),
    "nothing": (status(204), "range of bytes"),
    "the end": (status(416), "ends too early"),
    "a redirect to nowhere": (status(302), "range of bytes|status 302"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers(transport, server, name):
    """A server that answers something else than what it was asked for is named as the cause."""
    answer, says = WRONG[name]
    train = reader.open(url(server)).select("train")
    server.faults = {"train-": [answer] * 1000}
    for read in (lambda: train[5], lambda: next(train.batches(8))):
        with pytest.raises(reader.DatasetError, match=says) as caught:
            read()
        assert "\x1b" not in str(caught.value)


def test_a_page_instead_of_the_manifest(transport, server):
    page = body(lambda data: b"<!DOCTYPE html><title>Sign in</title>".ljust(len(data)), 200, Content_Range=None)
    server.faults = {"manifest.json": [page] * 10}
    with pytest.raises(reader.DatasetError, match="not JSON: a page in HTML or XML stands in its place"):
        reader.open(url(server) + "/pack")
    server.faults = {"locations.npy": [page] * 10}
    with pytest.raises(reader.DatasetError, match="locations.npy is not what the manifest lists"):
        reader.open(url(server) + "/pack")


def test_a_file_without_end(transport, server):
    """Of a file that is longer than what is accepted no more than that is taken into memory."""
    sent = []

    def endless(handler, path):
        handler.send_response(200)
        handler.end_headers()
        handler.close_connection = True
        try:
            while len(sent) < 4000:
                handler.wfile.write(bytes(1 << 16))
                sent.append(1)
        except OSError:
            pass

    server.faults = {"locations.npy": [endless] * 10}
    with pytest.raises(reader.DatasetError, match="more than the [0-9]+ bytes that are accepted"):
        reader.open(url(server) + "/pack")
    assert len(sent) < 1000


def test_a_file_that_is_longer_than_listed(transport, server, tiny):
    opened = reader.open(url(server))
    shard = opened._manifest.shards[0]
    server.faults = {"train-00000": [body(lambda data: data, Content_Range=f"bytes 0-0/{shard.bytes + 1}")] * 10}
    with pytest.raises(reader.DatasetError, match=f"has {shard.bytes + 1} bytes, {shard.bytes} are listed"):
        opened.check_files()


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


def test_other_protocols_need_fsspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(reader.DatasetError, match="needs fsspec"):
        reader.open("s3://bucket/data")


def test_unknown_protocol():
    with pytest.raises(reader.DatasetError, match="fsspec cannot open"):
        reader.open("gopher://example/dataset")
