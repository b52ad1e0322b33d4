"""Requests to engines: what is in them, how often they are tried, and how many are under way."""

from __future__ import annotations

import itertools
import select
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError, EngineError
from .memory import Memory, Retired
from .pool import pool
from .process import Ended, Engine

Members = dict[str, Any]
_CONTEXTS = 32
"""Definitions that an engine keeps."""
_numbers = itertools.count(1)


class RequestError(DatasetError):
    """What an engine found wrong with what it was given: `sample` is the number of the sample in the request, None where it is
    about all, and `request` the number of the request among those of `run`."""

    def __init__(self, message: str, sample: int | None = None, request: int = 0) -> None:
        super().__init__(message)
        self.sample, self.request = sample, request


class Definition:
    """What requests rest on: the members of a `define`, without `do` and `name`. Each engine is told of it once."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.name = next(_numbers)
        self.answer: Members | None = None


def call(request: Members, definition: Definition | None = None) -> Members:
    """Has one request answered, and returns the answer. Raises `RequestError` and `EngineError`."""
    return run([request], definition)[0]


def run(requests: Iterable[Members], definition: Definition | None = None, engines: int = 1) -> list[Members]:
    """Has requests answered by up to `engines` engines at a time, fewer where others are at work.

    Returns the answers in the order of the requests. A request is taken from the iterable when an engine can have it, or is
    about to; what gives them must not ask engines itself. The first failure ends all. Raises as `call` does.
    """
    crew = _Crew(definition, engines)
    try:
        for request in requests:
            crew.begin(request)
        return crew.finish()
    finally:
        crew.leave()


def describe(definition: Definition) -> Members:
    """Returns what an engine answers to a definition. Raises as `call` does."""
    if definition.answer is None:
        crew = _Crew(definition, 1)
        try:
            crew.begin(None)
        finally:
            crew.leave()
    assert definition.answer is not None
    return definition.answer


class _Job:
    """A request that an engine has been given."""

    def __init__(self, number: int, request: Members | None) -> None:
        self.number, self.request = number, request
        self.ended = ""  # how the engine ended that had it first
        self.places: _Places | None = None


class _Crew:
    """The engines that a thread has for some requests; it waits for others' only while it has none."""

    def __init__(self, definition: Definition | None, most: int) -> None:
        self._definition, self._most = definition, most
        self._engines: list[Engine] = []
        self._jobs: dict[Engine, _Job] = {}
        self._answers: dict[int, Members] = {}
        self._count = 0

    def begin(self, request: Members | None) -> None:
        """Gives a request to an engine that is free; None is a definition alone."""
        engine = self._free()
        self._give(engine, _Job(self._count, request))
        self._count += 1

    def finish(self) -> list[Members]:
        """Waits for the answers that are left, and returns all."""
        while self._jobs:
            self._collect()
        return [self._answers[number] for number in range(self._count)]

    def leave(self) -> None:
        """Gives the engines back; those that still owe an answer are ended."""
        while self._engines:
            pool.put(self._engines.pop())

    def _free(self) -> Engine:
        for engine in self._engines:
            if engine not in self._jobs:
                return engine
        if len(self._engines) < self._most:
            taken = pool.take(wait=not self._engines)
            if taken is not None:
                self._engines.append(taken)
                return taken
        return self._collect()

    def _replace(self, engine: Engine) -> Engine:
        self._engines.remove(engine)
        engine.close()
        fresh = pool.fresh()
        self._engines.append(fresh)
        return fresh

    def _give(self, engine: Engine, job: _Job) -> None:
        while True:
            try:
                self._tell(engine, job)
                if job.request is not None:
                    job.places = self._ask(engine, job.request)
                    self._jobs[engine] = job
                return
            except Ended as ended:
                self._note(job, ended)
            except Retired:
                pass
            engine = self._replace(engine)

    def _note(self, job: _Job, ended: Ended) -> None:
        # What was killed from outside deserves another try; what ends two engines may end every one.
        if job.ended:
            raise EngineError(
                f"an engine {ended.how} in the midst of a request, and the one before it {job.ended}: where nothing kills "
                f"them, and there is memory enough, please report it{ended.said}"
            ) from ended
        job.ended = ended.how

    def _collect(self) -> Engine:
        """Waits for an answer; returns the engine that is free now."""
        engine = self._ready()
        job = self._jobs.pop(engine)
        try:
            answer = engine.receive()
        except Ended as ended:
            self._note(job, ended)
            self._give(self._replace(engine), job)
            return self._collect()
        assert job.places is not None
        self._answers[job.number] = _checked(answer, job.number)
        job.places.copy_back()
        return engine

    def _ready(self) -> Engine:
        if len(self._jobs) == 1:
            return next(iter(self._jobs))
        poll, of = select.poll(), {}
        for engine in self._jobs:
            try:
                descriptor = engine.fileno()
            except OSError:
                return engine  # closed, as `receive` will say
            of[descriptor] = engine
            poll.register(descriptor, select.POLLIN)
        return of[poll.poll()[0][0]]

    def _tell(self, engine: Engine, job: _Job) -> None:
        definition = self._definition
        if definition is None:
            return
        answer = engine.told.pop(definition.name, None)
        if answer is None:
            if len(engine.told) >= _CONTEXTS:
                oldest = next(iter(engine.told))
                del engine.told[oldest]
                self._ask(engine, {"do": "forget", "name": oldest}, with_definition=False)
                engine.receive()
            self._ask(engine, {"do": "define", "name": definition.name, **definition.members}, with_definition=False)
            answer = definition.answer = _checked(engine.receive(), job.number)
        engine.told[definition.name] = answer  # the last one is the one used last

    def _ask(self, engine: Engine, request: Members, with_definition: bool = True) -> _Places:
        places = _Places(engine.memory)
        message = places.fill(request)
        if with_definition and self._definition is not None:
            message["with"] = self._definition.name
        body = engine.encode(message, places.read)
        engine.pinned = places.pinned
        # What was written so far is in the file, unless a fork came between.
        if engine.memory.retired:
            raise Retired
        engine.send(body)
        return places


