"""Work that is done ahead of who wants it: a bounded number of jobs, on threads of their own, in order."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Result = TypeVar("Result")
Stop = Callable[[], bool]
Job = Callable[[Stop], Result]
"""Does some work and returns what came of it. Where the work is long it asks now and then whether to stop, and raises."""


class Stopped(Exception):
    """Nobody waits for the work any more."""


class _Task(Generic[Result]):
    """One job, and what came of it."""

    def __init__(self, job: Job[Result]) -> None:
        self.job: Job[Result] | None = job
        self._done = threading.Event()
        self._result: list[Result] = []
        self._error: BaseException | None = None

    def do(self, stop: Stop) -> None:
        assert self.job is not None
        try:
            self._result.append(self.job(stop))
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()
            self.job = None

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def result(self) -> Result:
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result.pop()


class Ahead(Generic[Result]):
    """Yields what the jobs return, in their order. Up to `threads` of them are done at a time, and no more than `most` are
    begun that were not asked for yet.

    Who stops asking calls `close`, or forgets it: what was begun then ends at the next occasion. Threads are daemons, so
    that none keeps the interpreter. A child of a fork has threads of its own, and does again what was not done. One thread
    asks at a time.
    """

    def __init__(self, jobs: Iterator[Job[Result]], threads: int, most: int) -> None:
        self._jobs, self._most, self._count = jobs, max(most, threads), threads
        self._waiting: deque[_Task[Result]] = deque()
        self._start()

    def _start(self) -> None:
        self._queue: queue.SimpleQueue[_Task[Result] | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._process = os.getpid()
        self._end = weakref.finalize(self, _end, self._queue, self._stop, self._count)
        self._end.atexit = False
        for _ in range(self._count):
            arguments = self._queue, self._stop.is_set
            threading.Thread(target=_work, args=arguments, name="steadyset-ahead", daemon=True).start()

    def _follow(self) -> None:
        """Begins anew in a child of a fork, which has none of the threads."""
        self._end.detach()
        if self._stop.is_set():
            return
        self._start()
        for number, task in enumerate(self._waiting):
            if not task.is_done:
                assert task.job is not None
                self._waiting[number] = _Task(task.job)
                self._queue.put(self._waiting[number])

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        if self._process != os.getpid():
            self._follow()
        self._fill()
        if not self._waiting:
            raise StopIteration
        try:
            result = self._waiting.popleft().result()
        except BaseException:
            self.close()
            raise
        # The consumer works with the result while the next ones are made.
        self._fill()
        return result

    def _fill(self) -> None:
        while len(self._waiting) < self._most and not self._stop.is_set():
            job = next(self._jobs, None)
            if job is None:
                return
            task = _Task(job)
            self._waiting.append(task)
            self._queue.put(task)

    def close(self) -> None:
        """Ends the threads, as soon as each can."""
        self._waiting.clear()
        self._end()


def worked_ahead(jobs: Iterator[Job[Result]], threads: int, most: int) -> Iterator[Result]:
    """Yields what the jobs return, as `Ahead` does, and ends them where who asks stops before."""
    ahead = Ahead(jobs, threads, most)
    try:
        yield from ahead
    finally:
        ahead.close()


def _work(tasks: queue.SimpleQueue[_Task[Result] | None], stop: Stop) -> None:
    while (task := tasks.get()) is not None:
        if not stop():
            task.do(stop)
        del task


def _end(tasks: queue.SimpleQueue[_Task[Result] | None], stop: threading.Event, threads: int) -> None:
    stop.set()
    for _ in range(threads):
        tasks.put(None)
