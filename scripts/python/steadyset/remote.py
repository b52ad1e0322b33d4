"""A folder behind a URL, by fsspec; of HTTP every answer is checked here."""

from __future__ import annotations

import asyncio
import http
import os
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .errors import DatasetError, MissingFileError
from .storage import Bytes, Range, check_name, too_long, truncated

PAUSE = 0.5
"""Seconds before what failed for a moment is asked for once more."""
_LONGEST_PAUSE = 5.0
_SILENCE = 20.0
"""Seconds without a byte after which a server is taken not to answer."""


class _Momentary(Exception):
    """A failure that may be over soon: a server that is busy, a connection that broke."""

    def __init__(self, message: str, pause: float = PAUSE) -> None:
        super().__init__(message)
        self.pause = min(max(pause, PAUSE), _LONGEST_PAUSE)


class _Request(NamedTuple):
    """Bytes of a file: exactly those of `range`, or, of a `whole` file, at most so many."""

    range: Range
    whole: bool = False


class RemoteFolder:
    """A folder behind a URL. Ranges of one call are fetched at the same time where the protocol can, and what fails for a
    moment (status 429 and 5xx, broken connections, silence) once more."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._process = -1
        self._connect()

    @property
    def root(self) -> str:
        return self._url

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self._url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._url = state["url"]
        self._process = -1

    def _connect(self) -> _HTTP | _Other:
        # A file system of fsspec has a thread of its own, which a fork does not carry over.
        if self._process != os.getpid():
            try:
                import fsspec
            except ImportError as error:
                raise DatasetError(f"{self._url}: reading URLs needs fsspec: pip install 'fsspec[http]'") from error
            try:
                system, root = fsspec.core.url_to_fs(self._url, skip_instance_cache=True)
            except (ImportError, ValueError) as error:
                raise DatasetError(f"{self._url}: fsspec cannot open it: {error}") from error
            kind = _HTTP if type(system).__name__ == "HTTPFileSystem" else _Other
            self._connection: _HTTP | _Other = kind(system, root, self._url)
            self._process = os.getpid()
        return self._connection

    def _ask(self, requests: Sequence[_Request]) -> list[bytes]:
        for request in requests:
            check_name(request.range.path)
        connection = self._connect()
        answers = connection.answers(requests)
        momentary = [k for k, answer in enumerate(answers) if isinstance(answer, _Momentary)]
        if momentary:
            time.sleep(max(answer.pause for answer in answers if isinstance(answer, _Momentary)))
            for k, answer in zip(momentary, connection.answers([requests[k] for k in momentary])):
                answers[k] = answer
        found = []
        for request, answer in zip(requests, answers):
            if isinstance(answer, _Momentary):
                raise _twice(f"{self._url}/{request.range.path}", answer)
            if isinstance(answer, BaseException):
                raise answer
            found.append(answer)
        return found

    def read_all(self, path: str, maximum: int) -> bytes:
        return self._ask([_Request(Range(path, 0, maximum), True)])[0]

    def read(self, ranges: Sequence[Range]) -> Callable[[int], Bytes]:
        answers = self._ask([_Request(found) for found in ranges])
        return lambda k: np.frombuffer(answers[k], np.uint8)

    def size(self, path: str) -> int | None:
        check_name(path)
        connection = self._connect()
        try:
            return connection.size(path)
        except _Momentary as failure:
            time.sleep(failure.pause)
        try:
            return connection.size(path)
        except _Momentary as failure:
            raise _twice(f"{self._url}/{path}", failure) from failure


class _Other:
    """Any protocol of fsspec, through what all of them have."""

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system, self._root, self._url = system, root, url

    def answers(self, requests: Sequence[_Request]) -> list[bytes | BaseException]:
        """Returns what each request gives, or its failure."""
        if any(request.whole for request in requests):
            return [self._whole(*request.range) for request in requests]
        ranges = [request.range for request in requests]
        try:
            answers = self._system.cat_ranges(
                [f"{self._root}/{found.path}" for found in ranges], [found.start for found in ranges],
                [found.start + found.length for found in ranges], on_error="return",
            )  # fmt: skip
        except Exception as error:  # each protocol has errors of its own
            answers = [error] * len(ranges)
        return [self._checked(found, answer) for found, answer in zip(ranges, answers)]

    def _checked(self, found: Range, answer: Any) -> bytes | BaseException:
        where = f"{self._url}/{found.path}"
        if isinstance(answer, BaseException):
            return _failure(where, answer)
        if len(answer) < found.length:
            return truncated(where, found.start, found.length, len(answer))
        if len(answer) > found.length:
            return DatasetError(f"{where}: the server does not answer requests for a range of bytes")
        return bytes(answer)

    def _whole(self, path: str, _: int, maximum: int) -> bytes | BaseException:
        where = f"{self._url}/{path}"
        try:
            with self._system.open(f"{self._root}/{path}", "rb", block_size=1 << 20) as file:
                data: bytes = file.read(maximum + 1)
        except Exception as error:
            return _failure(where, error)
        return too_long(where, maximum) if len(data) > maximum else data

    def size(self, path: str) -> int | None:
        try:
            size = self._system.size(f"{self._root}/{path}")
        except Exception as error:
            raise _failure(f"{self._url}/{path}", error) from error
        return None if size is None else int(size)


class _HTTP:
    """HTTP with the session of fsspec's file system, whose own reading does not tell one status from another."""

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system, self._root, self._url = system, root.rstrip("/"), url

    def answers(self, requests: Sequence[_Request]) -> list[bytes | BaseException]:
        """Returns what each request gives, or its failure."""
        from fsspec.asyn import sync

        try:
            found: list[bytes | BaseException] = sync(self._system.loop, self._all, requests)
            return found
        except Exception as error:
            return [_failure(f"{self._url}/{request.range.path}", error) for request in requests]

    async def _all(self, requests: Sequence[_Request]) -> list[bytes | BaseException]:
        session = await self._system.set_session()
        return await asyncio.gather(*(self._one(session, request) for request in requests), return_exceptions=True)

    async def _one(self, session: Any, request: _Request) -> bytes:
        if request.range.length == 0 and not request.whole:
            return b""
        try:
            return (await self._get(session, request))[0]
        except (DatasetError, _Momentary):
            raise
        except Exception as error:
            # A status of aiohttp's own means that the answer is not HTTP.
            if _status(error) is not None:
                raise _Momentary(f"the answer is not HTTP: {_words(error)}") from error
            raise _failure(f"{self._url}/{request.range.path}", error) from error

    async def _get(self, session: Any, request: _Request) -> tuple[bytes, int | None]:
        """Returns the bytes, and how many the file has where the server tells."""
        import aiohttp

        path, start, length = request.range
        where = f"{self._url}/{path}"
        options = {"timeout": aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=_SILENCE), **self._system.kwargs}
        options["headers"] = {**options.get("headers", {}), "Accept-Encoding": "identity"}
        if not request.whole:
            options["headers"]["Range"] = f"bytes={start}-{start + length - 1}"
        async with session.get(self._system.encode_url(f"{self._root}/{path}"), **options) as answer:
            _check_status(where, answer)
            announced = answer.content_length
            if request.whole:
                if answer.status != 200:
                    raise DatasetError(f"cannot read {where}: the server answers {_named(answer.status)}")
                if announced is not None and announced > length:
                    raise too_long(where, length)
                body = await _body(answer, length)
                if len(body) > length:
                    raise too_long(where, length)
                return body, len(body)
            if answer.status == 416:
                raise truncated(where, start, length, 0)
            whole = answer.status == 200 and start == 0 and announced == length
            if answer.status != 206 and not whole:
                raise DatasetError(
                    f"{where}: the server does not answer requests for a range of bytes: it sends {answer.content_type}, "
                    f"status {answer.status}"
                )
            total = length if whole else _check_range(where, request.range, answer.headers.get("Content-Range"))
            body = await _body(answer, length)
            if len(body) > length:
                raise DatasetError(f"{where}: the server sends more than the {length} bytes that were asked for")
            if len(body) < length:
                raise _Momentary(f"the answer ends after {len(body)} of {length} bytes")
            return body, total

    def size(self, path: str) -> int | None:
        from fsspec.asyn import sync

        async def ask() -> int | None:
            return (await self._get(await self._system.set_session(), _Request(Range(path, 0, 1))))[1]

        try:
            found: int | None = sync(self._system.loop, ask)
            return found
        except Exception as error:
            raise _failure(f"{self._url}/{path}", error) from error


