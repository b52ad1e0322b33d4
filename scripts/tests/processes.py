"""Processes that are held at a known point of their work, so that no test depends on timing."""

import contextlib
import fcntl
import os
import pathlib
import subprocess
import time

from conftest import BINARY


def is_locked(dataset):
    """Whether some process holds the lock of a dataset."""
    path = pathlib.Path(dataset) / ".steadyset/lock"
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)


class Held:
    """A process whose standard error is a full pipe: it stops where it first says something, until `let_go`.

    `run` says "sample: … samples" when it has taken the dataset's lock, before it writes anything; `room` is how many
    bytes it may say before that. `options` are those of `subprocess.Popen`.
    """

    def __init__(self, *arguments, room=0, **options):
        self.reader, writer = os.pipe()
        size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        os.write(writer, b"." * (size - room))
        command = [str(BINARY), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=writer, **options)
        os.close(writer)

    def wait_until(self, condition):
        """Waits for a state of the disk that the process must reach before it is held."""
        while not condition():
            assert self.process.poll() is None, f"ended with {self.process.returncode} before it was held"
            time.sleep(0.002)
        # It sleeps in write() now, or is about to.
        return self

    def let_go(self):
        """Reads all that the process says; returns its status and its words."""
        said = b""
        while data := os.read(self.reader, 65536):
            said += data
        return self.process.wait(timeout=300), said.decode().lstrip(".")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.reader)


@contextlib.contextmanager
def locked(dataset):
    """Holds the lock of a dataset as another process would."""
    folder = pathlib.Path(dataset) / ".steadyset/steps"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.parent / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def first_line(process, text):
    """Reads a process's standard error, a pipe, up to a line that starts with `text`; returns what came."""
    said = ""
    for line in process.stderr:
        said += line
        if line.startswith(text):
            return said
    raise AssertionError(f"never said '{text}', but: {said}")
