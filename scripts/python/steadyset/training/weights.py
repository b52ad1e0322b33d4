"""Weights as safetensors: arrays of binary32 with a header of JSON.

The format: eight bytes N, little-endian, then N bytes of JSON, then the data. The header names each array's type, shape
and place; `__metadata__` maps texts to texts. Files are not trusted.
"""

from __future__ import annotations

import json
import math
import os
import pathlib
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..canonical import canonical
from .architecture import ModelDescription
from .description import Transform
from .errors import TrainingError

FloatArray = npt.NDArray[np.float32]

_HEADER_LIMIT = 1 << 24
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
    target = pathlib.Path(path)
    temporary = target.with_name(target.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)


def read_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, FloatArray], dict[str, str]]:
    """Returns the arrays of a file by name, and its metadata.

    Raises `TrainingError` where the file is not of the format, holds another type than binary32, or its arrays overlap, leave
    gaps or reach past its end; nothing is allocated before that is known.
    """
    try:
        data = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}") from error
    length = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else 0
    if not 2 <= length <= min(_HEADER_LIMIT, len(data) - 8):
        raise TrainingError(f"{path} is no safetensors file: its header would have {length} bytes")
    body = len(data) - 8 - length
    try:
        header = json.loads(data[8 : 8 + length].decode())
        metadata = header.pop("__metadata__", {})
        if not all(isinstance(text, str) for text in metadata.values()):
            raise ValueError("metadata are texts")
        places = sorted((_place(name, entry, body) for name, entry in header.items()), key=lambda place: place[2:])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TrainingError(f"{path}: the header is damaged: {error}") from error
    start, found = 0, {}
    for name, shape, first, last in places:
        if first != start:
            raise TrainingError(f"{path}: '{name}' begins at byte {first}, not at {start}: arrays overlap or leave a gap")
        part = np.frombuffer(data, "<f4", (last - first) // 4, 8 + length + first)
        found[name] = part.reshape(shape).astype(np.float32)
        start = last
    if start != body:
        raise TrainingError(f"{path} holds {body - start} bytes after its arrays")
    return found, metadata


def _place(name: str, entry: Any, body: int) -> tuple[str, tuple[int, ...], int, int]:
    """Returns name, shape and first and last byte of an array. Raises `ValueError` and others for what is none."""
    shape, (first, last) = entry["shape"], entry["data_offsets"]
    if entry["dtype"] != "F32":
        raise ValueError(f"'{name}' is of the type {entry['dtype']}, not F32")
    if not all(type(number) is int and 0 <= number <= body for number in (*shape, first, last)) or len(shape) > 8:
        raise ValueError(f"'{name}' has sides or offsets that no array of this file has")
    if last - first != 4 * math.prod(shape):
        raise ValueError(f"'{name}' has {last - first} bytes, its shape {shape} needs {4 * math.prod(shape)}")
    return name, tuple(shape), first, last


def write_weights(
    path: str | os.PathLike[str],
    model: ModelDescription,
    transform: Transform,
    values: Mapping[str, FloatArray],
    facts: Mapping[str, str],
) -> None:
    """Writes a model's weights with its description. `facts` are further texts, such as `trained_on` and `epoch`."""
    described = canonical(model.document() | {"transform": transform.document()})
    metadata = {"format": _FORMAT, "version": "1", "model": described, **facts}
    write_arrays(path, {tensor.name: values[tensor.name] for tensor in model.tensors}, metadata)


def read_weights(
    path: str | os.PathLike[str],
) -> tuple[ModelDescription, Transform, dict[str, FloatArray], dict[str, str]]:
    """Returns the model, the transform of its labels, its tensors and the metadata.

    Raises `TrainingError` where the file is no model of this version, its tensors are not its model's, or a value is not
    finite.
    """
    from .parsing import parse_transform

    values, metadata = read_arrays(path)
    if metadata.get("format") != _FORMAT or metadata.get("version") != "1":
        raise TrainingError(f"{path} is no model of version 1 of Steadyset")
    try:
        document = json.loads(metadata["model"])
        transform = parse_transform(document["transform"])
        model = ModelDescription.from_document(document)
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path}: its model is not understood: {error}") from error
    expected = {tensor.name: tensor.shape for tensor in model.tensors}
    if expected != {name: value.shape for name, value in values.items()}:
        raise TrainingError(f"{path}: its tensors are not those of its model")
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise TrainingError(f"{path}: '{name}' has values that are not finite")
    return model, transform, values, metadata
