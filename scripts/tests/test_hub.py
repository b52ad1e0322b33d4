"""Datasets on the Hugging Face Hub, of which a server here takes the place: it leads to another one, as the Hub does."""

import hashlib
import http.server
import inspect
import pathlib
import sys
import threading
import urllib.parse

import huggingface_hub
import numpy as np
import pytest
import steadyset as reader
from steadyset.errors import DatasetError
from steadyset.transfer import listed, pull, push, verify
from steadyset.transfer.__main__ import main
from steadyset.versions import split_reference
from test_reader_remote import impatient, server, status, transport, url  # noqa: F401 - fixtures
from test_rounds import rounds  # noqa: F401 - a fixture


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers of the Hub: small files itself, others by a redirect to where they lie."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        prefix = f"/datasets/someone/fields/resolve/{self.server.revision}/"
        name = urllib.parse.unquote(self.path[len(prefix) :]).removeprefix(self.server.folder)
        if not self.path.startswith(prefix) or not (self.server.files / name).is_file():
            return self.answer(404, b"Entry not found")
        if self.server.secret and self.headers.get("Authorization") != f"Bearer {self.server.secret}":
            return self.answer(401, b"Invalid username or password.")
        if name.endswith(".json"):
            return self.answer(200, (self.server.files / name).read_bytes())
        self.answer(302, b"", Location=f"{self.server.lies_at}/pack/{name}?signature=1")

    def answer(self, code, data, **headers):
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(server, tiny, monkeypatch):  # noqa: F811
    found = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    found.asked, found.revision, found.folder, found.secret = [], "main", "pack/", None
    found.files, found.lies_at = tiny / "pack", url(server)
    threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{found.server_port}")
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("HF_HOME", str(tiny / "no-such-folder"))
    yield found
    found.shutdown()
    found.server_close()


def test_reading(transport, hub, server, tiny, tmp_path):  # noqa: F811
    samples, local = reader.open("hf://datasets/someone/fields", cache=tmp_path).all, reader.open(tiny).all
    server.answers.clear()
    for batch in samples.batches(16, order=reader.Order(3)):
        assert np.array_equal(batch.y, local.read(batch.index)[1])
    assert len(server.answers) == len(samples) and {code for _, code, _ in server.answers} == {206}
    hub.asked.clear()
    assert all(np.array_equal(one.y, other.y) for one, other in zip(samples, local)) and hub.asked == []


def test_a_revision_and_a_version(hub, server, rounds, tmp_path):  # noqa: F811
    hub.files = server.folder = rounds[1] / "pack"
    server.folder = rounds[1]
    hub.revision, hub.folder = "refs%2Fpr%2F1", "deep/pack/"
    place = "hf://datasets/someone/fields@refs%2Fpr%2F1/deep"
    local = reader.open(rounds[1], version="round-2")
    for found in map(reader.open, (f"{place}@round-2", f"{place}/pack@round-2", f"{place}/pack/manifest.json@round-2")):
        assert found.id == local.id and np.array_equal(found.all[-1].y, local.all[-1].y)
    assert [version.tags[0] for version in listed(place)] == ["base", "round-1", "round-2", "round-3"]
    assert verify(place) == reader.open(rounds[1]).id
    pull(f"{place}@round-1", tmp_path / "copy")
    assert reader.open(tmp_path / "copy", version=reader.open(rounds[1], version="round-1").id[:16])


@pytest.mark.parametrize(
    "text, parts",
    [
        ("hf://datasets/a/b", ("hf://datasets/a/b", None)),
        ("hf://datasets/a/b@main", ("hf://datasets/a/b@main", None)),
        ("hf://datasets/a/b@main@round-1", ("hf://datasets/a/b@main", "round-1")),
        ("hf://datasets/a/b@main/pack@round-1", ("hf://datasets/a/b@main/pack", "round-1")),
        ("hf://datasets/a/b/pack@round-1", ("hf://datasets/a/b/pack", "round-1")),
        ("s3://a/b@round-1", ("s3://a/b", "round-1")),
    ],
)
def test_references(text, parts):
    assert split_reference(text) == parts


def test_a_token(hub, server, tiny, monkeypatch):  # noqa: F811
    """It is shown to the Hub, not to whom the Hub leads to."""
    hub.secret = "hf_secret"
    with pytest.raises(DatasetError, match="refuses it with status 401") as caught:
        reader.open("hf://datasets/someone/fields")
    assert "hf://datasets/someone/fields/pack/manifest.json" in str(caught.value)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    seen = []

    def note(handler, path):
        seen.append(handler.headers.get("Authorization"))
        status(503)(handler, path)

    server.faults = {"train-": [note]}
    opened = reader.open("hf://datasets/someone/fields")
    assert np.array_equal(opened.all[0].y, reader.open(tiny).all[0].y) and seen == [None]
    assert {secret for _, secret in hub.asked[-2:]} == {"Bearer hf_secret"}
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(DatasetError, match="needs fsspec"):
        reader.open("hf://datasets/someone/fields")


def test_what_is_not_there(transport, hub):  # noqa: F811
    for place in ("hf://datasets/someone/others", "hf://datasets/someone/fields@another"):
        with pytest.raises(DatasetError, match="manifest.json does not exist: the server answers status 404"):
            reader.open(place)


REAL = huggingface_hub.HfApi


