"""Makes a version of a dataset from the article Formats alone, with h5py and NumPy: what `steadyset` must accept as its own."""

import csv
import hashlib
import io
import json
import pathlib
import struct

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import yaml
from conftest import manifest, steadyset
from steadyset.canonical import canonical

HEADER = "id,rank,n_sources,action,round,origin,parent_id,acquisition,score,probability"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def manifest_id(document):
    return sha256(canonical({k: v for k, v in document.items() if k not in ("id", "layout", "files")}).encode())


def read(dataset, version=None):
    """The manifest of the base, or of the version with this id."""
    name = "manifest.json" if version is None else f"version-{version[:16]}.json"
    return json.loads((pathlib.Path(dataset) / "pack" / name).read_text())


def rows(dataset, document):
    """Every sample of a version: id, rank, error bound, digest of y, part, number of sources."""
    found = []
    for entry in document["files"]:
        with h5py.File(pathlib.Path(dataset) / "pack" / entry["path"]) as file:
            columns = [file[name][:] for name in ("id", "rank", "error_bound", "y_sha256", "n_sources")]
            found += [(*(c[k] for c in columns), entry["part"]) for k in range(entry["samples"])]
    return found


def content_digest(samples):
    return sha256(
        b"".join(struct.pack("<QQd", int(s[0]), int(s[1]), float(s[2])) + s[3].tobytes() for s in samples)
    )


def solve(folder, pipeline, seed, count):
    """Solves and packs other samples of the same problem, `count` of each stratum, all for training."""
    given = yaml.safe_load(pathlib.Path(pipeline).read_text())
    given["sampling"] |= {"seed": seed, "samples_per_stratum": count, "strata": [2, 4]}
    given["split"] = {"test_every": None}
    given["pack"]["samples_per_shard"] = 1000
    path = pathlib.Path(folder) / f"pool-{seed}.yaml"
    path.write_text(yaml.safe_dump(given))
    steadyset("run", path, "-o", pathlib.Path(folder) / f"pool-{seed}")
    return pathlib.Path(folder) / f"pool-{seed}"


def table(count, records):
    """A table of locations."""
    fields = [("id", "<u8"), ("rank", "<u8"), ("error_bound", "<f8"), ("offset", "<u8"), ("n_sources", "<u4")]
    fields += [("y_sha256", "|u1", (32,)), ("x_bytes", "<u4"), ("y_bytes", "<u4")]
    fields += [("x_checksum", "<u8"), ("y_checksum", "<u8")]
    array = np.array(records, fields)
    assert len(array) == count
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=(1, 0))
    return out.getvalue()


def add(dataset, pool, name, *, parent=None, before="S50%", added=None, dropped=(), taken=(), score=None, facts=None):
    """Writes a version and its tag; returns its id.

    `added` samples of `pool` come in as one shard for each 12 (the tiny dataset's size); `dropped` and `taken` are ids.
    """
    pack = pathlib.Path(dataset) / "pack"
    above = read(dataset, parent)
    there = rows(dataset, above)
    size = above["layout"]["samples_per_shard"]
    train = {int(s[0]): s for s in there if s[5] == "train"}
    selected = [r for s in above["content"]["selections"] if s["part"] == "train" for r in (s.get("ranges") or [s["ranks"]])]
    first = max([int(s[1]) + 1 for s in train.values()] + [end for _, end in selected])
    count = 0 if pool is None else len(rows(pool, manifest(pool, "pack"))) if added is None else added
    files, new = list(above["files"]), []
    for start in range(0, count, size):
        rest = range(start, min(count, start + size))
        temporary = pack / "shard.h5"
        copy_rows(pool / "pack" / "train-00000.h5", temporary, rest, first, above)
        with h5py.File(temporary) as file:
            columns = [file[c][:] for c in ("id", "rank", "error_bound", "y_sha256", "n_sources")]
        shard = [(*(c[k] for c in columns), "train") for k in range(len(rest))]
        digest = content_digest(shard)
        data = temporary.read_bytes()
        temporary.rename(pack / f"added-{digest[:16]}.h5")
        files.append(
            {
                "path": f"added-{digest[:16]}.h5", "bytes": len(data), "sha256": sha256(data), "samples": len(rest),
                "part": "train", "ranks": [first + start, first + start + len(rest)], "digest": digest,
            }
        )  # fmt: skip
        new += shard
    score = score or (lambda k: 0.5 + k)
    lines = [HEADER]
    for k, s in enumerate(new):
        lines.append(f"{int(s[0]):016x},{first + k},{s[4]},added,1,pool,,power,{number(score(k))},0.25")
    for action, chosen in (("taken", taken), ("dropped", dropped)):
        for id in chosen:
            lines.append(f"{id:016x},{train[id][1]},{train[id][4]},{action},1,pool,,top,{'2' if action == 'taken' else ''},")
    choices = ("\n".join(lines) + "\n").encode()
    (pack / f"choices-{sha256(choices)[:16]}.csv").write_bytes(choices)

    old = expand(above, before, train)
    chosen = (old - set(dropped)) | set(taken) | {int(s[0]) for s in new}
    every = sorted((int(s[1]), int(s[0])) for s in [*train.values(), *new])
    ranges, is_open = [], False
    for rank, id in every:
        if id in chosen and is_open:
            ranges[-1][1] = rank + 1
        elif id in chosen:
            ranges.append([rank, rank + 1])
        is_open = id in chosen
    selection = {"name": f"train/{name}", "part": "train", "samples": len(chosen)}
    selection |= {"ranks": ranges[0]} if len(ranges) == 1 else {"ranges": ranges}

    def counted(samples):
        numbers = [int(s[4]) for s in samples]
        return [{"sources": n, "samples": numbers.count(n)} for n in sorted(set(numbers))]

    scores = [score(k) for k in range(len(new))] + [2.0] * len(taken)
    content = dict(above["content"])
    content |= {
        "samples": content["samples"] + len(new),
        "strata": [
            s | {"samples": s["samples"] + sum(int(n[4]) == s["sources"] for n in new)} for s in content["strata"]
        ],
        "parts": [p | {"samples": p["samples"] + (len(new) if p["part"] == "train" else 0)} for p in content["parts"]],
        "selections": [*content["selections"], selection],
        "digest": content_digest([*there, *new]),
        "largest_error_bound": max(float(s[2]) for s in [*there, *new]),
        "parent": above["id"],
        "choices": sha256(choices),
        "round": {
            "number": 1, "acquisition": "power", "selection": f"train/{name}", "from": before, "added": counted(new),
            "dropped": counted([train[id] for id in dropped]), "taken": counted([train[id] for id in taken]),
            "mean_score": sum(scores) / len(scores) if scores else None, **(facts or {}),
        },
    }  # fmt: skip
    path = "manifest.json" if parent is None else f"version-{parent[:16]}.json"
    document = {
        "format": above["format"], "version": above["version"], "stage": "pack", "parameters": above["parameters"],
        "inputs": [{"stage": "pack", "path": f"pack/{path}", "id": above["id"]}], "content": content,
    }  # fmt: skip
    id = manifest_id(document)
    records = []
    for entry in files:
        with h5py.File(pack / entry["path"]) as file:
            for k in range(entry["samples"]):
                x, y = file["x"].id.get_chunk_info(k), file["y"].id.get_chunk_info(k)
                assert y.byte_offset == x.byte_offset + x.size
                records.append(
                    (
                        file["id"][k], file["rank"][k], file["error_bound"][k], x.byte_offset, file["n_sources"][k],
                        file["y_sha256"][k], x.size, y.size, *file["checksums"][k],
                    )
                )  # fmt: skip
    places = table(content["samples"], records)
    (pack / f"locations-{id[:16]}.npy").write_bytes(places)
    document |= {
        "id": id,
        "layout": {
            "codec": "standard", "samples_per_shard": size,
            "locations": {"path": f"locations-{id[:16]}.npy", "bytes": len(places), "sha256": sha256(places)},
            "choices": {
                "path": f"choices-{sha256(choices)[:16]}.csv", "bytes": len(choices), "sha256": sha256(choices)
            },
        },
        "files": files,
    }  # fmt: skip
    (pack / f"version-{id[:16]}.json").write_text(pretty(document))
    tags = json.loads((pack / "tags.json").read_text()) if (pack / "tags.json").exists() else {}
    (pack / "tags.json").write_text(pretty(tags | {name: id}))
    return id