class _Places:
    """Where the arrays of a request are in an engine's memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.pinned: list[npt.NDArray[Any]] = []
        self._written: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []

    def fill(self, request: Members) -> Members:
        """Returns the request with offsets for those arrays that are written; `read` gives them for the others."""
        message = dict(request)
        if "block" in message:
            first = self.read(message.pop("block"))
            message["samples"] = [{**sample, "at": first + sample["at"]} for sample in message["samples"]]
        if "into" in message:
            message["into"] = {name: self._write(array) for name, array in message["into"].items()}
        if message.get("do") == "repair":
            message["field"] = self._write(message["field"], replaced=True)
        return message

    def read(self, array: Any) -> Any:
        """Returns the offset of an array that is read, for an encoder of JSON, and numbers of NumPy as Python's."""
        if isinstance(array, np.generic):
            return array.item()
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{type(array).__name__} is nothing that an engine can be given")
        place = self._memory.place(array) if array.flags.c_contiguous else None
        return self._pin(array, place) if place is not None else self._copy(array)[0]

    def _write(self, array: npt.NDArray[Any], replaced: bool = False) -> int:
        if array.dtype != np.dtype("<f4") or not array.flags.c_contiguous or not array.flags.writeable:
            raise ValueError("an array that an engine writes is contiguous float32, and may be written to")
        # What is replaced goes by a copy in any case: it may be needed for another try.
        place = None if replaced else self._memory.place(array)
        if place is not None:
            return self._pin(array, place)
        place, block = self._copy(array, fill=replaced)
        self._written.append((array, block))
        return place

    def _pin(self, array: npt.NDArray[Any], place: int) -> int:
        self.pinned.append(array)
        return place

    def _copy(self, array: npt.NDArray[Any], fill: bool = True) -> tuple[int, npt.NDArray[Any]]:
        floats = self._memory.empty((-(-array.nbytes // 4),))
        assert floats is not None
        block = floats.view(np.uint8)[: array.nbytes].view(array.dtype).reshape(array.shape)
        if fill:
            np.copyto(block, array)
        place = self._memory.place(floats)
        assert place is not None
        return self._pin(block, place), block

    def copy_back(self) -> None:
        """Copies what was written into the arrays of the caller that are elsewhere."""
        for array, block in self._written:
            np.copyto(array, block)


def _checked(answer: Members, number: int) -> Members:
    if "error" not in answer:
        return answer
    error = answer["error"]
    message, sample = str(error.get("message")), error.get("sample")
    if error.get("kind") == "data":
        raise RequestError(message, sample if isinstance(sample, int) else None, number)
    raise EngineError(f"an engine refused what this package asked of it: {message}")