class Refusal(Exception):
    """As those of huggingface_hub: with the answer."""

    def __init__(self, message, code):
        super().__init__(message)
        self.response = type("Answer", (), {"status_code": code})


class EntryNotFoundError(Refusal):
    pass


class Api:
    """Stands for huggingface_hub.HfApi, whose signatures its calls must suit; it keeps a repository in a folder."""

    folder, sent, commits, fail = None, [], [], None

    def __init__(self, **options):
        inspect.signature(REAL).bind(**options)

    def __getattr__(self, name):
        real = inspect.signature(getattr(REAL, name))

        def call(**options):
            real.bind(self, **options)
            assert (options["repo_id"], options["repo_type"], options["revision"]) == ("someone/fields", "dataset", "main")
            if Api.fail is not None and Api.fail(name, options):
                raise Refusal(f"{name} was refused", Api.fail(name, options))
            return getattr(Api, f"of_{name}")(**options)

        return call

    @staticmethod
    def of_repo_info(**_):
        return type("Info", (), {"sha": f"commit-{len(Api.commits)}"})

    @staticmethod
    def of_list_repo_tree(path_in_repo, **_):
        folder = path_in_repo or ""
        if not (Api.folder / folder).is_dir():
            raise EntryNotFoundError("no such folder", 404)
        for path in sorted(path for path in (Api.folder / folder).iterdir() if path.is_file()):
            entry = {"path": f"{folder}/{path.name}".lstrip("/"), "size": path.stat().st_size, "oid": "0" * 40}
            if path.suffix == ".h5":
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                entry["lfs"] = {"size": entry["size"], "oid": digest, "pointerSize": 130}
            yield huggingface_hub.hf_api.RepoFile(**entry)

    @staticmethod
    def of_preupload_lfs_files(additions, **_):
        Api.sent += [addition.path_in_repo for addition in additions]

    @staticmethod
    def of_create_commit(operations, parent_commit, **_):
        if parent_commit != f"commit-{len(Api.commits)}":
            raise Refusal("A commit has happened since.", 412)
        Api.commits.append([(type(one).__name__, one.path_in_repo) for one in operations])
        for one in operations:
            path = Api.folder / one.path_in_repo
            if isinstance(one, huggingface_hub.CommitOperationDelete):
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                data = one.path_or_fileobj
                path.write_bytes(data if isinstance(data, bytes) else pathlib.Path(data).read_bytes())


@pytest.fixture
def api(hub, server, tmp_path, monkeypatch):  # noqa: F811
    """The repository that the Hub here shows."""
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setattr(Api, "folder", tmp_path / "repository")
    monkeypatch.setattr(Api, "sent", [])
    monkeypatch.setattr(Api, "commits", [])
    hub.files, server.folder = tmp_path / "repository/pack", tmp_path / "repository"
    return Api


def test_push(api, tiny):
    place = "hf://datasets/someone/fields"
    done = push(tiny, place, card=False)
    assert len(api.commits) == 1 and done.sent == len(list((tiny / "pack").iterdir()))
    assert verify(place) == reader.open(tiny).id == reader.open(place).id
    again = push(tiny, place, card=False)
    assert again.sent == 0 and len(api.commits) == 1 and len(api.sent) == done.sent - 2
    # The card is a commit of its own.
    push(tiny, place)
    assert len(api.commits) == 2 and ("CommitOperationAdd", "README.md") in api.commits[1]
    push(tiny, place)
    assert len(api.commits) == 2


def test_push_of_another_dataset(api, tiny, rounds):  # noqa: F811
    place = "hf://datasets/someone/fields"
    push(rounds[1], place, card=False)
    with pytest.raises(DatasetError, match="holds another dataset .*--replace"):
        push(tiny, place)
    assert len(api.commits) == 1
    assert main(["sync", str(tiny), place, "--quiet", "--no-card"]) == 0 and len(api.commits) == 3
    assert verify(place) == reader.open(tiny).id
    assert {path.name for path in (api.folder / "pack").iterdir()} == {path.name for path in (tiny / "pack").iterdir()}
    assert not [name for kind, name in api.commits[1] if kind == "CommitOperationDelete" and name == "pack/manifest.json"]


@pytest.mark.parametrize(
    "name, code, says",
    [
        ("repo_info", 404, "cannot list hf://datasets/someone/fields/pack: .*make the repository first"),
        ("preupload_lfs_files", 403, "cannot write hf://datasets/someone/fields/pack/.*: .*HF_TOKEN"),
        ("create_commit", 412, "cannot write hf://datasets/someone/fields/pack: .*somebody else wrote there meanwhile"),
        ("create_commit", 500, "cannot write hf://datasets/someone/fields/pack: create_commit was refused$"),
    ],
)
def test_push_that_is_refused(api, tiny, monkeypatch, name, code, says):
    """Nothing is seen of it; the next one ends the work."""
    monkeypatch.setattr(api, "fail", lambda called, _: code if called == name else None)
    place = "hf://datasets/someone/fields"
    with pytest.raises(DatasetError, match=says):
        push(tiny, place)
    assert api.commits == [] and not api.folder.exists()
    monkeypatch.setattr(api, "fail", None)
    push(tiny, place)
    assert verify(place) == reader.open(tiny).id


def test_push_to_what_is_no_dataset(tiny):
    with pytest.raises(DatasetError, match="a dataset on the Hub is hf://datasets/OWNER/NAME"):
        push(tiny, "hf://someone/model")