def number(value):
    return str(int(value)) if value == int(value) else repr(value)


def expand(document, expression, train):
    """Ids of a selection of training samples."""
    name = expression if "/" in expression else f"train/{expression}"
    found = next(s for s in document["content"]["selections"] if s["name"] == name)
    ranges = found.get("ranges") or [found["ranks"]]
    return {id for id, s in train.items() if any(a <= int(s[1]) < b for a, b in ranges)}


def copy_rows(source, target, rows, first, above):
    """Carries some samples of a shard over into a new one, chunk by chunk, with ranks from `first` on."""
    target.unlink(missing_ok=True)
    with h5py.File(source) as old, h5py.File(target, "w", libver=("v110", "v110")) as new:
        for name, value in old.attrs.items():
            new.attrs.create(name, value, dtype=old.attrs.get_id(name).dtype)
        fields = {}
        for name in ("x", "y"):
            properties = old[name].id.get_create_plist()
            space = h5py.h5s.create_simple((len(rows), *old[name].shape[1:]))
            fields[name] = h5py.h5d.create(new.id, name.encode(), old[name].id.get_type(), space, properties)
        for k, row in enumerate(rows):
            for name in ("x", "y"):
                mask, data = old[name].id.read_direct_chunk((row, 0, 0))
                fields[name].write_direct_chunk((k, 0, 0), data, mask)
        widest = max(s["sources"] for s in above["content"]["strata"])
        for name in ("id", "n_sources", "index", "rank", "error_bound", "y_sha256", "sources", "checksums"):
            values = old[name][rows.start : rows.stop]
            if name in ("rank", "index"):
                values = np.arange(first + rows.start, first + rows.stop, dtype=np.uint64)
            if name == "sources":
                wide = np.full((len(rows), widest, values.shape[2]), np.nan)
                wide[:, : values.shape[1]] = values
                values = wide
            new.create_dataset(name, data=values)


def pretty(value):
    """JSON as the program lays it out: two spaces, sorted members, arrays of plain values on one line."""
    return _pretty(value, "\n") + "\n"


def _pretty(value, line):
    inner = line + "  "
    if isinstance(value, dict) and value:
        members = [f"{canonical(k)}: {_pretty(v, inner)}" for k, v in sorted(value.items())]
        return "{" + inner + f",{inner}".join(members) + line + "}"
    if isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        return "[" + inner + f",{inner}".join(_pretty(v, inner) for v in value) + line + "]"
    if isinstance(value, list):
        return "[" + ", ".join(canonical(v) for v in value) + "]"
    return canonical(value)


def choices(dataset, id):
    document = read(dataset, id)
    return list(csv.DictReader((pathlib.Path(dataset) / "pack" / document["layout"]["choices"]["path"]).open()))
