"""The HDF5 plugin that reads archives: other programs' libraries are told where it is.

h5py, PyTables and whatever else reads HDF5 then read y of an archive like any other dataset. The plugin starts a process of
the program `steadyset`, which decodes; `steadyset.command()` says which.
"""

from __future__ import annotations

import ctypes
import os
import pathlib
import sys
from typing import Any

from .errors import DatasetError

_VARIABLE = "HDF5_PLUGIN_PATH"
_DEFAULT = "/usr/local/hdf5/lib/plugin"
"""Where libraries look that are told nothing; most distributions' own folder is another, and is lost to who names any."""
_NONE = "::"
"""What tells a library to load no plugin at all."""


def plugin_path() -> pathlib.Path:
    """Returns the folder of the HDF5 plugin, for `HDF5_PLUGIN_PATH` of programs that are not started from here.

    `import steadyset` names it to the libraries of this process, and in that variable, by itself. Raises `DatasetError` where
    this package has no plugin.
    """
    folder = pathlib.Path(__file__).resolve().parent / "plugin"
    if not (folder / "libh5steadyset.so").is_file():
        raise DatasetError(
            f"{folder} has no plugin of HDF5: install the wheel for Linux on x86-64, or run scripts/plugin in a copy of the "
            "sources"
        )
    return folder


def register() -> None:
    """Names the plugin to the libraries that are loaded already, and in the environment to those that are not yet."""
    try:
        folder = os.fspath(plugin_path())
    except DatasetError:
        return
    named = os.environ.get(_VARIABLE)
    if named == _NONE:
        return
    if folder not in (named or "").split(os.pathsep):
        others = [named] if named else [_DEFAULT] if os.path.isdir(_DEFAULT) else []
        os.environ[_VARIABLE] = os.pathsep.join([folder, *others])
    h5py = sys.modules.get("h5py")
    if h5py is not None:
        _tell_h5py(h5py, os.fsencode(folder))
    if "tables" in sys.modules:
        for library in _loaded():
            _tell(library, os.fsencode(folder))


def _tell_h5py(h5py: Any, folder: bytes) -> None:
    # Through h5py, which holds its lock meanwhile.
    try:
        known = [h5py.h5pl.get(place) for place in range(h5py.h5pl.size())]
        if folder not in known:
            h5py.h5pl.prepend(folder)
    except Exception:  # a module of that name that is another, or a build without plugins
        return


def _loaded() -> list[str]:
    """The files of HDF5 libraries in this process."""
    try:
        with open("/proc/self/maps") as file:
            lines = [line.split(maxsplit=5) for line in file]
    except OSError:
        return []
    paths = {line[5].strip() for line in lines if len(line) > 5}
    return sorted(path for path in paths if os.path.basename(path).startswith(("libhdf5.", "libhdf5-", "libhdf5_serial")))


def _tell(library: str, folder: bytes) -> None:
    """The C functions are `H5PLsize`, `H5PLget` and `H5PLprepend`."""
    try:
        hdf5 = ctypes.CDLL(library)
        count, buffer = ctypes.c_uint(), ctypes.create_string_buffer(4096)
        hdf5.H5PLget.restype = ctypes.c_ssize_t
        hdf5.H5PLget.argtypes = [ctypes.c_uint, ctypes.c_char_p, ctypes.c_size_t]
        if hdf5.H5PLsize(ctypes.byref(count)) < 0:
            return
        known = []
        for place in range(count.value):
            hdf5.H5PLget(place, buffer, len(buffer))
            known.append(buffer.value)
        if folder not in known:
            hdf5.H5PLprepend(ctypes.c_char_p(folder))
    except (OSError, AttributeError):  # HDF5 1.8 knows no folders beside those in the environment
        return
