"""Datasets to and from object storage: a real server of S3, and one of HTTP that lies."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import boto3
import pytest
import steadyset as reader
from moto.server import ThreadedMotoServer
from steadyset import answers
from steadyset.canonical import canonical
from steadyset.errors import DatasetError
from steadyset.transfer import lineage, listed, pull, push, strays, verify
from steadyset.transfer import target as targets
from steadyset.transfer import upkeep
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
    assert verify(place) == reader.open(small).id == reader.open(place).id


def calls_of(target, monkeypatch, before=lambda number: None):
    """Notes the calls of S3 that a target makes for a file in parts; `before` may end one."""
    made = []
    call = target._system.call_s3

    def noted(method, **arguments):
        before(len(made))
        made.append((method, arguments.get("PartNumber")))
        return call(method, **arguments)

    monkeypatch.setattr(target._system, "call_s3", noted)
    return made


def test_a_large_file_that_is_interrupted_ten_times(bucket, s3, monkeypatch, tmp_path):
    """The unit is a part: each is sent once, wherever the push was interrupted."""
    monkeypatch.setattr(targets, "PART_BYTES", 5 << 20)
    path = tmp_path / "train-00000.h5"
    path.write_bytes(random.Random(1).randbytes(5 << 20) * 7 + b"end")
    place = f"s3://{bucket[0]}/large"
    sent, random_ = [], random.Random(2)
    for _ in range(10):
        target = targets.Target(place)
        end = random_.randrange(4)

        def interrupt(number, end=end):
            if number > end:
                raise Interruption

        made = calls_of(target, monkeypatch, interrupt)
        with pytest.raises(Interruption):
            target.send(path, path.name)
        sent += made
        other = targets.Target(place)
        assert other.listing() == {}
        assert [upload.name for upload in other.uploads()] == [path.name] * (("create_multipart_upload", None) in sent)
    target = targets.Target(place)
    made = calls_of(target, monkeypatch)
    left = target.send(path, path.name)
    parts = [number for method, number in sent if method == "upload_part"]
    last = [number for method, number in made if method == "upload_part"]
    assert parts and sorted(parts + last) == list(range(1, 9)), "each part once"
    assert left == path.stat().st_size - len(parts) * (5 << 20)
    assert [method for method, _ in sent].count("create_multipart_upload") == 1
    body = s3.get_object(Bucket=bucket[0], Key=f"large/{path.name}")["Body"].read()
    assert body == path.read_bytes() and target.uploads() == []


def test_parts_of_another_content(bucket, s3, monkeypatch, tmp_path):
    """A part counts by its digest; an upload that somebody ended in between is begun anew."""
    monkeypatch.setattr(targets, "PART_BYTES", 5 << 20)
    path, target = tmp_path / "train-00000.h5", targets.Target(f"s3://{bucket[0]}/large")
    key = {"Bucket": bucket[0], "Key": f"large/{path.name}"}
    path.write_bytes(bytes(12 << 20))
    upload = s3.create_multipart_upload(**key)["UploadId"]
    for number, data in enumerate((b"x" * (5 << 20), bytes(5 << 20)), 1):
        s3.upload_part(**key, UploadId=upload, PartNumber=number, Body=data)
    assert target.send(path, path.name) == 7 << 20
    assert s3.get_object(**key)["Body"].read() == path.read_bytes()
    path.write_bytes(bytes(11 << 20))
    upload = s3.create_multipart_upload(**key)["UploadId"]

    def abort(number):
        if number == 3:
            s3.abort_multipart_upload(**key, UploadId=upload)

    calls_of(target, monkeypatch, abort)
    target.send(path, path.name)
    assert s3.get_object(**key)["Body"].read() == path.read_bytes()


def test_parts_that_nobody_goes_on_with(bucket, s3, tiny, capsys, monkeypatch):
    place = f"s3://{bucket[0]}/tiny"
    push(tiny, place)
    s3.create_multipart_upload(Bucket=bucket[0], Key="tiny/pack/train-77777.h5")
    begun = s3.list_multipart_uploads(Bucket=bucket[0])["Uploads"][0]["Initiated"].timestamp()
    monkeypatch.setattr(upkeep.time, "time", lambda: begun + 3600)
    assert main(["clean", place, "--apply"]) == 65
    assert "train-77777.h5: parts of a file that did not arrive" in capsys.readouterr().out
    assert main(["clean", place, "--apply", "--hours", "0"]) == 0
    assert strays(place) == [] and "Uploads" not in s3.list_multipart_uploads(Bucket=bucket[0])


@pytest.mark.parametrize("seed", range(4))
def test_push_that_is_interrupted_at_any_request(bucket, tiny, monkeypatch, seed):
    """Before or after a random request to the storage: the next push ends the work, and a reader never finds half of it."""
    place, random_ = f"s3://{bucket[0]}/tiny", random.Random(seed)
    retried, count, end, after = targets.Target._retried, [0], None, random_.random() < 0.5

    def counted(self, name, work, verb="read"):
        count[0] += 1
        if count[0] == end and not after:
            raise Interruption
        found = retried(self, name, work, verb)
        if count[0] == end:
            raise Interruption
        return found

    monkeypatch.setattr(targets.Target, "_retried", counted)
    push(tiny, f"{place}-whole", jobs=1)
    end, count[0] = random_.randint(1, count[0]), 0
    with pytest.raises(Interruption):
        push(tiny, place, jobs=1)
    monkeypatch.setattr(targets.Target, "_retried", retried)
    try:
        assert reader.open(place).id == reader.open(tiny).id and verify(place)
    except DatasetError:
        assert "tiny/pack/manifest.json" not in bucket[1]()
    push(tiny, place)
    assert verify(place) == reader.open(tiny).id and set(bucket[1]().values()) == {1}


def test_a_file_that_is_removed_during_a_push(bucket, s3, tiny):
    """Somebody cleans up what no manifest lists yet: the file is sent again before the manifest is."""
    place = f"s3://{bucket[0]}/tiny"
    gone = []

    def remove(path, size):
        if path.endswith(".h5") and not gone:
            gone.append(path)
            s3.delete_object(Bucket=bucket[0], Key=f"tiny/pack/{path}")

    push(tiny, place, jobs=1, progress=remove)
    assert gone and verify(place) == reader.open(tiny).id


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
    said = steadyset("log", dataset).stdout.splitlines()
    tree = lineage(listed(place))
    for line, name in zip(tree, ["base", "round-1", "round-2", "round-3"], strict=True):
        words = next(found for found in said if f" {name} " in f" {found}").split(",")[0]
        assert line.split(";")[0] == words and (name == "base" or re.search(f"round {name[-1]}: [0-9]+ added", line))
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
    assert verify(place) == reader.open(dataset).id
    assert main(["sync", str(tiny), place, "--quiet"]) == 0
    assert verify(place) == reader.open(tiny).id and strays(place) == []
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


def test_verify_and_clean(bucket, s3, tiny, capsys, monkeypatch):
    name, _ = bucket
    place = f"s3://{name}/tiny"
    push(tiny, place)
    s3.put_object(Bucket=name, Key="tiny/pack/train-99999.h5", Body=b"left over")
    assert main(["log", place]) == 0
    assert capsys.readouterr().out == f"base  {reader.open(tiny).id[:16]}  {len(reader.open(tiny))} samples\n"
    with pytest.raises(SystemExit):
        main(["clean", place, "--hours", "nan"])
    assert "a number of hours from 0 on" in capsys.readouterr().err
    assert main(["clean", place]) == 0 and "train-99999.h5: 9 bytes\n1 files; --apply" in capsys.readouterr().out
    # It may be of a push that is under way.
    assert main(["clean", place, "--apply"]) == 65 and len(strays(place)) == 1
    assert "nothing was removed: 1 of 1 files are younger than 24 hours" in capsys.readouterr().err
    monkeypatch.setattr(upkeep.time, "time", lambda now=time.time: now() + 25 * 3600)
    assert main(["clean", place, "--apply"]) == 0 and strays(place) == []
    first = sorted(path.name for path in (tiny / "pack").glob("*.h5"))[0]
    data = bytearray((tiny / "pack" / first).read_bytes())
    data[len(data) // 2] ^= 1
    s3.put_object(Bucket=name, Key=f"tiny/pack/{first}", Body=bytes(data))
    s3.delete_object(Bucket=name, Key="tiny/pack/locations.npy")
    assert main(["verify", place, "--quiet"]) == 65
    said = capsys.readouterr().err
    assert f"{first} is damaged" in said and "locations.npy does not exist" in said
    s3.put_object(Bucket=name, Key="tiny/pack/locations.npy", Body=(tiny / "pack/locations.npy").read_bytes())
    opened = reader.open(tiny)
    row = next(shard.first for shard in opened._manifest.shards if shard.path == first) + 5
    data = bytearray((tiny / "pack" / first).read_bytes())
    data[int(opened._table["offset"][row]) + 60] ^= 1
    s3.put_object(Bucket=name, Key=f"tiny/pack/{first}", Body=bytes(data))
    with pytest.raises(DatasetError, match=f"{first} is damaged: its SHA-256 differs, in 1 samples: {opened.all[row].id};"):
        verify(place)
    data[int(opened._table["offset"][row]) + 60] ^= 1
    data[-1] ^= 1
    s3.put_object(Bucket=name, Key=f"tiny/pack/{first}", Body=bytes(data))
    with pytest.raises(DatasetError, match=f"{first} is damaged: its SHA-256 differs, outside of what is known of"):
        verify(place)
    s3.delete_object(Bucket=name, Key="tiny/pack/locations.npy")
    # A push mends both, and sends nothing else.
    assert push(tiny, place).sent_bytes < sum(map(len, files(tiny / "pack").values())) / 2
    assert verify(place) == reader.open(tiny).id


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


def test_a_damaged_file_here_and_there(bucket, tiny, tmp_path):
    """A file that is damaged here, and there in the same way, is not taken for right; one that is right there is left."""
    shutil.copytree(tiny / "pack", tmp_path / "pack")
    place = f"s3://{bucket[0]}/tiny"
    push(tmp_path, place)
    shard = sorted((tmp_path / "pack").glob("test-*.h5"))[0]
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    assert push(tmp_path, place).sent == 0 and verify(place)
    boto3.client("s3").put_object(Bucket=bucket[0], Key=f"tiny/pack/{shard.name}", Body=bytes(data))
    with pytest.raises(DatasetError, match=f"{shard.name} is damaged: its SHA-256 is not that of the manifest"):
        push(tmp_path, place)


def test_each_manifest_is_read_once(server, rounds):  # noqa: F811
    server.folder = rounds[1]
    server.answers.clear()
    assert len(listed(url(server))) == 4
    read = [name for name, _, _ in server.answers]
    assert sorted(read) == sorted(set(read)) and len([name for name in read if name.startswith("version-")]) == 3


def forged(folder, change, name="manifest.json"):
    """Alters a manifest, and gives it the id of its new content."""
    document = json.loads((folder / name).read_text())
    change(document)
    kept = {key: value for key, value in document.items() if key not in ("id", "layout", "files")}
    document["id"] = hashlib.sha256(canonical(kept).encode()).hexdigest()
    (folder / name).write_text(json.dumps(document))
    return document["id"]


@pytest.mark.parametrize("ending", ["part", "tmp"])
def test_names_of_files_half_written(tiny, tmp_path, ending):
    shutil.copytree(tiny / "pack", tmp_path / "pack")

    def rename(document):
        document["files"][0]["path"] += f".{ending}"

    (tmp_path / "pack/train-00000.h5").rename(tmp_path / f"pack/train-00000.h5.{ending}")
    forged(tmp_path / "pack", rename)
    for transfer in (lambda: push(tmp_path, f"file://{tmp_path}/to"), lambda: pull(f"file://{tmp_path}", tmp_path / "to")):
        with pytest.raises(DatasetError, match=f"train-00000.h5.{ending} is that of a file half written"):
            transfer()
    assert not (tmp_path / "to").exists()


def test_versions_that_do_not_suit_each_other(rounds, tmp_path):  # noqa: F811
    """`verify` compares versions with the ones that they were made from, tags with versions, and tables with one another."""
    place = f"file://{tmp_path}"
    shutil.copytree(rounds[1] / "pack", tmp_path / "pack")
    tags = json.loads((tmp_path / "pack/tags.json").read_text())
    version = f"version-{tags['round-2'][:16]}.json"
    assert verify(place) == reader.open(tmp_path).id
    text = (tmp_path / "pack/tags.json").read_text()
    (tmp_path / "pack/tags.json").write_text(json.dumps(tags | {"lost": tags["round-1"][:16] + "0" * 48}))
    with pytest.raises(DatasetError, match="tags.json: lost is the name of version [0-9a-f]{16}, which is not there"):
        verify(place)
    (tmp_path / "pack/tags.json").write_text(text)
    whole = (tmp_path / "pack" / version).read_text()
    document = json.loads(whole)
    document["files"][0], document["files"][1] = document["files"][1], document["files"][0]
    (tmp_path / "pack" / version).write_text(json.dumps(document))
    with pytest.raises(DatasetError, match=f"the parent {tags['round-1'][:16]} of version {tags['round-2'][:16]} was altered"):
        verify(place)
    (tmp_path / "pack" / version).write_text(whole)
    choices = next((tmp_path / "pack").glob("choices-*.csv"))
    choices.write_bytes(choices.read_bytes()[:-1] + b"x")
    with pytest.raises(DatasetError, match=f"{choices.name} is not what the manifest lists"):
        verify(place)


def test_storage_that_cannot_be_written(bucket, tiny, tmp_path):
    with pytest.raises(DatasetError, match="cannot write s3://no-such-bucket-here/tiny/pack/.*: "):
        push(tiny, "s3://no-such-bucket-here/tiny")
    (tmp_path / "there").write_text("")
    with pytest.raises(DatasetError, match=f"cannot write file://{tmp_path}/there/pack/.*: "):
        push(tiny, f"file://{tmp_path}/there")


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
