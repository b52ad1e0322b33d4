"""The Python reader against h5py: selections, fields, columns, decoders, batches, processes, damage."""

import concurrent.futures
import importlib.util
import json
import multiprocessing
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import types

import h5py
import numpy as np
import pytest
import steadyset as reader
from conftest import REPOSITORY, manifest, samples, steadyset
from steadyset import canonical, frame, storage, versions
from steadyset.manifest import parse_table

import reference


@pytest.fixture(scope="module")
def expected(tiny):
    """Every sample of the tiny dataset as h5py reads it, with its part."""
    return [sample | {"part": entry["part"]} for entry, sample in samples(tiny)]


@pytest.fixture
def opened(tiny):
    return reader.open(tiny)


def same(found, want):
    return (
        np.array_equal(found.x, want["x"])
        and np.array_equal(found.y, want["y"])
        and found.id == f"{int(want['id']):016x}"
        and (found.rank, found.n_sources, found.error_bound) == (want["rank"], want["n_sources"], want["error_bound"])
    )


def test_every_sample(opened, expected):
    assert len(opened) == len(opened.all) == len(expected) == 120
    assert all(same(found, want) for found, want in zip(opened.all, expected, strict=True))
    everything = opened.all
    assert everything.ids.tolist() == [int(want["id"]) for want in expected]
    assert everything.ranks.tolist() == [want["rank"] for want in expected]
    assert everything.error_bounds.tolist() == [want["error_bound"] for want in expected]
    assert np.array_equal(everything.y_sha256, [want["y_sha256"] for want in expected])
    for k, want in enumerate(expected):
        assert [tuple(row) for row in everything.sources(k).tolist()] == want["sources"]
        assert everything.keys(k).size == 0
    assert np.array_equal(everything.x(7), expected[7]["x"]) and np.array_equal(everything.y(-1), expected[-1]["y"])


@pytest.mark.parametrize("place", ["", "pack", "pack/manifest.json", "pack/"])
def test_places(tiny, place):
    found = reader.open(tiny / place if place != "pack/" else f"{tiny}/pack/")
    assert found.id == manifest(tiny, "pack")["id"]
    assert found.lattice == (48, 40) and found.physics["boundary"] == "absorbing"


