"""The manifest of a pack stage, and the table of locations beside it; both may come from a stranger."""

from __future__ import annotations

import ast
import hashlib
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .canonical import canonical
from .document import parse_json
from .errors import DatasetError
from .storage import Storage

VERSION = 3
"""Of the manifests that are read."""
MAXIMUM_MANIFEST = 128 << 20
MAXIMUM_SAMPLES = 100_000_000
_PARTS = ("train", "validation", "test")
_COEFFICIENTS = ("diffusivity", "decay_rate")
_FIXED = [
    ("id", "<u8"), ("rank", "<u8"), ("error_bound", "<f8"), ("offset", "<u8"), ("n_sources", "<u4"),
    ("y_sha256", "|u1", (32,)),
]  # fmt: skip
_FIELDS = [("x_bytes", "<u4"), ("y_bytes", "<u4")]
_CHUNKS: dict[str, list[tuple[str, str]]] = {"standard": _FIELDS, "compact": _FIELDS, "archive": _FIELDS, "recipe": []}

Table = npt.NDArray[np.void]


@dataclass(frozen=True)
class Shard:
    """A shard as the manifest lists it; `first` is the number of its first sample in the table of locations."""

    path: str
    bytes: int
    sha256: str
    samples: int
    part: str
    ranks: tuple[int, int]
    first: int


@dataclass(frozen=True)
class Selection:
    """A selection as the manifest lists it: ranges of ranks [first, end) of a part, ascending and apart, of one number of
    sources where it has one."""

    name: str
    part: str
    ranges: tuple[tuple[int, int], ...]
    stratum: int | None


@dataclass(frozen=True)
class Manifest:
    """What this package needs of a manifest; `document` is all of it."""

    document: dict[str, Any]
    shards: tuple[Shard, ...]
    selections: tuple[Selection, ...]
    lattice: tuple[int, int]
    samples: int
    digest: str
    locations: tuple[str, int, str]
    codec: str
    grid_bits: int | None


def read_manifest(storage: Storage, name: str = "manifest.json") -> Manifest:
    """Reads and checks a manifest. `DatasetError` says what is wrong: the format, its version, or a member."""
    return parse_manifest(storage.read_all(name, MAXIMUM_MANIFEST), f"{storage.root}/{name}")


def parse_manifest(data: bytes, where: str) -> Manifest:
    """Returns the manifest that a file holds, and checks it as `read_manifest` does; `where` is for messages."""
    try:
        document = parse_json(data)
    except (ValueError, MemoryError) as error:
        page = data[:4096].lstrip()[:1] == b"<"
        what = "a page in HTML or XML stands in its place" if page else error or "it does not fit into memory"
        raise DatasetError(f"{where} is not JSON: {what}") from error
    if not isinstance(document, dict) or document.get("format") != "steadyset-manifest":
        raise DatasetError(f"{where} is not a manifest of Steadyset: its 'format' says otherwise")
    if not _is_whole(document.get("version")) or document["version"] != VERSION:
        raise DatasetError(
            f"{where} has version {_short(document.get('version'))} of the manifest format, this package reads {VERSION}: install the "
            "package of the Steadyset that made it, or make the dataset anew"
        )
    if document.get("stage") != "pack":
        raise DatasetError(f"{where} is of the stage {_short(document.get('stage'))}: only 'pack' is read, its folder is pack/")
    kept = {key: value for key, value in document.items() if key not in ("id", "layout", "files")}
    try:
        found = hashlib.sha256(canonical(kept).encode()).hexdigest()
        if found != document["id"]:
            raise DatasetError(f"{where} was altered: its content has the id {found}, recorded is {_short(document['id'])}")
        return _manifest(document, where)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise DatasetError(f"{where} lacks something or has the wrong form: {error!r}") from error


