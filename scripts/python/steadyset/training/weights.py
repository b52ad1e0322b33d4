"""Weights as safetensors: arrays of binary32 with a header of JSON.

The format: eight bytes N, little-endian, then N bytes of JSON, then the data. The header names each array's type, shape
and place; `__metadata__` maps texts to texts. Files are not trusted.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import stat
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..canonical import canonical
from ..document import parse_json
from ..wholefile import write_whole
from .architecture import ModelDescription
from .description import Transform
from .errors import TrainingError

FloatArray = npt.NDArray[np.float32]

_HEADER_LIMIT = 1 << 24
_TENSOR_LIMIT = 4096
_FILE_LIMIT = 16 << 30
_FORMAT = "steadyset-model"


def write_arrays(path: str | os.PathLike[str], arrays: Mapping[str, FloatArray], metadata: Mapping[str, str]) -> None:
    """Writes arrays of binary32 one after the other; the file appears whole or not at all."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))} if metadata else {}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.size * 4
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # so that the data are aligned
    fields = (np.ascontiguousarray(array, "<f4").tobytes() for array in arrays.values())
    write_whole(path, itertools.chain([struct.pack("<Q", len(text)) + text], fields))


def read_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Returns the arrays of a file by name, and its metadata.

    Raises `TrainingError` where the file is not of the format, its header is not strict JSON, it holds another type than
    binary32, or its arrays overlap, leave gaps or reach past its end; nothing is allocated before that is known.
    """
    data = _read(path)
    length = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    if not 2 <= length <= min(_HEADER_LIMIT, len(data) - 8):
        raise TrainingError(f"{path} is no safetensors file: its header would have {length} bytes")
    body = len(data) - 8 - length
    try:
        header = parse_json(data[8 : 8 + length])
        if not isinstance(header, dict):
            raise ValueError("it is no object")
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("metadata are texts")
        if len(header) > _TENSOR_LIMIT:
            raise ValueError(f"it lists {len(header)} arrays; at most {_TENSOR_LIMIT} are accepted")
        places = sorted((_place(name, entry, body) for name, entry in header.items()), key=lambda place: place[2:])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(f"{path}: the header is damaged: {error}") from error
    start, found = 0, {}
    for name, shape, first, last in places:
        if first != start:
            raise TrainingError(f"{path}: {name!a} begins at byte {first}, not at {start}: arrays overlap or leave a gap")
        part = np.frombuffer(data, "<f4", (last - first) // 4, 8 + length + first)
        found[name] = part.reshape(shape).astype(np.float32)
        start = last
    if start != body:
        raise TrainingError(f"{path} holds {body - start} bytes after its arrays")
    return found, metadata


def _read(path: str | os.PathLike[str]) -> bytes:
    """Returns the bytes of a plain file that is not larger than any model."""
    try:
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TrainingError(f"{path} is not a regular file")
            size = os.fstat(file.fileno()).st_size
            if size > _FILE_LIMIT:
                raise TrainingError(f"{path} has {size} bytes; a file of weights has at most {_FILE_LIMIT}")
            return file.read(_FILE_LIMIT)
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}") from error


def _place(name: str, entry: Any, body: int) -> tuple[str, tuple[int, ...], int, int]:
    """Returns name, shape and first and last byte of an array. Raises `ValueError` and others for what is none."""
    if entry["dtype"] != "F32":
        raise ValueError(f"{name!a} is of the type {str(entry['dtype'])[:20]!a}, not F32")
    shape, (first, last) = [_whole(side) for side in entry["shape"]], map(_whole, entry["data_offsets"])
    if not all(0 <= number <= body for number in (*shape, first, last)) or len(shape) > 8:
        raise ValueError(f"{name!a} has sides or offsets that no array of this file has")
    if last - first != 4 * math.prod(shape):
        raise ValueError(f"{name!a} has {last - first} bytes, its shape {shape} needs {4 * math.prod(shape)}")
    return name, tuple(shape), first, last


def _whole(value: Any) -> int:
    """A whole number, which JSON may write as 4 or as 4.0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise ValueError(f"{str(value)[:20]!a} is not a whole number")
    return int(value)


def write_weights(
    path: str | os.PathLike[str],
    model: ModelDescription,
    transform: Transform,
    values: Mapping[str, FloatArray],
    facts: Mapping[str, str],
) -> None:
    """Writes a model's weights with its description. `facts` are further texts, such as `trained_on` and `epoch`."""
    check_values(model, values, str(path))
    described = canonical(model.document() | {"transform": transform.document()})
    metadata = {"format": _FORMAT, "version": "1", "model": described, **facts}
    write_arrays(path, {tensor.name: values[tensor.name] for tensor in model.tensors}, metadata)


def read_weights(
    path: str | os.PathLike[str],
) -> tuple[ModelDescription, Transform, dict[str, FloatArray], dict[str, str]]:
    """Returns the model, the transform of its labels, its tensors and the metadata.

    Raises `TrainingError` where the file is no model of this version, its tensors are not its model's, a value is not
    finite, or a variance is below 0.
    """
    from .parsing import parse_transform

    values, metadata = read_arrays(path)
    if metadata.get("format") != _FORMAT or metadata.get("version") != "1":
        raise TrainingError(f"{path} is no model of version 1 of Steadyset")
    try:
        document = parse_json(metadata["model"].encode())
        transform = parse_transform(document.get("transform", "none"))
        model = ModelDescription.from_document(document)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, TrainingError) as error:
        raise TrainingError(f"{path}: its model is not understood: {error}") from error
    check_values(model, values, str(path))
    return model, transform, values, metadata


def check_values(model: ModelDescription, values: Mapping[str, FloatArray], where: str) -> None:
    """Raises `TrainingError` where tensors are not a model's, or hold what no training gives: values that are not finite, or
    a variance below 0."""
    expected = {tensor.name: tensor.shape for tensor in model.tensors}
    if expected != {name: tuple(value.shape) for name, value in values.items()}:
        raise TrainingError(f"{where}: its tensors are not those of its model")
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise TrainingError(f"{where}: '{name}' has values that are not finite")
        if name.endswith("running_var") and (value < 0).any():
            raise TrainingError(f"{where}: '{name}' has a value below 0, which no variance has")
