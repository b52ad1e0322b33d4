"""One engine: a process of the program, and the socket through which it is asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..command import command
from ..errors import DatasetError, EngineError, NoEngineError
from .memory import Memory, Retired

PROTOCOL = 2
_LENGTH = struct.Struct("<Q")
_LONGEST = 64 << 20
_START = 60.0
_PATIENCE = 10.0
"""Seconds that a process may take to greet, and to end after it has closed its socket."""

starting = threading.RLock()
"""Held while an engine starts, and before a fork: a child that had the engine's end of the socket would keep it open."""
_opening: list[socket.socket] = []


class Ended(Exception):
    """The process ended, or does not speak as it should: `how`, and what it `said` last, for the end of a sentence."""

    def __init__(self, how: str, words: str = "") -> None:
        last = [line.strip() for line in words.splitlines() if line.strip()][-5:]
        self.how, self.said = how, f"; its last words: {' | '.join(last)}" if last else ""
        super().__init__(how + self.said)


class Engine:
    """A process that answers one request at a time, of one thread.

    It has a session of its own, so that Ctrl-C does not reach it. It ends when the socket does, hence with this process,
    however that ends. No descriptor reaches other processes: all close on exec, and a child of a fork calls `abandon`.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.told: dict[int, dict[str, Any]] = {}
        """What the engine answered to definitions, by their names, the longest unused first."""
        self.pinned: list[Any] = []
        """Arrays that it may be writing to: they are not lent to others before it has answered, or is dead."""
        self.asked = False
        """Whether an answer is awaited."""
        self.closed = False
        self._errors = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    @property
    def started(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        """Starts the process. Raises `EngineError`; where there is no program of this release, `NoEngineError`; `Retired`."""
        try:
            program = str(command())
        except DatasetError as error:
            raise NoEngineError(str(error)) from error
        try:
            self._open(program)
        except OSError as error:
            self.close()
            raise EngineError(f"cannot start {program}: {error.strerror or error}") from error
        self._greet(program)

    def _open(self, program: str) -> None:
        self._errors = os.memfd_create("steadyset-errors", os.MFD_CLOEXEC)
        with starting:
            if self.memory.retired:
                raise Retired
            self._socket, theirs = socket.socketpair()
            _opening[:] = [self._socket, theirs]
            try:
                self._process = subprocess.Popen(
                    [program, "engine", "--memory", str(self.memory.descriptor)], stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL, stderr=self._errors, pass_fds=[self.memory.descriptor],
                    start_new_session=True, cwd="/",
                )  # fmt: skip
            finally:
                theirs.close()
                _opening.clear()

    def _greet(self, program: str) -> None:
        connection = self._connection()
        try:
            connection.settimeout(_START)
            hello = self.receive()
            connection.settimeout(None)
        except Ended as ended:
            raise NoEngineError(
                f"{program} does not work as an engine, it {ended.how}: install the program of this package's release{ended.said}"
            ) from ended
        found = hello.get("engine")
        if found != PROTOCOL:
            self.close()
            raise NoEngineError(
                f"{program}, release {hello.get('version')!a}, is an engine of version {found!a}, this package needs "
                f"{PROTOCOL}: install both of one release"
            )

    def encode(self, message: dict[str, Any], default: Callable[[Any], Any]) -> bytes:
        """Returns a request's bytes; `default` says what stands for values that are none of JSON."""
        body = json.dumps(message, default=default, separators=(",", ":"), allow_nan=False).encode()
        if len(body) > _LONGEST:
            raise ValueError(f"a request of {len(body)} bytes is longer than {_LONGEST}: ask for fewer samples at a time")
        return _LENGTH.pack(len(body)) + body

    def send(self, request: bytes) -> None:
        """Sends a request. Raises `Ended`."""
        self.asked = True
        try:
            self._connection().sendall(request, socket.MSG_NOSIGNAL)
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> dict[str, Any]:
        """Waits for the answer. Raises `Ended`. Python's global lock is free meanwhile."""
        try:
            (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
            if length > _LONGEST:
                raise ValueError
            answer = json.loads(self._exactly(length))
            if not isinstance(answer, dict):
                raise ValueError
        except TimeoutError as error:
            self.close()
            raise Ended(f"has said nothing for {_START:.0f} seconds") from error
        except OSError as error:
            raise self._ended() from error
        except ValueError as error:
            self.close()
            raise Ended("sent what is no answer") from error
        self.asked = False
        self.pinned.clear()
        return answer

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view, done = memoryview(data), 0
        while done < length:
            count = self._connection().recv_into(view[done:])
            if count == 0:
                raise ConnectionResetError
            done += count
        return data

    def _connection(self) -> socket.socket:
        if self._socket is None or self.closed:
            raise ConnectionResetError("closed")
        return self._socket

    def fileno(self) -> int:
        """The descriptor that can be read when there is an answer, or an end."""
        return self._connection().fileno()

    def _ended(self) -> Ended:
        """Says how the process ended, and with which last words."""
        status, words = None, ""
        if self._process is not None and not self.closed:
            try:
                status = self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                pass
            size = os.fstat(self._errors).st_size
            words = os.pread(self._errors, 2000, max(0, size - 2000)).decode(errors="replace")
        self.close()
        return Ended("was closed" if status is None else _how(status), words)

    def close(self) -> None:
        """Ends the process, and waits until it has."""
        self.closed = True
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._let_go()
        self.pinned.clear()

    def abandon(self) -> None:
        """Closes what a fork has copied of an engine of the parent's; it is not disturbed."""
        self.closed = True
        process, self._process = self._process, None
        if process is not None:
            # Its end is the parent's to see.
            process.returncode = 0
        self._let_go()

    def _let_go(self, close: Callable[[int], None] = os.close) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()
        errors, self._errors = self._errors, -1
        if errors >= 0:
            close(errors)

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        if not ends() and not self.__dict__.get("closed", True):
            self.close()


def abandon_opening() -> None:
    """Closes, after a fork, the socket of an engine that was about to start."""
    for connection in _opening:
        connection.close()
    _opening.clear()


def _how(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"