def _check_status(where: str, answer: Any) -> None:
    """Raises what an answer's status says that is no success; 416 is the caller's."""
    status = answer.status
    if status in (404, 410):
        raise MissingFileError(f"{where} does not exist: the server answers {_named(status)}")
    if status == 429 or status >= 500:
        after = answer.headers.get("Retry-After", "")
        pause = float(after) if re.fullmatch("[0-9]{1,6}", after) else PAUSE
        raise _Momentary(f"the server answers {_named(status)}", pause)
    if status in (401, 403):
        raise DatasetError(f"cannot read {where}: the server refuses it with {_named(status)}")
    if status >= 400 and status != 416:
        raise DatasetError(f"cannot read {where}: the server answers {_named(status)}")


def _named(status: int) -> str:
    try:
        return f"status {status} ({http.HTTPStatus(status).phrase})"
    except ValueError:
        return f"status {status}"


def _check_range(where: str, asked: Range, header: str | None) -> int | None:
    """Returns the size of the file that `Content-Range` (RFC 9110, §14.4) tells, none where it tells none."""
    if header is None:
        return None
    match = re.fullmatch(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", header.strip())
    last = asked.start + asked.length - 1
    total = None if match is None or match[3] == "*" else int(match[3])
    if match is not None and int(match[1]) == asked.start and int(match[2]) == last and (total is None or total > last):
        return total
    if match is not None and total is not None and int(match[1]) == asked.start and total <= last:
        raise truncated(where, asked.start, asked.length, total - asked.start)
    raise DatasetError(
        f"{where}: the bytes {asked.start} to {last} were asked for, the server answers with others: Content-Range {header[:80]!a}"
    )


async def _body(answer: Any, maximum: int) -> bytes:
    """Returns the body, of which no more than a little beyond `maximum` bytes is read."""
    body = bytearray()
    async for piece in answer.content.iter_chunked(1 << 18):
        body += piece
        if len(body) > maximum:
            break
    return bytes(body)


def _status(error: BaseException | None) -> int | None:
    """The HTTP status that an error has, or one that it came from."""
    for _ in range(8):
        status = getattr(error, "status", None)
        if isinstance(status, int) and status >= 400:
            return status
        error = None if error is None else error.__cause__ or error.__context__
    return None


def _failure(where: str, error: BaseException) -> BaseException:
    """What a protocol's error means."""
    if isinstance(error, (DatasetError, _Momentary)) or not isinstance(error, Exception):
        return error
    status = _status(error)
    if status is not None and status not in (404, 410):
        if status == 429 or status >= 500:
            return _Momentary(f"the server answers {_named(status)}")
        return DatasetError(f"cannot read {where}: the server answers {_named(status)}")
    if isinstance(error, FileNotFoundError):
        return MissingFileError(f"{where} does not exist")
    broken = {"ClientConnectionError", "ClientPayloadError", "ServerTimeoutError"}
    if isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError)) or broken & {
        kind.__name__ for kind in type(error).__mro__
    }:
        return _Momentary(_words(error))
    return DatasetError(f"cannot read {where}: {_words(error)}")


def _twice(where: str, failure: _Momentary) -> DatasetError:
    return DatasetError(f"cannot read {where}: {failure}, twice: try again later")


def _words(error: BaseException) -> str:
    words = " ".join(f"{error}".split()) or type(error).__name__
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in words[:300])