def _manifest(document: dict[str, Any], where: str) -> Manifest:
    layout, content = document["layout"], document["content"]
    codec = str(layout["codec"])
    if codec not in _CHUNKS:
        raise DatasetError(
            f"{where} has the codec {_short(codec)}, which this package does not know: 'steadyset unpack' makes standard "
            "shards of it"
        )
    if "locations" not in layout:
        raise DatasetError(f"{where} names no table of locations: run 'steadyset pack' of a newer release")
    shards: list[Shard] = []
    first = 0
    for file in document["files"]:
        shard = Shard(
            _path(file["path"]), _number(file["bytes"]), _hex(file["sha256"]), _number(file["samples"]),
            _one_of(file["part"], _PARTS), _range(file["ranks"]), first,
        )  # fmt: skip
        shards.append(shard)
        first += shard.samples
    selections = tuple(
        Selection(
            _name(found["name"], found["part"]), _one_of(found["part"], _PARTS), _ranges(found),
            _number(found["stratum"]) if "stratum" in found else None,
        )
        for found in content["selections"]
    )  # fmt: skip
    rows, columns = (_number(side) for side in document["parameters"]["physics"]["lattice"])
    if not (32 <= rows <= 4096 and 32 <= columns <= 4096):
        raise ValueError(f"a lattice of {rows} × {columns} sites")
    if first != _number(content["samples"]) or first > MAXIMUM_SAMPLES:
        raise ValueError(f"{content['samples']} samples, {first} in the files")
    table = layout["locations"]
    locations = (_path(table["path"]), _number(table["bytes"]), _hex(table["sha256"]))
    bits = document["parameters"]["grid_bits"]
    if bits is not None and _number(bits) > 126:
        raise ValueError(f"labels on a grid of 2^-{bits}")
    _check_physics(document["parameters"]["physics"])
    return Manifest(
        document, tuple(shards), selections, (rows, columns), first, _hex(content["digest"]), locations, codec,
        None if bits is None else _number(bits),
    )  # fmt: skip


def read_locations(storage: Storage, manifest: Manifest) -> Table:
    """Reads the table of locations, a record a sample, and checks it.

    Its file's digest is the manifest's; the samples are those that `content.digest` covers, hence those of the
    manifest's id; and every range of bytes lies within its shard.
    """
    path, size, sha256 = manifest.locations
    where = f"{storage.root}/{path}"
    if size > 10 + (1 << 16) + 256 * manifest.samples:
        raise DatasetError(f"{where}: {size} bytes are too many for {manifest.samples} samples")
    data = storage.read_all(path, size)
    if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
        raise DatasetError(f"{where} is not what the manifest lists (SHA-256 differs): copy it again")
    table = parse_table(data, where, manifest.codec)
    if len(table) != manifest.samples:
        raise DatasetError(f"{where} has {len(table)} samples, the manifest {manifest.samples}")
    words = np.empty(len(table), [("id", "<u8"), ("rank", "<u8"), ("error_bound", "<u8"), ("y_sha256", "|u1", (32,))])
    for name in ("id", "rank", "y_sha256"):
        words[name] = table[name]
    words["error_bound"] = np.ascontiguousarray(table["error_bound"]).view("<u8")
    if hashlib.sha256(words.tobytes()).hexdigest() != manifest.digest:
        raise DatasetError(f"{where} tells of other samples than the manifest's digest covers")
    # Half a step of rounding is in every bound of a label on a grid; what is less certifies nothing.
    least = 0.0 if manifest.grid_bits is None else 2.0 ** -(manifest.grid_bits + 1)
    bounds = table["error_bound"]
    if not np.all((bounds >= least) & np.isfinite(bounds)):
        raise DatasetError(f"{where} has an error bound below {least}, half a step of the grid: no label can have it")
    largest = 2 * 8 * manifest.lattice[0] * manifest.lattice[1]
    for shard in manifest.shards:
        rows = table[shard.first : shard.first + shard.samples]
        end = rows["offset"].copy()
        for name in chunk_names(table):
            if rows.size and int(rows[f"{name}_bytes"].max()) > largest:
                raise DatasetError(f"{where} claims a chunk of more than {largest} bytes in {shard.path}")
            end += rows[f"{name}_bytes"]
        if rows.size and (int(rows["offset"].max()) > shard.bytes or int(end.max()) > shard.bytes):
            raise DatasetError(f"{where} leads beyond the end of {shard.path}")
    return table


def chunk_names(table: Table) -> list[str]:
    """Returns the chunks of a sample in their order: x, y, then coefficients; none of a recipe."""
    names = table.dtype.names or ()
    if "x_bytes" not in names:
        return []
    return ["x", "y", *(name for name in _COEFFICIENTS if f"{name}_bytes" in names)]


