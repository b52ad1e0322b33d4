"""A folder behind a URL, by fsspec, or of HTTP by Python's own library; of HTTP every answer is checked here."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from . import hub
from .answers import Momentary, Request, check_answer, check_body, headers_of, meaning, status_of, twice, words
from .errors import DatasetError
from .storage import Bytes, Range, Sound, check_name, too_long, truncated

_PIECE = 1 << 18
_SILENCE = 20.0
"""Seconds without a byte after which a server is taken not to answer."""


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

    def _connect(self) -> _Connection:
        # A file system of fsspec has a thread of its own, which a fork does not carry over.
        if self._process != os.getpid():
            self._connection = self._connected()
            self._process = os.getpid()
        return self._connection

    def _connected(self) -> _Connection:
        place = hub.place_of(self._url)
        address = self._url if place is None else hub.address_of(place)
        plain = re.match("https?://", address) and "::" not in address
        secret = None if place is None else hub.token()
        options = {"headers": {"Authorization": f"Bearer {secret}"}} if secret else {}
        try:
            import fsspec

            system, root = fsspec.core.url_to_fs(address, skip_instance_cache=True, **options)
        except ImportError as error:
            # Python's own library would show the token to whatever server it is led to.
            if plain and not secret:
                return _Plain(self._url, address)
            raise DatasetError(f"{self._url}: reading such URLs needs fsspec and a package for the protocol: {error}") from error
        except ValueError as error:
            raise DatasetError(f"{self._url}: fsspec cannot open it: {error}") from error
        return (_HTTP if type(system).__name__ == "HTTPFileSystem" else _Other)(system, root, self._url)

    def _ask(self, requests: Sequence[Request]) -> list[bytes]:
        for request in requests:
            check_name(request.range.path)
        connection = self._connect()
        answers = connection.answers(requests)
        momentary = [k for k, answer in enumerate(answers) if isinstance(answer, Momentary)]
        if momentary:
            time.sleep(max(answer.pause for answer in answers if isinstance(answer, Momentary)))
            for k, answer in zip(momentary, connection.answers([requests[k] for k in momentary])):
                answers[k] = answer
        found = []
        for request, answer in zip(requests, answers):
            if isinstance(answer, Momentary):
                raise twice(f"{self._url}/{request.range.path}", answer)
            if isinstance(answer, BaseException):
                raise answer
            found.append(answer)
        return found

    def read_all(self, path: str, maximum: int) -> bytes:
        return self._ask([Request(Range(path, 0, maximum), True)])[0]

    def read(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int], Bytes]:
        answers = self._ask([Request(found) for found in ranges])
        if sound is not None:
            wrong = [k for k, answer in enumerate(answers) if not sound(k, np.frombuffer(answer, np.uint8))]
            for k, answer in zip(wrong, self._ask([Request(ranges[k]) for k in wrong]) if wrong else []):
                answers[k] = answer
        return lambda k: np.frombuffer(answers[k], np.uint8)

    def forget(self, path: str) -> bool:
        return True

    def reader(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int, Bytes], None]:
        found = self.read(ranges, sound)

        def fill(k: int, data: Bytes) -> None:
            data[:] = found(k)

        return fill

    def size(self, path: str) -> int | None:
        check_name(path)
        connection = self._connect()
        try:
            return connection.size(path)
        except Momentary as failure:
            time.sleep(failure.pause)
        try:
            return connection.size(path)
        except Momentary as failure:
            raise twice(f"{self._url}/{path}", failure) from failure


class _Other:
    """Any protocol of fsspec, through what all of them have."""

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system, self._root, self._url = system, root, url

    def answers(self, requests: Sequence[Request]) -> list[bytes | BaseException]:
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
            return meaning(where, answer)
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
            return meaning(where, error)
        return too_long(where, maximum) if len(data) > maximum else data

    def size(self, path: str) -> int | None:
        try:
            size = self._system.size(f"{self._root}/{path}")
        except Exception as error:
            raise meaning(f"{self._url}/{path}", error) from error
        return None if size is None else int(size)


class _HTTP:
    """HTTP with the session of fsspec's file system, whose own reading does not tell one status from another."""

    def __init__(self, system: Any, root: str, url: str) -> None:
        self._system, self._root, self._url = system, root.rstrip("/"), url

    def answers(self, requests: Sequence[Request]) -> list[bytes | BaseException]:
        """Returns what each request gives, or its failure."""
        from fsspec.asyn import sync

        try:
            found: list[bytes | BaseException] = sync(self._system.loop, self._all, requests)
            return found
        except Exception as error:
            return [meaning(f"{self._url}/{request.range.path}", error) for request in requests]

    async def _all(self, requests: Sequence[Request]) -> list[bytes | BaseException]:
        session = await self._system.set_session()
        return await asyncio.gather(*(self._one(session, request) for request in requests), return_exceptions=True)

    async def _one(self, session: Any, request: Request) -> bytes:
        if request.range.length == 0 and not request.whole:
            return b""
        try:
            return (await self._get(session, request))[0]
        except (DatasetError, Momentary):
            raise
        except Exception as error:
            # A status of aiohttp's own means that the answer is not HTTP.
            if status_of(error) is not None:
                raise Momentary(f"the answer is not HTTP: {words(error)}") from error
            raise meaning(f"{self._url}/{request.range.path}", error) from error

    async def _get(self, session: Any, request: Request) -> tuple[bytes, int | None]:
        """Returns the bytes, and how many the file has where the server tells."""
        import aiohttp

        path, _, length = request.range
        where = f"{self._url}/{path}"
        options = {"timeout": aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=_SILENCE), **self._system.kwargs}
        options["headers"] = {**options.get("headers", {}), **headers_of(request)}
        async with session.get(self._system.encode_url(f"{self._root}/{path}"), **options) as answer:
            total = check_answer(where, request, answer.status, answer.headers)
            body = bytearray()
            async for piece in answer.content.iter_chunked(_PIECE):
                body += piece
                if len(body) > length:
                    break
            return check_body(where, request, bytes(body), total)

    def size(self, path: str) -> int | None:
        from fsspec.asyn import sync

        async def ask() -> int | None:
            return (await self._get(await self._system.set_session(), Request(Range(path, 0, 1))))[1]

        try:
            found: int | None = sync(self._system.loop, ask)
            return found
        except Exception as error:
            raise meaning(f"{self._url}/{path}", error) from error


