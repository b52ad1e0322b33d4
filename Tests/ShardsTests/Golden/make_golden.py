"""Makes the files that GoldenTests.swift reads: shards as a stranger might make them, with h5py instead of our code.

    pip install h5py numpy xxhash zstandard && python make_golden.py

Each file but good.h5 breaks one rule of the format, and is named for it.
"""

import hashlib
import os
import struct

import h5py
import numpy as np
import xxhash
import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
N, R, C, M = 2, 32, 32, 2


def frame(values, shuffle):
    raw = values.astype("<f4").tobytes()
    parts = [plane.tobytes() for plane in np.frombuffer(raw, np.uint8).reshape(-1, 4).T] if shuffle else [raw]
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True, write_content_size=True)
    streams = [compressor.compress(part) for part in parts]
    body = b"".join(struct.pack("<I", len(stream)) + stream for stream in streams)
    flags = 4 << 5 | (0x01 if shuffle else 0x10)
    return struct.pack("<BBBBIIII", 2, 1, flags, 4, len(raw), len(raw), 20 + len(body), 20) + body


def make(name, change=lambda f: None, missing=False, mask=0, create=None, filters=True, text=b"steadyset-shard", version=3):
    path = os.path.join(HERE, name + ".h5")
    rng = np.random.default_rng(1)
    x = (rng.random((N, R, C)) > 0.9).astype("f4")
    y = np.round(rng.random((N, R, C)) * 2**20).astype("f4") / 2**20
    with h5py.File(path, "w", libver=("v110", "v110")) as f:
        f.attrs.create("format", text, dtype=f"S{len(text)}")
        f.attrs.create("version", version, dtype="<i8")
        columns = {
            "id": np.arange(N, dtype="<u8"), "n_sources": np.ones(N, "<u2"), "index": np.arange(N, dtype="<u8"),
            "sources": np.full((N, M, 4), np.nan), "error_bound": np.zeros(N),
            "y_sha256": np.array([list(hashlib.sha256(v.tobytes()).digest()) for v in y], "u1"),
            "checksums": np.array([[xxhash.xxh64_intdigest(frame(*pair)) for pair in ((a, 0), (b, 1))] for a, b in zip(x, y)], "<u8"),
        }
        columns["sources"][:, 0] = [16, 16, 5, 1]
        for key, values in columns.items():
            f.create_dataset(key, data=values)
        for key, values, shuffle in (("x", x, 0), ("y", y, 1)):
            if create and create(f, key):
                continue
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_chunk((1, R, C))
            if filters:
                plist.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, (2, 2, 4, R * C * 4, 3, shuffle, 5))
            space = h5py.h5s.create_simple((N, R, C))
            d = h5py.h5d.create(f.id, key.encode(), h5py.h5t.IEEE_F32LE, space, plist)
            for i in range(N):
                if not (missing and key == "y" and i == 1):
                    d.write_direct_chunk((i, 0, 0), frame(values[i], shuffle), filter_mask=mask if key == "y" else 0)
        change(f)


def replace(key, **kinds):
    def change(f):
        del f[key]
        if "data" in kinds:
            f.create_dataset(key, **kinds)
        else:
            f[key] = kinds["link"]
    return change


def virtual(f, key):
    if key != "y":
        return False
    layout = h5py.VirtualLayout((N, R, C), "<f4")
    layout[:] = h5py.VirtualSource("good.h5", "y", (N, R, C))
    f.create_virtual_dataset("y", layout)
    return True


def external(f):
    del f["id"]
    f.create_dataset("id", (N,), "<u8", external=[("/etc/hostname", 0, 8 * N)])


def big(f):
    del f["id"]
    f.create_dataset("id", (2**40,), "<u8")  # never written: no space is taken


make("good")
make("missing_chunk", missing=True)
make("filter_mask", mask=1)
make("no_filter", filters=False)
make("virtual", create=virtual)
make("external_storage", external)
make("external_link", replace("id", link=h5py.ExternalLink("good.h5", "/id")))
make("soft_link", replace("id", link=h5py.SoftLink("/index")))
make("group", lambda f: (f.__delitem__("id"), f.create_group("id")))
make("column_length", replace("id", data=np.arange(N + 1, dtype="<u8")))
make("column_type", replace("id", data=np.arange(N, dtype="<i4")))
make("column_missing", lambda f: f.__delitem__("error_bound"))
make("column_unwritten", big)
make("too_many_sources", replace("n_sources", data=np.full(N, M + 1, "<u2")))
make("source_outside", lambda f: f["sources"].__setitem__((0, 0, 0), 99.0))
make("wide_sources", replace("sources", data=np.zeros((N, 1025, 4))))
make("other_format", text=b"other")
make("bad_checksum", lambda f: f["checksums"].__setitem__((1, 1), 5))
make("other_version", version=2)