def parse_table(data: bytes, where: str, codec: str = "standard") -> Table:
    """Returns the records of a table of locations; its form is that of the article *Formats*, nothing else."""
    # numpy.load would evaluate a header of up to 4 GiB and accept any type.
    try:
        if data[:8] != b"\x93NUMPY\x01\x00":
            raise ValueError("not a NumPy file of version 1.0")
        start = 10 + int.from_bytes(data[8:10], "little")
        text = data[10:start].decode("ascii")
        # literal_eval needs stack and memory for what is nested, and may crash; a header has two levels of brackets.
        if len(text) > 4096 or re.search(r"[^]A-Za-z0-9_ ,:'<|()[{}\n]", text) or text.count("(") > 40 or text.count("[") > 2:
            raise ValueError("its header is not one of NumPy for a table")
        header = ast.literal_eval(text)
        fixed = [*_FIXED, *_CHUNKS[codec]]
        expected = [*fixed, *((f"{name}_bytes", "<u4") for name in _COEFFICIENTS)]
        expected += [(f"{name}_checksum", "<u8") for name in ("x", "y", *_COEFFICIENTS)]
        expected = expected if _CHUNKS[codec] else fixed
        descr = header["descr"]
        if codec == "archive" and ("source_factor", "<f8") in descr:
            raise DatasetError(
                f"{where} is of an archive of an earlier release, whose labels this package does not read: make the dataset anew, "
                "or unpack it with the Steadyset that made it"
            )
        if header["fortran_order"] is not False or descr[: len(fixed)] != fixed:
            raise ValueError("other fields than expected")
        if [field for field in expected if field in descr] != descr:
            raise ValueError("unknown fields")
        dtype = np.dtype(descr)
        (count,) = header["shape"]
        if not _is_whole(count) or not 0 <= count <= MAXIMUM_SAMPLES:
            raise ValueError("its shape is no number of records")
        if len(data) - start != count * dtype.itemsize:
            raise ValueError("the size is not that of its records")
        return np.frombuffer(data, dtype, offset=start)
    except (ValueError, SyntaxError, KeyError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise DatasetError(f"{where} is not a table of locations: {error}") from error


def _check_physics(physics: Any) -> None:
    """What readers take of it: a coefficient is a number, a pair of numbers (down, across), or a mapping that describes a
    medium."""
    for name in ("diffusivity", "decay_rate"):
        value = physics[name]
        pair = [value["down"], value["across"]] if isinstance(value, dict) and "down" in value else [value]
        for one in pair:
            if isinstance(one, bool) or not isinstance(one, (int, float, dict)):
                raise ValueError(f"the {name} {_short(value)}")
            if not isinstance(one, dict) and not math.isfinite(one):
                raise ValueError(f"the {name} {_short(value)}")


def _short(value: Any) -> str:
    """A stranger's value for a message: on one line, without control characters, not long."""
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> int:
    if not _is_whole(value) or not 0 <= value <= 1 << 53:
        raise ValueError(f"{_short(value)} is not a whole number")
    return int(value)


def _range(value: Any) -> tuple[int, int]:
    first, end = value
    return _number(first), _number(end)


def _ranges(selection: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    if ("ranks" in selection) == ("ranges" in selection):
        raise ValueError("a selection has either 'ranks' or 'ranges'")
    if "ranks" in selection:
        return (_range(selection["ranks"]),)
    ranges = tuple(_range(found) for found in selection["ranges"])
    ends = [end for found in ranges for end in found]
    if not ranges or any(first >= second for first, second in zip(ends, ends[1:])):
        raise ValueError("the ranges of a selection are not ascending and apart")
    return ranges


def _hex(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{64}", value):
        raise ValueError(f"{_short(value)} is not a SHA-256")
    return value


def _one_of(value: Any, values: tuple[str, ...]) -> str:
    if value not in values:
        raise ValueError(f"{_short(value)} is none of {', '.join(values)}")
    return str(value)


def _name(value: Any, part: Any) -> str:
    """The name of a selection: its part, a slash, and a word; who writes files by selection can rely on it."""
    if not isinstance(value, str) or not re.fullmatch(rf"{_one_of(part, _PARTS)}/[A-Za-z0-9][A-Za-z0-9._%-]{{0,63}}", value):
        raise ValueError(f"{_short(value)} is not a selection's name, which is its part, a slash, and a word")
    return value


def _path(value: Any) -> str:
    """A file name in the folder itself, where `pack` writes all; anything else could lead out of it."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}", value):
        raise ValueError(f"the path {_short(value)} is not a plain file name")
    return value
