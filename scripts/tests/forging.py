"""Forges datasets: alters what is in part files and shards, and makes every digest right again, by the article Formats alone."""

import hashlib
import json
import pathlib
import struct

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import versioning
import xxhash
import zstandard
from conftest import manifest

import reference


def frame(values):
    """A blosc frame of a field: shuffled, a zstd stream for each of the four planes."""
    plain = np.ascontiguousarray(values, "<f4").tobytes()
    planes = np.frombuffer(plain, np.uint8).reshape(-1, 4)
    parameters = zstandard.ZstdCompressionParameters.from_level(3, write_checksum=1, write_content_size=1)
    streams = [zstandard.ZstdCompressor(compression_params=parameters).compress(planes[:, k].tobytes()) for k in range(4)]
    body = b"".join(struct.pack("<I", len(stream)) + stream for stream in streams)
    return lambda old: old[:12] + struct.pack("<I", 20 + len(body)) + old[16:20] + body


def column(path, name, row, value):
    """Replaces a value of a column, in place: the file's structure stays as it is."""
    with h5py.File(path) as file:
        data = file[name]
        place = data.id.get_offset() + row * (data.dtype.itemsize * int(np.prod(data.shape[1:])))
        raw = np.asarray(value, data.dtype).tobytes()
    content = bytearray(pathlib.Path(path).read_bytes())
    content[place : place + len(raw)] = raw
    pathlib.Path(path).write_bytes(content)


def label(path, row, change):
    """Replaces the label of a row by what `change` makes of it, with its digest and its checksum."""
    with h5py.File(path, "r+") as file:
        y = file["y"][row]
        new = change(y.copy())
        assert not np.array_equal(y, new)
        mask, old = file["y"].id.read_direct_chunk((row, 0, 0))
        data = frame(new)(old)
        file["y"].id.write_direct_chunk((row, 0, 0), data, mask)
        file["y_sha256"][row] = np.frombuffer(hashlib.sha256(new.astype("<f4").tobytes()).digest(), np.uint8)
        file["checksums"][row, 1] = xxhash.xxh64_intdigest(data)


def rows(path, names):
    """What a content digest covers of each sample of a file, with what samples are in order by."""
    with h5py.File(path) as file:
        columns = [file[name][:] for name in names]
        order = zip(file["index"][:], file["n_sources"][:], strict=True)
        return [(place, b"".join(c[row].tobytes() for c in columns)) for row, place in enumerate(order)]


def content(path, names):
    """What a content digest covers of a file."""
    return b"".join(data for _, data in rows(path, names))


def write(path, document):
    pathlib.Path(path).write_text(versioning.pretty(document))


def sign(dataset, stage, change=None):
    """Makes a stage's manifest right for its files: sizes, digests, numbers, the id and what was made from it by name."""
    folder = pathlib.Path(dataset) / stage
    document = manifest(dataset, stage)
    names = ("id", "error_bound", "y_sha256") if stage == "solve" else ("id", "rank", "error_bound", "y_sha256")
    for entry in document["files"]:
        path = folder / entry["path"]
        entry["bytes"], entry["sha256"] = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        if "digest" in entry:
            entry["digest"] = hashlib.sha256(content(path, names)).hexdigest()
    if stage in ("solve", "pack"):
        paths = [folder / entry["path"] for entry in document["files"]]
        every = [row for path in paths for row in rows(path, names)]
        if stage == "solve":
            every.sort()
        document["content"]["digest"] = hashlib.sha256(b"".join(data for _, data in every)).hexdigest()
        bounds = [h5py.File(path)["error_bound"][:].max() for path in paths]
        document["content"]["largest_error_bound"] = float(max(bounds))
    # Those of other labels; whoever forges leaves them out.
    document["layout"].pop("statistics", None)
    if change:
        change(document)
    for entry in document["inputs"]:
        if entry["stage"] in ("sample", "solve", "split"):
            entry["id"] = manifest(dataset, entry["stage"])["id"]
    document["id"] = reference.manifest_id(document)
    write(folder / "manifest.json", document)
    told = json.loads((folder / "provenance.json").read_text())
    told["manifest"] = document["id"]
    write(folder / "provenance.json", told)


def locations(dataset):
    """Makes the table of locations right for standard shards."""
    pack, document = pathlib.Path(dataset) / "pack", manifest(dataset, "pack")
    records = []
    for entry in document["files"]:
        with h5py.File(pack / entry["path"]) as file:
            for k in range(entry["samples"]):
                x, y = file["x"].id.get_chunk_info(k), file["y"].id.get_chunk_info(k)
                records.append(
                    (
                        file["id"][k], file["rank"][k], file["error_bound"][k], x.byte_offset, file["n_sources"][k],
                        file["y_sha256"][k], x.size, y.size, *file["checksums"][k],
                    )
                )  # fmt: skip
    data = versioning.table(len(records), records)
    (pack / "locations.npy").write_bytes(data)
    return {"path": "locations.npy", "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def relocated(dataset):
    """A change for `sign` that takes over a new table of locations."""
    return lambda document: document["layout"].update(locations=locations(dataset))
