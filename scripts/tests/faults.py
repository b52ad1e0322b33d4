"""Runs of the binary in which one call of the system fails, by the library that faults.c becomes.

The library is compiled with the machine's `cc`, or with the clang that every Swift brings; where there is neither, or no
LD_PRELOAD, tests that need it are skipped and say so.
"""

import errno
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import pytest
from conftest import BINARY

SOURCE = pathlib.Path(__file__).with_name("faults.c")
CALLS = ("write", "sync", "rename", "close", "truncate", "folder", "unlink", "lock", "thread")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ENOLCK)


def compiler():
    """A C compiler, or None."""
    swift = shutil.which("swift")
    beside = str(pathlib.Path(swift).resolve().parent / "clang") if swift else "clang"
    return next(filter(None, map(shutil.which, ("cc", "gcc", "clang", beside))), None)


@functools.cache
def library(source=SOURCE):
    """The compiled library's path."""
    if not sys.platform.startswith("linux"):
        pytest.skip("faults are injected by LD_PRELOAD, which is Linux's")
    command = compiler() or pytest.skip("there is no C compiler (cc, gcc or clang) to make the library of faults with")
    path = pathlib.Path(tempfile.mkdtemp(prefix="faults-")) / f"{source.stem}.so"
    subprocess.run([command, "-O1", "-shared", "-fPIC", "-o", path, source, "-ldl"], check=True)
    return path


def fault(*arguments, call, number=0, error=errno.EIO, under=None, always=False, count=None, timeout=120, **options):
    """Runs the binary; the `number`-th `call` on a file whose path begins with `under` fails, none where it is 0.

    `error` is an errno, "short" or "kill"; `count`, a path, gets the number of such calls.
    """
    environment = os.environ | {
        "LD_PRELOAD": str(library()),
        "FAULT_CALL": call,
        "FAULT_NUMBER": str(number),
        "FAULT_ERROR": str(error),
    }
    if under is not None:
        environment["FAULT_UNDER"] = str(under)
    if always:
        environment["FAULT_ALWAYS"] = "1"
    if count is not None:
        environment["FAULT_COUNT"] = str(count)
    return subprocess.run(
        [str(BINARY), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment,
        **options,
    )


def calls(*arguments, call, under, folder):
    """How many such calls an undisturbed run makes."""
    count = pathlib.Path(folder) / "count"
    result = fault(*arguments, call=call, under=under, count=count)
    assert result.returncode == 0, result.stderr
    return int(count.read_text())