class _Plain:
    """HTTP by Python's own library, where fsspec and aiohttp are not installed: a connection for each request, eight at a time."""

    def __init__(self, url: str, address: str) -> None:
        self._url, self._address = url, address

    def answers(self, requests: Sequence[Request]) -> list[bytes | BaseException]:
        """Returns what each request gives, or its failure."""
        if len(requests) < 2:
            return [self._one(request) for request in requests]
        with ThreadPoolExecutor(min(8, len(requests))) as pool:
            return list(pool.map(self._one, requests))

    def _one(self, request: Request) -> bytes | BaseException:
        if request.range.length == 0 and not request.whole:
            return b""
        try:
            return self._get(request)[0]
        except Exception as error:
            return error

    def _get(self, request: Request) -> tuple[bytes, int | None]:
        where = f"{self._url}/{request.range.path}"
        address = urllib.parse.quote(f"{self._address}/{request.range.path}", safe=":/?&=%@+,;~[]")
        try:
            try:
                answer = urllib.request.urlopen(urllib.request.Request(address, headers=headers_of(request)), timeout=_SILENCE)
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                total = check_answer(where, request, int(answer.status or 0), answer.headers)
                body = bytearray()
                while len(body) <= request.range.length and (piece := answer.read(_PIECE)):
                    body += piece
        except (DatasetError, Momentary):
            raise
        except (http.client.HTTPException, OSError) as error:
            raise Momentary(words(error)) from error
        except ValueError as error:
            raise DatasetError(f"cannot read {where}: {words(error)}") from error
        return check_body(where, request, bytes(body), total)

    def size(self, path: str) -> int | None:
        return self._get(Request(Range(path, 0, 1)))[1]


_Connection = _HTTP | _Other | _Plain
