"""The table of locations, as a reader without HDF5 and without NumPy sees it, and what `verify` says of a wrong one."""

import ast
import ctypes
import ctypes.util
import hashlib
import json
import re
import struct

import h5py
import numpy as np
import pytest
from conftest import TINY, changed, contents, manifest, refused, samples, steadyset, write

ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd"))
ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
RECORD = struct.Struct("<QQdQI32sIIQQ")  # id, rank, error bound, offset, sources, SHA-256 of y, sizes, checksums


def read_table(path):
    """Yields the records of a table, from the documentation and the standard library alone."""
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00"
    start = 10 + int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:start].decode())
    assert header["fortran_order"] is False and start % 64 == 0
    names = [field[0] for field in header["descr"]]
    assert names == ["id", "rank", "error_bound", "offset", "n_sources", "y_sha256", "x_bytes", "y_bytes", "x_checksum", "y_checksum"]
    (count,) = header["shape"]
    assert len(data) == start + count * RECORD.size
    return [dict(zip(names, fields)) for fields in RECORD.iter_unpack(data[start:])]


def decode(frame, sites):
    """Decodes a blosc frame with libzstd alone."""
    version, zstd, flags, element, content, block, size, place = struct.unpack_from("<BBBBIIII", frame)
    assert (version, zstd, element, place) == (2, 1, 4, 20) and flags in (0x81, 0x90, 0x91)
    assert content == block == 4 * sites and size == len(frame)
    part, planes = content if flags & 0x10 else sites, b""
    out = ctypes.create_string_buffer(part)
    while place < size:
        (length,) = struct.unpack_from("<I", frame, place)
        stream = frame[place + 4 : place + 4 + length]
        assert len(stream) == length
        assert ZSTD.ZSTD_decompress(out, ctypes.c_size_t(part), stream, ctypes.c_size_t(length)) == part
        planes += out.raw
        place += 4 + length
    assert len(planes) == content
    if flags & 1:
        shuffled = bytearray(content)
        for byte in range(4):
            shuffled[byte::4] = planes[byte * sites : (byte + 1) * sites]
        return bytes(shuffled)
    return planes


def test_one_range_is_a_sample(tiny):
    """x and y of every sample from one range of bytes; digests, and the same values as h5py gives."""
    found = manifest(tiny, "pack")
    rows, columns = found["parameters"]["physics"]["lattice"]
    records = iter(read_table(tiny / "pack" / found["layout"]["locations"]["path"]))
    for entry in found["files"]:
        shard = (tiny / "pack" / entry["path"]).read_bytes()
        with h5py.File(tiny / "pack" / entry["path"]) as file:
            for row, record in zip(range(entry["samples"]), records):
                data = shard[record["offset"] :][: record["x_bytes"] + record["y_bytes"]]
                x = decode(data[: record["x_bytes"]], rows * columns)
                y = decode(data[record["x_bytes"] :], rows * columns)
                assert hashlib.sha256(y).digest() == record["y_sha256"]
                assert x == file["x"][row].tobytes() and y == file["y"][row].tobytes()
                for name in ("id", "rank", "error_bound", "n_sources"):
                    assert file[name][row] == record[name]
                for number, name in enumerate("xy"):
                    assert file[name].id.get_chunk_info(row).size == record[f"{name}_bytes"]
                    assert file["checksums"][row, number] == record[f"{name}_checksum"]
    assert next(records, None) is None


