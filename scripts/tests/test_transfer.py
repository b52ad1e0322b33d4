"""Datasets to and from object storage: a real server of S3, and one of HTTP that lies."""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import boto3
import pytest
import steadyset as reader
from moto.server import ThreadedMotoServer
from steadyset import answers
from steadyset.errors import DatasetError
from steadyset.transfer import check, listed, pull, push, strays
from steadyset.transfer import target as targets
from steadyset.transfer.__main__ import main
from steadyset.transfer.inventory import Item
from conftest import TINY, changed, steadyset, write
from test_reader_remote import body, hang_up, server, status, url  # noqa: F401 - a fixture
from test_rounds import rounds  # noqa: F401 - a fixture


@pytest.fixture(scope="module")
def s3():
    """A server of S3; every object keeps the versions that were ever written."""
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    found.start()
    host, port = found.get_host_and_port()
    settings = {
        "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    yield boto3.client("s3")
    found.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def bucket(s3, request):
    """A bucket of its own for a test: (its name, how often each object was written, in the order of first writing)."""
    name = f"b{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def written():
        counts = {}
        versions = s3.list_object_versions(Bucket=name).get("Versions", [])
        for version in sorted(versions, key=lambda version: version["LastModified"]):
            counts[version["Key"]] = counts.get(version["Key"], 0) + 1
        return counts

    return name, written


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(answers, "PAUSE", 0.01)


def files(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


class Interruption(BaseException):
    """As Ctrl-C is one."""


def test_push_that_is_interrupted_ten_times(bucket, tmp_path):
    name, written = bucket
    place = f"s3://{name}/small"
    small = tmp_path / "small"
    steadyset("run", write(tmp_path, changed(TINY, pack={"samples_per_shard": 4})), "--output", small)
    for number in range(10):

        def interrupt(path, size):
            raise Interruption

        with pytest.raises(Interruption):
            push(small, place, jobs=1, progress=interrupt)
        assert not [key for key in written() if key.endswith(".json")], "manifests are last"
        with pytest.raises(DatasetError):
            reader.open(place)
    arrived = written()
    done = push(small, place)
    assert done.kept >= 10 and done.sent >= 10 and done.sent + done.kept == len(files(small / "pack"))
    assert set(written().values()) == {1}, "nothing was sent twice"
    assert list(arrived) == list(written())[: len(arrived)]
    again = push(small, place)
    assert again.sent == again.sent_bytes == 0 and set(written().values()) == {1}
    assert check(place) == reader.open(small).id == reader.open(place).id


def test_push_that_is_killed(bucket, tiny):
    name, written = bucket
    command = [sys.executable, "-m", "steadyset.transfer", "push", str(tiny), f"s3://{name}/tiny", "--jobs", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    process.stderr.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    before = written()
    assert 1 <= len(before) and "tiny/pack/manifest.json" not in before
    push(tiny, f"s3://{name}/tiny")
    assert set(written().values()) == {1}


def test_versions_there_and_back(bucket, rounds, tmp_path):  # noqa: F811
    _, dataset = rounds
    place = f"s3://{bucket[0]}/rounds"
    push(dataset, place)
    assert [version.tags for version in listed(place)] == [("base",), ("round-1",), ("round-2",), ("round-3",)]
    pull(place, tmp_path / "copy")
    assert files(tmp_path / "copy/pack") == files(dataset / "pack")
    again = pull(place, tmp_path / "copy")
    assert again.sent == again.sent_bytes == 0
    # One version, and what it was made from.
    push(f"{dataset}@round-1", f"s3://{bucket[0]}/one")
    assert reader.open(f"s3://{bucket[0]}/one", version=reader.open(dataset, version="round-1").id).id
    assert len([key for key in bucket[1]() if key.startswith("one/pack/version-")]) == 1
    pull(f"{place}@round-2", tmp_path / "two")
    assert reader.open(tmp_path / "two", version=reader.open(dataset, version="round-2").id[:16]).id
    assert len(list((tmp_path / "two/pack").glob("version-*"))) == 2


def test_another_dataset_is_not_written_over(bucket, rounds, tiny, tmp_path):  # noqa: F811
    _, dataset = rounds
    place = f"s3://{bucket[0]}/place"
    push(dataset, place)
    with pytest.raises(DatasetError, match="holds another dataset .*--replace"):
        push(tiny, place)
    assert check(place) == reader.open(dataset).id
    assert main(["sync", str(tiny), place, "--quiet"]) == 0
    assert check(place) == reader.open(tiny).id and strays(place) == []
    pull(place, tmp_path / "copy")
    with pytest.raises(DatasetError, match="holds another dataset .*--replace"):
        push(dataset, place)
        pull(place, tmp_path / "copy")
    assert files(tmp_path / "copy/pack") == files(tiny / "pack")
    # Whichever way a dataset is replaced, none of its manifests and tags stays.
    push(dataset, place, replace=True)
    pull(place, tmp_path / "copy", replace=True)
    pull(f"file://{tiny}", tmp_path / "copy", replace=True)
    left = [name for name in files(tmp_path / "copy/pack") if name.endswith(".json")]
    assert sorted(left) == ["manifest.json", "provenance.json"]


def test_a_folder_that_cannot_be_made(tiny, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["pull", f"file://{tiny}", str(tmp_path / "file/copy")]) == 74
    assert "Not a directory" in capsys.readouterr().err


def test_a_damaged_shard_is_not_sent(bucket, tiny, tmp_path):
    shutil.copytree(tiny / "pack", tmp_path / "pack")
    shard = sorted((tmp_path / "pack").glob("test-*.h5"))[0]
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DatasetError, match=f"{shard.name} is damaged"):
        push(tmp_path, f"s3://{bucket[0]}/tiny")
    assert not [key for key in bucket[1]() if key.endswith(".json") or key.endswith(shard.name)]
    shard.write_bytes(data[:-1])
    with pytest.raises(DatasetError, match="bytes, the manifest says"):
        push(tmp_path, f"s3://{bucket[0]}/tiny")


def test_check_and_clean(bucket, s3, tiny, capsys):
    name, _ = bucket
    place = f"s3://{name}/tiny"
    push(tiny, place)
    s3.put_object(Bucket=name, Key="tiny/pack/train-99999.h5", Body=b"left over")
    assert main(["clean", place]) == 0 and "train-99999.h5: 9 bytes\n1 files; --apply" in capsys.readouterr().out
    assert main(["clean", place, "--apply"]) == 0 and strays(place) == []
    first = sorted(path.name for path in (tiny / "pack").glob("*.h5"))[0]
    data = bytearray((tiny / "pack" / first).read_bytes())
    data[len(data) // 2] ^= 1
    s3.put_object(Bucket=name, Key=f"tiny/pack/{first}", Body=bytes(data))
    s3.delete_object(Bucket=name, Key="tiny/pack/locations.npy")
    assert main(["check", place, "--quiet"]) == 65
    said = capsys.readouterr().err
    assert f"{first} is damaged" in said and "locations.npy does not exist" in said
    # A push mends both, and sends nothing else.
    assert push(tiny, place).sent_bytes < sum(map(len, files(tiny / "pack").values())) / 2
    assert check(place) == reader.open(tiny).id


def test_a_file_in_parts_is_known_without_reading_it(bucket, monkeypatch, tmp_path):
    monkeypatch.setattr(targets, "PART_BYTES", 5 << 20)
    path = tmp_path / "train-00000.h5"
    path.write_bytes(os.urandom((5 << 20) * 2 + 12345))
    target = targets.Target(f"s3://{bucket[0]}/parts")
    target.send(path, path.name)
    entry = target.listing()[path.name]
    assert entry["ETag"].strip('"').endswith("-3")
    monkeypatch.setattr(target, "digest", lambda *_: pytest.fail("read"))
    item = Item(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert target.holds(entry, item, path)


@pytest.mark.parametrize("fault", [body(lambda data: data[::-1]), status(503), hang_up, body(lambda data: data[:-9])])
def test_a_server_that_fails_once(server, tiny, tmp_path, fault):  # noqa: F811
    server.faults = {"train-00000": [fault]}
    pull(url(server), tmp_path / "copy")
    assert files(tmp_path / "copy/pack") == files(tiny / "pack")


def test_a_server_that_lies(server, tiny, tmp_path):  # noqa: F811
    server.faults = {"train-00000": [body(lambda data: data[::-1])] * 2}
    with pytest.raises(DatasetError, match="train-00000.h5 is not what the manifest lists .*twice"):
        pull(url(server), tmp_path / "copy")
    there = files(tmp_path / "copy/pack")
    assert "manifest.json" not in there and "train-00000.h5" not in there
    pull(url(server), tmp_path / "copy")
    assert files(tmp_path / "copy/pack") == files(tiny / "pack")


def test_a_pull_goes_on_within_a_file(server, tiny, tmp_path):  # noqa: F811
    data = (tiny / "pack/train-00000.h5").read_bytes()
    (tmp_path / "copy/pack").mkdir(parents=True)
    (tmp_path / "copy/pack/train-00000.h5.part").write_bytes(data[:1000])
    (tmp_path / "copy/pack/train-00001.h5.part").write_bytes(b"of another file")
    server.answers.clear()
    pull(url(server), tmp_path / "copy")
    assert [size for name, _, size in server.answers if name == "train-00000.h5"] == [len(data) - 1000]
    assert files(tmp_path / "copy/pack") == files(tiny / "pack")
    (tmp_path / "copy/pack/train-00000.h5").unlink()
    assert pull(url(server), tmp_path / "copy").sent_bytes == len(data)


def test_places_that_do_not_suit(tiny, tmp_path, capsys):
    with pytest.raises(DatasetError, match="HTTP is for reading"):
        push(tiny, "https://example.org/tiny")
    with pytest.raises(DatasetError, match="is a dataset that was made here"):
        (tmp_path / "made/solve").mkdir(parents=True)
        pull(f"file://{tiny}", tmp_path / "made")
    assert main(["pull", str(tiny), str(tmp_path / "copy")]) == 65 and "is no URL" in capsys.readouterr().err
    assert main(["push", str(tmp_path / "none"), f"file://{tmp_path}/there"]) == 66
    assert not (tmp_path / "there").exists()


def test_a_folder_as_storage(tiny, tmp_path):
    """A protocol that shows half-written files: they have another name until they are whole."""
    push(tiny, f"file://{tmp_path}/there")
    assert files(tmp_path / "there/pack") == files(tiny / "pack")
    assert push(tiny, f"file://{tmp_path}/there").sent == 0
