"""The engines of this process: who needs one takes an idle one, or starts another."""

from __future__ import annotations

import atexit
import math
import os
import threading
import warnings
import weakref

import numpy as np

from ..command import command
from ..errors import DatasetError, NoEngineError
from .memory import FloatArray, Memory, Retired, Shape
from .process import Engine, abandon_opening, starting

_LARGE = 1 << 20
"""Bytes from which on an array is worth a block of its own."""
_MOST_LENT = 4096
"""Blocks that callers may hold. Each is a mapping, of which Linux allows 65,530 in a process."""


class Pool:
    """Engines, idle and at work. None but the thread that took an engine has it; where that forgets it, it is gone."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.idle: list[Engine] = []
        self.engines: weakref.WeakSet[Engine] = weakref.WeakSet()
        self.memory: Memory | None = None

    def current(self) -> Memory:
        """Returns the memory of the engines that start now."""
        with self.changed:
            if self.memory is None or self.memory.retired:
                self.memory = Memory()
            return self.memory

    def take(self, wait: bool = True) -> Engine | None:
        """Returns an engine, None where all that there may be are at work and `wait` is False."""
        engine = self._idle_or_new(wait)
        return engine if engine is None or engine.started else self._started(engine)

    def fresh(self) -> Engine:
        """Returns an engine that has just started, in the place of one that ended."""
        return self._started(self._new())

    def _started(self, engine: Engine) -> Engine:
        while True:
            try:
                engine.start()
                return engine
            except Retired:  # by another thread's fork
                engine.close()
                engine = self._new()

    def _idle_or_new(self, wait: bool) -> Engine | None:
        with self.changed:
            while True:
                while self.idle:
                    engine = self.idle.pop()
                    if engine.memory is self.memory and not engine.memory.retired:
                        return engine
                    engine.close()
                if sum(not engine.closed for engine in list(self.engines)) < limit():
                    # It counts from here on, and starts without the lock.
                    return self._new()
                if not wait:
                    return None
                # Not for ever: nobody tells of an engine that was forgotten.
                self.changed.wait(0.5)

    def _new(self) -> Engine:
        with self.changed:
            engine = Engine(self.current())
            self.engines.add(engine)
            return engine

    def put(self, engine: Engine) -> None:
        """Gives an engine back. One that still owes an answer is ended."""
        if engine.asked or engine.memory.retired:
            engine.close()
        with self.changed:
            if not engine.closed:
                self.idle.append(engine)
            self.changed.notify()

    def before_fork(self) -> None:
        """Waits until no other thread is in the midst of a change."""
        starting.acquire()
        self.changed.acquire()
        if self.memory is not None:
            self.memory.before_fork()

    def after_fork_in_parent(self) -> None:
        """Goes on, with other engines where arrays were lent."""
        unneeded: list[Engine] = []
        if self.memory is not None:
            self.memory.after_fork_in_parent()
            if self.memory.retired:
                self.memory = None
                unneeded, self.idle = self.idle, []
        self.changed.release()
        starting.release()
        for engine in unneeded:
            engine.close()

    def after_fork_in_child(self) -> None:
        """Lets go of everything, as it is the parent's."""
        abandon_opening()
        for engine in list(self.engines):
            engine.abandon()
        if self.memory is not None:
            self.memory.after_fork_in_child()
        self.__init__()  # type: ignore[misc]
        starting.release()

    def end(self) -> None:
        """Ends the idle engines. Those at work for threads that are left end with this process."""
        with self.changed:
            unneeded, self.idle = self.idle, []
        for engine in unneeded:
            engine.close()


pool = Pool()
"""Of this process."""
atexit.register(lambda: pool.end())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: pool.before_fork(), after_in_parent=lambda: pool.after_fork_in_parent(),
        after_in_child=lambda: pool.after_fork_in_child(),
    )  # fmt: skip


def limit() -> int:
    """Returns how many engines there may be: $STEADYSET_ENGINES, or the number of cores."""
    named = os.environ.get("STEADYSET_ENGINES", "")
    return int(named) if named.isdecimal() and int(named) > 0 else os.cpu_count() or 1


_usable: dict[tuple[str | None, ...], bool] = {}


def usable() -> bool:
    """Whether engines can be had here. Starts one to see, once; warns where there is a program of another release."""
    if pool.idle:
        return True
    place = (os.environ.get("STEADYSET"), os.environ.get("PATH"))
    if place not in _usable:
        _usable[place] = _try()
    return _usable[place]


def _try() -> bool:
    if not hasattr(os, "memfd_create"):
        return False
    try:
        command()
    except DatasetError:
        return False
    try:
        engine = pool.take(wait=False)
    except NoEngineError as error:
        warnings.warn(f"no engine is used: {error}", RuntimeWarning, stacklevel=3)
        return False
    if engine is not None:
        pool.put(engine)
    return True


def empty(shape: Shape, always: bool = False) -> FloatArray:
    """Returns an array of float32 that engines read and write without a copy; what it holds is undefined.

    It is an ordinary one where it is small, or where very many are held, unless it must be one `always`, for a while.
    """
    if always or 4 * math.prod(shape) >= _LARGE:
        while True:
            try:
                array = pool.current().empty(shape, None if always else _MOST_LENT)
                break
            except Retired:  # by another thread's fork
                continue
        if array is not None:
            return array
    return np.empty(shape, np.float32)