def test_numpy_reads_it(tiny):
    table = np.load(tiny / "pack/locations.npy")
    assert table.dtype.itemsize == RECORD.size == 92
    assert table["id"].tolist() == [int(s["id"]) for _, s in samples(tiny)]
    entry = manifest(tiny, "pack")["layout"]["locations"]
    data = (tiny / "pack/locations.npy").read_bytes()
    assert entry == {"path": "locations.npy", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.mark.parametrize("per_shard", [1, 1000, 3])
def test_any_size_of_shard(per_shard, tmp_path):
    """Samples lie in one range however many a shard has, more than fit a page of HDF5's index included."""
    pipeline = changed(TINY, sampling={"samples_per_stratum": 500, "strata": [2, 3, 4]}, pack={"samples_per_shard": per_shard})
    if per_shard != 1000:
        pipeline["sampling"]["samples_per_stratum"] = 20
    else:
        pipeline["split"] = {"test_every": 5}
        pipeline["pack"]["samples_per_shard"] = 1200
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset")
    table = np.load(tmp_path / "dataset/pack/locations.npy")
    first = 0
    for entry in manifest(tmp_path / "dataset", "pack")["files"]:
        with h5py.File(tmp_path / "dataset/pack" / entry["path"]) as file:
            for row in {0, 1, entry["samples"] // 2, entry["samples"] - 1} & set(range(entry["samples"])):
                record = table[first + row]
                x, y = (file[name].id.get_chunk_info(row) for name in "xy")
                assert (x.byte_offset, x.size) == (record["offset"], record["x_bytes"])
                assert (y.byte_offset, y.size) == (record["offset"] + record["x_bytes"], record["y_bytes"])
        first += entry["samples"]
    assert first == len(table)


def test_metadata_comes_first(tiny):
    """Nothing but chunks lies between the chunks of a shard: they fill their range without gaps."""
    table, first = np.load(tiny / "pack/locations.npy"), 0
    for entry in manifest(tiny, "pack")["files"]:
        rows = table[first : first + entry["samples"]]
        ends = rows["offset"] + rows["x_bytes"] + rows["y_bytes"]
        assert rows["offset"][1:].tolist() == ends[:-1].tolist()
        first += entry["samples"]


def test_verify_finds_a_wrong_table(damaged):
    """A byte changed; then the manifest made to agree with it, which only a look at the shards finds."""
    path = damaged / "pack/locations.npy"
    data = bytearray(path.read_bytes())
    data[-1 - 92 * 3] ^= 1
    path.write_bytes(data)
    said = steadyset("verify", damaged / "pack", expect=1).stdout
    assert "locations.npy: its content is not what the manifest lists" in said
    listed = damaged / "pack/manifest.json"
    old = manifest(damaged, "pack")["layout"]["locations"]["sha256"]
    listed.write_text(listed.read_text().replace(old, hashlib.sha256(data).hexdigest()))
    said = steadyset("verify", damaged / "pack", expect=1).stdout
    assert "locations.npy: does not say where the samples of the shards lie" in said and "1 finding" in said
    path.unlink()
    assert "locations.npy" in steadyset("verify", damaged / "pack", expect=1).stdout


def test_a_link_is_followed(damaged, tmp_path):
    """To a plain file, whose content must be the table's."""
    path = damaged / "pack/locations.npy"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "0 findings" in steadyset("verify", damaged / "pack").stdout
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert "locations.npy" in steadyset("verify", damaged / "pack", expect=1).stdout


def test_another_name_is_refused(damaged):
    found = manifest(damaged, "pack")
    found["layout"]["locations"]["path"] = "../../etc/passwd"
    (damaged / "pack/manifest.json").write_text(json.dumps(found))
    refused("show", damaged / "pack", status=65, says="locations")


def test_a_lost_table_is_made_again(damaged, tiny):
    (damaged / "pack/locations.npy").unlink()
    steadyset("run", write(damaged.parent, TINY), "-o", damaged)
    assert contents(damaged) == contents(tiny)


def test_manifests_without_a_table_stay_valid(damaged):
    """The table is in no id, and a dataset of an earlier build lacks it."""
    path = damaged / "pack/manifest.json"
    text, lacking = re.subn(r'\n    "locations": \{[^}]*\},', "", path.read_text())
    assert lacking == 1
    path.write_text(text)
    assert "0 findings" in steadyset("verify", damaged / "pack").stdout
