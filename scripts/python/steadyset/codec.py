"""The codec of archives for numcodecs: Zarr and xarray read y of an archive by the references that `export kerchunk` writes.

It is found by its name, `steadyset-archive`, where this package is installed; importing `steadyset` registers it too where
numcodecs is loaded already. This module needs numcodecs.
"""

from __future__ import annotations

from typing import Any

import numcodecs
import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_contiguous_ndarray, ndarray_copy

from . import engine


class ArchiveCodec(Codec):
    """Decodes a chunk of y of an archive, by an engine.

    `physics` and `grid_bits` are those of the manifest, and what the filter in the shards has as its client data.
    """

    codec_id = "steadyset-archive"

    def __init__(self, physics: dict[str, Any], grid_bits: int | None) -> None:
        self.physics, self.grid_bits = physics, grid_bits
        self._definition = engine.Definition({"what": "archive", "physics": physics, "grid_bits": grid_bits})

    def encode(self, buf: Any) -> Any:
        """Raises `NotImplementedError`: archives are made by `steadyset pack`."""
        raise NotImplementedError("archives are only read: 'steadyset pack --codec archive' makes them")

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Returns the label, (rows, columns) of float32; raises `DatasetError` where the chunk is damaged, `EngineError` where
        there is no program `steadyset`."""
        chunk = ensure_contiguous_ndarray(buf).view(np.uint8).reshape(-1)
        y = np.empty(self.physics["lattice"], np.float32)
        request = {"do": "decode", "block": chunk, "samples": [{"at": 0, "chunks": [chunk.size]}], "into": {"y": y}}
        engine.call(request, self._definition)
        return y if out is None else ndarray_copy(y, out)

    def get_config(self) -> dict[str, Any]:
        """Returns what the codec is made again from."""
        return {"id": self.codec_id, "physics": self.physics, "grid_bits": self.grid_bits}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> ArchiveCodec:
        """Returns the codec of a configuration without its `id`."""
        return cls(config["physics"], config["grid_bits"])

    def __getstate__(self) -> dict[str, Any]:
        return {"physics": self.physics, "grid_bits": self.grid_bits}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


numcodecs.register_codec(ArchiveCodec)