def test_selections(tiny, opened, expected):
    """Each selection of the manifest has the samples that the specification of selections gives, by name and by alias."""
    listed = manifest(tiny, "pack")["content"]["selections"]
    assert opened.selections == [s["name"] for s in listed]
    for selection in listed:
        first, end = selection["ranks"]
        want = [
            int(s["id"])
            for s in expected
            if s["part"] == selection["part"]
            and first <= s["rank"] < end
            and selection.get("stratum", s["n_sources"]) == s["n_sources"]
        ]
        found = opened.select(selection["name"])
        assert found.ids.tolist() == want and len(want) == selection["samples"] > 0
        if selection["part"] == "train" and "stratum" not in selection:
            assert opened.select(selection["name"].removeprefix("train/")) == found
    assert opened.select("A12.5%") == opened.select("train/S12.5%-A") == opened.select("S12.5%")
    assert opened.select("S25%") != opened.select("S12.5%")
    parts = [opened.select(part) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 120
    assert opened.select("test | validation") == parts[2] | parts[1] == opened.all - parts[0]
    assert opened.select("S50% & n02") == opened.select("train/S50%", stratum=2)
    assert opened.select("test & n01 | test & n04") == opened.select("test") - opened.select("test/n02")
    assert opened.select(ranks=[0, 1, 5]).ranks.tolist() == [0, 1, 5]
    assert opened.select(part="test", ranks=range(3)) == opened.select("test/S12.5%")
    ids = opened.all.ids[[3, 100]]
    assert opened.select(ids=[int(ids[1]), f"{int(ids[0]):016x}"]).ids.tolist() == ids.tolist()
    for wrong in ({"name": "S3%"}, {"name": "train/n03"}, {"part": "dev"}, {"ids": [1]}, {"name": "nothing | train"}):
        with pytest.raises(KeyError):
            opened.select(**wrong)


def test_indexing(opened, expected):
    train = opened.select("train")
    assert train[5:9].ids.tolist() == [int(s["id"]) for s in expected[5:9]]
    assert train[[4, 2, 2]].ids.tolist() == [int(expected[k]["id"]) for k in (4, 2, 2)]
    assert train[train.n_sources == 4] == opened.select("train/n04")
    assert len(train[[]]) == 0 and train[::-1][0].id == train[-1].id
    assert same(train[np.int64(3)], expected[3])
    with pytest.raises(IndexError):
        train[len(train)]
    with pytest.raises(TypeError):
        train[[0.5]]


@pytest.mark.parametrize("decoder", list(frame.DECODERS))
def test_decoders(tiny, expected, decoder):
    """One suite over all decoders: the same values, and an error for each kind of damage."""
    try:
        opened = reader.open(tiny, decoder=decoder)
    except reader.DatasetError:
        if decoder == "zstd":
            raise  # the build itself needs it
        pytest.skip(f"{decoder} is not installed")
    for k in (0, 50, 119):
        assert same(opened.all[k], expected[k])
    row = np.array([60])
    part = opened._fetch(row, ["y"])(0).copy()
    recorded, checksum = int(opened._table["y_checksum"][60]), frame.make_checksum()
    assert checksum is not None
    out = np.empty(opened.lattice, np.float32)
    frame.decode(opened._decoder, part, out)
    assert np.array_equal(out, expected[60]["y"])
    rng = np.random.default_rng(8)
    for at in [*range(29), *rng.integers(29, len(part), 60)]:
        harmed = part.copy()
        harmed[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(reader.DatasetError):
            frame.decode(opened._decoder, harmed.copy(), out, recorded, checksum)
        # zstd's own checksum finds what changes the content; a few bits of a frame change nothing.
        try:
            frame.decode(opened._decoder, harmed, out)
        except reader.DatasetError:
            continue
        assert at >= 29 and np.array_equal(out, expected[60]["y"])
    out[:] = 0
    frame.decode(opened._decoder, part.copy(), out, recorded, checksum)
    assert np.array_equal(out, expected[60]["y"])
    for length in (0, 10, 24, 30, len(part) - 1):
        with pytest.raises(reader.DatasetError):
            frame.decode(opened._decoder, part[:length], out)


def test_every_changed_byte(tiny, expected):
    """Reading finds each change of one byte of the chunks of a sample."""
    opened = reader.open(tiny)
    data = opened._fetch(np.array([60]), ["x", "y"])(0).copy()
    outs = [np.empty(opened.lattice, np.float32) for _ in "xy"]
    rng = np.random.default_rng(9)
    assert len(data) > 1000
    for at in range(len(data)):
        harmed = data.copy()
        harmed[at] ^= int(rng.integers(1, 256))
        with pytest.raises(reader.DatasetError, match="is damaged"):
            opened._decode(60, harmed, ["x", "y"], outs, False)
    opened._decode(60, data, ["x", "y"], outs, False)
    assert np.array_equal(outs[0], expected[60]["x"]) and np.array_equal(outs[1], expected[60]["y"])


@pytest.mark.parametrize("decoder", list(frame.DECODERS))
def test_streams_of_several_blocks(decoder):
    """Every kind of block, several in a stream, and streams as long as their content, with and without zstd's checksums."""
    try:
        decode = frame.make_decoder(decoder)
    except reader.DatasetError:
        pytest.skip(f"{decoder} is not installed")
    import zstandard

    # A window as large as the content makes a single segment.
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=22, write_checksum=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    rng = np.random.default_rng(5)
    count = 150_000
    noise, text = rng.integers(0, 256, count, np.uint8), rng.integers(0, 7, count, np.uint8)
    # 17 blocks of noise cost what the frame adds; a short last block of equal bytes saves it.
    long = np.concatenate([rng.integers(0, 256, 17 << 17, np.uint8), np.full(68, 7, np.uint8)])
    runs = np.where(np.arange(len(long)) < len(long) // 2, np.uint8(0), rng.integers(0, 3, len(long), np.uint8))
    for planes in ([noise, text, 0 * text, noise], [0 * text, noise, text, text], [runs, long, runs, runs]):
        streams = [compressor.compress(plane.tobytes()) for plane in planes]
        streams = [s + b"\x50\x2a\x4d\x18\0\0\0\0" * (len(s) == len(planes[0])) for s in streams]
        assert (max(map(len, streams)) == len(long) + 8) == (planes[1] is long)
        body = b"".join(len(stream).to_bytes(4, "little") + stream for stream in streams)
        size = (4 * len(planes[0])).to_bytes(4, "little")
        whole = bytes([2, 1, 0x81, 4]) + size + size + (20 + len(body)).to_bytes(4, "little") + bytes([20, 0, 0, 0]) + body
        want = np.ascontiguousarray(np.stack(planes, 1)).view("<u4")[:, 0]
        for checksum in (None, lambda data: 5):
            out = np.empty(len(want), np.float32)
            frame.decode(decode, np.frombuffer(bytearray(whole), np.uint8), out, 5, checksum)
            assert np.array_equal(out.view("<u4"), want)
            frame.decode(decode, np.frombuffer(whole, np.uint8), out, 5, checksum)  # read-only
            assert np.array_equal(out.view("<u4"), want)


def test_older_tables(tiny, expected, monkeypatch):
    """Without recorded checksums, or without a fast way to compute them, zstd's are verified."""
    opened = reader.open(tiny)
    opened._checksum = None
    assert same(opened.all[3], expected[3])
    opened = reader.open(tiny)
    opened._fields = frozenset(name for name in opened._fields if not name.endswith("_checksum"))
    assert same(opened.all[3], expected[3])
    for missing in (["libh5blosc"], ["libh5blosc", "xxhash"]):
        monkeypatch.setattr(frame, "_blosc_library", lambda: (_ for _ in ()).throw(ImportError()))
        if "xxhash" in missing:
            monkeypatch.setitem(sys.modules, "xxhash", None)
        found = frame.make_checksum()
        if "xxhash" in missing:
            assert found is None
        else:
            assert found is not None and found(np.frombuffer(b"abc", np.uint8)) == 0x44BC2CF5AD770999


def test_unknown_decoder(tiny):
    with pytest.raises(ValueError, match="no decoder 'lz4'"):
        reader.open(tiny, decoder="lz4")


def test_unshuffle():
    rng = np.random.default_rng(3)
    for count in (1, 7, 1000):
        values = rng.integers(0, 1 << 32, count, np.uint32).view(np.float32)
        planes = np.ascontiguousarray(values.view(np.uint8).reshape(count, 4).T)
        out = np.empty(count, np.float32)
        frame.unshuffle(planes.reshape(-1), out)
        assert out.tobytes() == values.tobytes()


def test_batches(opened, expected):
    train = opened.select("train")
    order = reader.Order(seed=9)
    for options in ({}, {"reuse": True}, {"threads": 3}, {"reuse": True, "threads": 2}):
        visited = []
        for batch in train.batches(16, order=order, epoch=2, start=5, **options):
            assert batch.x.shape == batch.y.shape == (len(batch), 48, 40)
            for k, index in enumerate(batch.index):
                want = expected[index]
                assert np.array_equal(batch.x[k], want["x"]) and np.array_equal(batch.y[k], want["y"])
                assert (batch.id[k], batch.rank[k], batch.n_sources[k]) == (want["id"], want["rank"], want["n_sources"])
                assert batch.error_bound[k] == want["error_bound"]
            visited += batch.index.tolist()
        assert visited == list(order.walk(84, epoch=2, start=5)) and len(visited) == 79
    assert [len(batch) for batch in train.batches(32)] == [32, 32, 20]
    assert [len(batch) for batch in train.batches(32, drop_last=True)] == [32, 32]
    assert [batch.index.tolist() for batch in train.batches(2, indices=[3, 1, 4])] == [[3, 1], [4]]
    with pytest.raises(ValueError):
        train.batches(0)


def test_read_into(opened, expected):
    x, y = np.zeros((3, 48, 40), np.float32), np.zeros((3, 48, 40), np.float32)
    found = opened.all.read([7, 80, -1], x=x, y=y)
    assert found[0] is x and found[1] is y
    assert all(np.array_equal(y[k], expected[n]["y"]) for k, n in enumerate((7, 80, 119)))
    for wrong in (np.zeros((2, 48, 40), np.float32), np.zeros((3, 48, 40)), np.zeros((3, 40, 48), np.float32).mT):
        with pytest.raises(ValueError):
            opened.all.read([1, 2, 3], x=wrong)
    with pytest.raises(IndexError):
        opened.all.read([120])


def read_some(samples, indices):
    return [samples[k].y.tobytes() for k in indices]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(opened, expected, method):
    """Processes share an opened dataset, one that has read already included."""
    assert same(opened.all[0], expected[0]) and opened.all.sources(0).size
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        jobs = [pool.submit(read_some, opened.all, range(k, 120, 5)) for k in range(5)]
        for k, job in enumerate(jobs):
            assert job.result(timeout=60) == [expected[n]["y"].tobytes() for n in range(k, 120, 5)]


def test_threads(opened, expected):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(read_some, opened.all, range(k % 7, 120, 3)) for k in range(16)]
        for k, job in enumerate(jobs):
            assert job.result(timeout=60) == [expected[n]["y"].tobytes() for n in range(k % 7, 120, 3)]


def test_few_open_files(tiny, expected):
    """More shards than files may be open at a time."""
    opened = reader.open(tiny)
    opened._storage.maximum_open = 2
    assert all(same(opened.all[k], expected[k]) for k in np.random.default_rng(1).permutation(120))
    assert len(opened._storage._files) == 2


def test_pickles(opened, expected):
    copy = pickle.loads(pickle.dumps(opened.select("test").checked()))
    assert copy.ids.tolist() == opened.select("test").ids.tolist() and len(copy[0].y)


def alter(folder, change, keep_id=False):
    path = folder / "pack/manifest.json"
    found = json.loads(path.read_text())
    change(found)
    if not keep_id:
        found["id"] = reference.manifest_id(found)
    path.write_text(json.dumps(found))


@pytest.mark.parametrize(
    "says,change",
    [
        ("version 2", lambda m: m.update(version=2)),
        ("not a manifest", lambda m: m.update(format="other")),
        ("stage 'solve'", lambda m: m.update(stage="solve")),
        ("codec 'zip'", lambda m: m["layout"].update(codec="zip")),
        ("not a table of locations", lambda m: m["layout"].update(codec="recipe")),
        ("no table of locations", lambda m: m["layout"].pop("locations")),
        ("plain file name", lambda m: m["files"][0].update(path="../x.h5")),
        ("plain file name", lambda m: m["layout"]["locations"].update(path="/etc/passwd")),
        ("whole number", lambda m: m["files"][0].update(bytes=-1)),
        ("samples", lambda m: m["files"][0].update(samples=13)),
        ("lattice", lambda m: m["parameters"]["physics"].update(lattice=[1 << 20, 48])),
        ("lacks", lambda m: m.pop("content")),
        ("other samples", lambda m: m["content"].update(digest="0" * 64)),
        ("SHA-256", lambda m: m["layout"]["locations"].update(sha256="0" * 64)),
        ("too many", lambda m: m["layout"]["locations"].update(bytes=1 << 40)),
        ("beyond the end", lambda m: m["files"][2].update(bytes=20_000)),
        ("version True", lambda m: m.update(version=True)),
        ("grid of 2", lambda m: m["parameters"].update(grid_bits=10**9)),
        ("wrong form", lambda m: m["parameters"].update(physics=[])),
        ("decay_rate", lambda m: m["parameters"]["physics"].update(decay_rate="0.02")),
        ("diffusivity", lambda m: m["parameters"]["physics"].update(diffusivity=True)),
        ("diffusivity", lambda m: m["parameters"]["physics"].update(diffusivity={"down": None, "across": 1})),
        ("wrong form", lambda m: m.update(layout=[])),
        ("wrong form", lambda m: m.update(files={})),
        ("wrong form", lambda m: m.update(files=[None])),
        ("wrong form", lambda m: m["content"].update(selections=7)),
        ("selection's name", lambda m: m["content"]["selections"][0].update(name="train/../../x")),
        ("selection's name", lambda m: m["content"]["selections"][0].update(name="/etc")),
        ("selection's name", lambda m: m["content"]["selections"][0].update(name="train/\x1b[31m")),
        ("selection's name", lambda m: m["content"]["selections"][0].update(name=["train"])),
        ("plain file name", lambda m: m["files"][0].update(path="a\nb.h5")),
        ("plain file name", lambda m: m["files"][0].update(path="..")),
    ],
)
def test_wrong_manifests(damaged, says, change):
    alter(damaged, change)
    with pytest.raises(reader.DatasetError, match=says):
        reader.open(damaged)


def test_altered_manifest(damaged):
    """The id covers the content; storage is outside it."""
    alter(damaged, lambda m: m["layout"].update(samples_per_shard=7), keep_id=True)
    assert reader.open(damaged).id == manifest(damaged, "pack")["id"]
    alter(damaged, lambda m: m["content"]["selections"][0].update(ranks=[0, 24]), keep_id=True)
    with pytest.raises(reader.DatasetError, match="was altered"):
        reader.open(damaged)


def test_canonical_form(tiny):
    """By the examples of RFC 8785, appendix B, and against the tests' own."""
    examples = {
        0: "0", -0.0: "0", 1.0: "1", 0.0025: "0.0025", 1e21: "1e+21", 1e20: "100000000000000000000", 1e-6: "0.000001",
        1e-7: "1e-7", 333333333.33333329: "333333333.3333333", 1.7976931348623157e308: "1.7976931348623157e+308",
        5e-324: "5e-324", 9007199254740992: "9007199254740992", -4.5: "-4.5", 123456.789e3: "123456789",
        295147905179352830000: "295147905179352830000", 1.5e-9: "1.5e-9", 1.25e25: "1.25e+25",
    }  # fmt: skip
    assert {value: canonical.number(value) for value in examples} == examples
    text = '{"\\u20ac":"\\u0007 \\u00fc \\\\ \\"","a":[true,null,1.0,{"b":2,"a":-0.5}]}'
    assert canonical.canonical(json.loads(text)) == '{"a":[true,null,1,{"a":-0.5,"b":2}],"€":"\\u0007 ü \\\\ \\""}'
    rng = np.random.default_rng(6)
    for value in rng.integers(0, 1 << 64, 3000, np.uint64).view(np.float64):
        if np.isfinite(value):
            assert canonical.number(float(value)) == reference.number(float(value)), value
    with pytest.raises(ValueError):
        canonical.number(float("nan"))


def test_no_manifest(tmp_path):
    with pytest.raises(reader.DatasetError, match="does not exist"):
        reader.open(tmp_path)


HOSTILE = {
    "deep": b"[" * 100_000,
    "deep enough": b'{"format":"steadyset-manifest","version":3,"stage":"pack","id":"","a":' + b"[" * 400 + b"]" * 400 + b"}",
    "many values": b"[" + b"[]," * 4_000_000 + b"[]]",
    "a number of many digits": b'{"format":"steadyset-manifest","version":3,"stage":"pack","id":"","a":' + b"9" * 9000 + b"}",
    "a number that is too large": b'{"format":"steadyset-manifest","version":3,"stage":"pack","id":"","a":1e999}',
    "NaN": b'{"format":"steadyset-manifest","version":3,"stage":"pack","id":"","a":NaN}',
    "a key twice": b'{"format":"steadyset-manifest","version":3,"version":3}',
    "half a pair": b'{"format":"steadyset-manifest","version":3,"stage":"pack","id":"","a":"\\ud800"}',
    "not UTF-8": b'{"format":"\xff"}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json(damaged, name):
    """Of a manifest and of tags: an error on one line, and none of Python's own."""
    for file, place in (("manifest.json", str(damaged)), ("tags.json", f"{damaged}@round-1")):
        path = damaged / "pack" / file
        kept = path.read_bytes() if path.exists() else None
        path.write_bytes(HOSTILE[name])
        with pytest.raises(reader.DatasetError, match="not JSON|does not hold tags") as caught:
            reader.open(place)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
        path.write_bytes(kept) if kept is not None else path.unlink()
    reader.open(damaged)


TABLES = {
    "nested brackets": "(" * 3000 + ")" * 3000,
    "nested lists": "[" * 3000,
    "a long header": "{" + " " * 60_000 + "}",
    "an expression": "{'descr': 9**9**9}",
    "a product": "{'descr': [('id', '<u8')] * 9999999}",
    "no mapping": "7",
    "a shape of text": "SHAPE'9999999999',)",
    "a shape of truth": "SHAPETrue,)",
    "a shape below 0": "SHAPE-1,)",
    "a vast shape": "SHAPE" + "9" * 30 + ",)",
    "two axes": "SHAPE60, 2)",
    "a long field": "{'descr': [('id', '<u8', (2, 2))], 'fortran_order': False, 'shape': (1,), }",
}


@pytest.mark.parametrize("name", TABLES)
def test_hostile_tables(tiny, name):
    """A header of the table of locations that asks for memory, for the interpreter's stack, or for something else."""
    data = (tiny / "pack/locations.npy").read_bytes()
    start = 10 + int.from_bytes(data[8:10], "little")
    header = TABLES[name]
    if header.startswith("SHAPE"):
        whole = data[10:start].decode().rstrip()
        header = whole[: whole.index("'shape': (")] + "'shape': (" + header.removeprefix("SHAPE") + ", }"
    header = header.encode()
    with pytest.raises(reader.DatasetError, match="not a table of locations") as caught:
        parse_table(data[:8] + len(header).to_bytes(2, "little") + header + data[start:], "locations.npy")
    assert len(str(caught.value)) < 400
    assert len(parse_table(data, "locations.npy")) == 120


@pytest.mark.parametrize(
    "name,change",
    [
        ("virtual", lambda f, d: f.create_virtual_dataset("sources", h5py.VirtualLayout((12, 9, 4), "f8"))),
        ("external", lambda f, d: f.create_dataset("sources", (12, 9, 4), "f8", external=[("/etc/passwd", 0, 3456)])),
        ("linked outside", lambda f, d: f.__setitem__("sources", h5py.ExternalLink("other.h5", "/sources"))),
        ("vast", lambda f, d: f.create_dataset("sources", (1 << 20, 1 << 20, 4), "f8", chunks=(1, 1, 4))),
        ("a group", lambda f, d: f.create_group("sources")),
        ("texts", lambda f, d: f.create_dataset("sources", data=["a"] * 12)),
        ("short", lambda f, d: f.create_dataset("sources", data=np.zeros((3, 9, 4)))),
        ("flat", lambda f, d: f.create_dataset("sources", data=np.zeros(12))),
    ],
)
def test_hostile_columns(damaged, name, change):
    """Columns whose values are elsewhere, or more than the file can hold, or of another form."""
    path = damaged / "pack/train-00000.h5"
    with h5py.File(path, "r+") as file:
        del file["sources"]
        change(file, damaged)
    alter(damaged, lambda m: m["files"][0].update(bytes=path.stat().st_size))
    with pytest.raises(reader.DatasetError, match="sources|no sources"):
        reader.open(damaged).all.sources(0)


def test_names_lead_nowhere_else(tmp_path):
    """A storage reads plain file names alone, whatever document they come from."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("secret")
    folder = storage.LocalFolder(str(tmp_path / "in"))
    for path in ("../secret", str(tmp_path / "secret"), "", ".", "..", "a/b", "-x", "a\0", "a\n", "a" * 256):
        for read in (lambda: folder.read_all(path, 9), lambda: folder.read([storage.Range(path, 0, 1)])(0),
                     lambda: folder.size(path)):  # fmt: skip
            with pytest.raises(reader.DatasetError, match="not a plain file name"):
                read()


def test_damaged_files(damaged, expected):
    """A flipped bit in a chunk, a truncated shard, a missing one: an error that names the sample or the file."""
    opened = reader.open(damaged)
    opened.check_files()
    record = opened._table[20]
    path = damaged / "pack" / opened._manifest.shards[1].path
    data = bytearray(path.read_bytes())
    data[int(record["offset"]) + int(record["x_bytes"]) + 100] ^= 4
    path.write_bytes(data)
    with pytest.raises(reader.DatasetError, match="train-00001.h5 is not what the manifest lists"):
        opened.check_files()
    opened = reader.open(damaged)
    assert same(opened.all[19], expected[19])
    with pytest.raises(reader.DatasetError, match=f"{int(record['id']):016x}.*train-00001.h5 is damaged"):
        opened.all[20]
    path.write_bytes(data[: int(record["offset"]) + 10])
    with pytest.raises(reader.DatasetError, match="ends too early"):
        opened.all[20]
    path.unlink()
    with pytest.raises(reader.DatasetError, match="does not exist"):
        reader.open(damaged).all[20]


def test_behind_symbolic_links(damaged, tmp_path, expected):
    """As caches of data sets have them: every file a link to a blob elsewhere. Other targets are named, and nothing hangs."""
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for path in (damaged / "pack").iterdir():
        path.rename(blobs / path.name)
        path.symlink_to(f"../../blobs/{path.name}")
    opened = reader.open(damaged)
    assert same(opened.all[20], expected[20]) and opened.all.sources(20).size
    opened.check_files()
    path = damaged / "pack/train-00001.h5"
    os.mkfifo(tmp_path / "pipe")
    for target, says in ((tmp_path / "pipe", "no plain file"), (blobs, "no plain file"), ("/dev/zero", "no plain file"),
                         ("nowhere", "symbolic link to nowhere, which does not exist")):  # fmt: skip
        path.unlink()
        path.symlink_to(target)
        with pytest.raises(reader.DatasetError, match=says):
            reader.open(damaged).all[20]


def test_open_files_at_the_end(tiny):
    """Files that are open when the interpreter ends are closed without a word, even where modules are gone by then."""
    code = (
        f"import os, steadyset; kept = steadyset.open({str(tiny)!r}); kept.all[0]\n"
        "file, = kept._storage._files.values(); close = os.close; del os.close; del file, kept\n"
        "import builtins; builtins.kept = steadyset.open({0!r}); builtins.kept.all[0]".format(str(tiny))
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_digests_on_request(damaged):
    """A chunk replaced by a valid one of another sample, its checksum too, is found by `checked()` alone."""
    opened = reader.open(damaged)
    table = opened._table
    sizes = table["y_bytes"][:12].tolist()
    a, b = next((i, j) for i in range(12) for j in range(12) if sizes[i] < sizes[j])
    path = damaged / "pack/train-00000.h5"
    data = bytearray(path.read_bytes())
    start = [int(table["offset"][k]) + int(table["x_bytes"][k]) for k in (a, b)]
    data[start[1] : start[1] + sizes[a]] = data[start[0] : start[0] + sizes[a]]
    path.write_bytes(data)
    # The shorter frame must claim the whole length, so make the record agree.
    changed = np.array(table)
    changed["y_bytes"][b] = sizes[a]
    opened._table = changed
    with pytest.raises(reader.DatasetError, match="checksum"):
        opened.all.y(b)
    changed["y_checksum"][b] = table["y_checksum"][a]
    assert np.array_equal(opened.all.y(b), opened.all.y(a))
    with pytest.raises(reader.DatasetError, match="digest"):
        opened.all.checked().y(b)
    assert opened.all.checked().y(a).size


@pytest.mark.parametrize("name", ["random-medium", "layers"])
def test_coefficients(name, tmp_path):
    """Coefficients of each sample are chunks behind x and y; those of all samples are read from the shard."""
    steadyset("run", REPOSITORY / f"pipelines/{name}.yaml", "-o", tmp_path)
    opened, row = reader.open(tmp_path).all, 0
    for entry in manifest(tmp_path, "pack")["files"]:
        with h5py.File(tmp_path / "pack" / entry["path"]) as file:
            for k in range(entry["samples"]):
                for coefficient in ("diffusivity", "decay_rate"):
                    data = file[coefficient]
                    want = data[k] if name == "random-medium" else data[...]
                    assert np.array_equal(opened.coefficient(coefficient, row), want)
                assert np.array_equal(opened[row].y, file["y"][k]) and np.array_equal(opened.x(row), file["x"][k])
                assert opened.keys(row).tolist() == (file["keys"][k].tolist() if "keys" in file else [])
                row += 1
    assert row == len(opened) >= 40


def test_constant_coefficients(opened):
    assert np.array_equal(opened.all.coefficient("decay_rate", 3), np.full((48, 40), 0.02, np.float32))
    with pytest.raises(KeyError):
        opened.all.coefficient("density", 0)


def test_torch_is_optional():
    """Importing the package imports neither PyTorch nor the libraries that only some uses need."""
    code = "import steadyset, sys; print([m for m in ('torch', 'h5py', 'fsspec', 'hdf5plugin') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed: scripts/test --torch")
@pytest.mark.parametrize("workers", [0, 2])
def test_torch(opened, expected, workers):
    import torch.utils.data
    from steadyset.torch import TorchDataset, TorchSampler

    train = opened.select("train")
    sampler = TorchSampler(len(train), reader.Order(5))
    loader = torch.utils.data.DataLoader(TorchDataset(train), batch_size=8, sampler=sampler, num_workers=workers)
    order = list(reader.Order(5).walk(84))
    seen = 0
    for x, y in loader:
        for k in range(len(x)):
            assert np.array_equal(y[k, 0].numpy(), expected[order[seen + k]]["y"])
        seen += len(x)
        sampler.advance(len(x))
        if seen == 40:
            state = sampler.state_dict()
    assert seen == 84 and sampler.state_dict()["epoch"] == 1
    # Without a word from the loop, and with a last batch that is dropped: orders of their own, as long as they say.
    loader = torch.utils.data.DataLoader(
        TorchDataset(train), batch_size=32, sampler=TorchSampler(len(train)), num_workers=workers, drop_last=True)  # fmt: skip
    epochs = [torch.cat([y for _, y in loader]) for _ in range(3)]
    assert [len(epoch) for epoch in epochs] == [64] * 3 == [32 * len(loader)] * 3
    assert not torch.equal(epochs[0], epochs[1]) and not torch.equal(epochs[1], epochs[2])
    loader.sampler.set_epoch(0)
    assert torch.equal(torch.cat([y for _, y in loader]), epochs[0])
    assert isinstance(sampler, torch.utils.data.Sampler)
    with pytest.raises(ValueError, match="no samples"):
        TorchDataset(train[[]])
    again = TorchSampler(len(train), rank=1, ranks=2)
    again.load_state_dict(state)
    assert list(again) == order[41::2]


def test_installs(tmp_path):
    """`pip install` of a copy gives a package with its marker of types; nothing is fetched."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not installed")
    # Others import the package meanwhile, which makes and renames files of these folders.
    shutil.copytree(REPOSITORY / "scripts/python", tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([*command, "--target", tmp_path / "target", tmp_path / "source"], check=True, env=environment)
    names = {path.name for path in (tmp_path / "target/steadyset").iterdir()}
    sources = {path.name for path in (REPOSITORY / "scripts/python/steadyset").iterdir() if path.is_file()}
    assert sources <= names and "py.typed" in names


def test_types():
    """mypy, strictly."""
    pytest.importorskip("mypy")
    folder = REPOSITORY / "scripts/python"
    command = [sys.executable, "-m", "mypy", "--config-file", folder / "pyproject.toml", "--cache-dir", os.devnull]
    result = subprocess.run([*command, folder / "steadyset"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_without_preadv(tiny, expected, monkeypatch):
    monkeypatch.delattr(os, "preadv", raising=False)
    assert all(same(reader.open(tiny).all[k], expected[k]) for k in (0, 64, 119))


CHOICE = "00000000000000a1,3,2,added,1,drawn,,random,,0.5"


@pytest.mark.parametrize(
    "line",
    ["", CHOICE + ",", CHOICE.replace("a1", "A1"), CHOICE.replace("00a1", "0xa1"), CHOICE.replace(",3,", ",-3,"),
     CHOICE.replace(",3,", ",3_0,"), CHOICE.replace(",3,", ", 3,"), CHOICE.replace("added", "kept"), CHOICE.replace("drawn", "dream"),
     CHOICE.replace("0.5", "nan"), CHOICE.replace("0.5", "1e999"), CHOICE.replace("0.5", "half"), CHOICE.replace("random", '"a,b"'),
     CHOICE.replace("random", "\x1b[31m"), CHOICE.replace("random", "a" * 200_000), CHOICE.replace("0.5", "0.5\r")],
)  # fmt: skip
def test_lines_that_are_no_choices(line):
    assert versions._choice(CHOICE)[:4] == (0xA1, 3, 2, "added")
    with pytest.raises(ValueError) as caught:
        versions._choice(line)
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("parent", ["../../../etc/passwd", "a" * 63, "A" * 64, 7, ["a"], "a" * 64])
def test_parents_are_ids(parent):
    """The parent's id becomes the name of a file; a version that is its own ancestor has no end."""
    child = types.SimpleNamespace(document={"id": "a" * 64, "content": {"parent": parent}, "files": []})
    with pytest.raises(reader.DatasetError, match="names no parent"):
        versions._check_lineage(storage.LocalFolder("."), child, None)
