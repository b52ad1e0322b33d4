"""Answers of servers: whether they are what was asked for, and what their failures mean."""

from __future__ import annotations

import asyncio
import http
import re
from collections.abc import Mapping
from typing import NamedTuple

from .errors import DatasetError, MissingFileError
from .storage import Range, too_long, truncated

PAUSE = 0.5
"""Seconds before what failed for a moment is asked for once more."""
_LONGEST_PAUSE = 5.0


class Momentary(Exception):
    """A failure that may be over soon: a server that is busy, a connection that broke."""

    def __init__(self, message: str, pause: float = 0) -> None:
        super().__init__(message)
        self.pause = min(max(pause, PAUSE), _LONGEST_PAUSE)


class Request(NamedTuple):
    """Bytes of a file: exactly those of `range`, or, of a `whole` file, at most so many."""

    range: Range
    whole: bool = False


def headers_of(request: Request) -> dict[str, str]:
    """Returns what a request's head asks for."""
    _, start, length = request.range
    return {"Accept-Encoding": "identity", **({} if request.whole else {"Range": f"bytes={start}-{start + length - 1}"})}


def check_answer(where: str, request: Request, status: int, headers: Mapping[str, str]) -> int | None:
    """Returns how many bytes the file has, where the head of an answer tells. Raises what it says that is not the bytes asked for."""
    _, start, length = request.range
    _check_status(where, status, headers)
    text = headers.get("Content-Length") or ""
    announced = int(text) if re.fullmatch("[0-9]{1,18}", text) else None
    if request.whole:
        if status != 200:
            raise DatasetError(f"cannot read {where}: the server answers {_named(status)}")
        if announced is not None and announced > length:
            raise too_long(where, length)
        return announced
    if status == 416:
        raise truncated(where, start, length, 0)
    if status == 200 and start == 0 and announced == length:
        return length
    if status != 206:
        kind = re.sub("[^a-z0-9.+/-]", "", (headers.get("Content-Type") or "bytes").partition(";")[0].lower())[:60]
        raise DatasetError(
            f"{where}: the server does not answer requests for a range of bytes: it sends {kind}, status {status}"
        )
    return _check_range(where, request.range, headers.get("Content-Range"))


def check_body(where: str, request: Request, body: bytes, total: int | None) -> tuple[bytes, int | None]:
    """Returns the bytes and the file's size, where there are as many as were asked for or announced."""
    wanted = request.range.length
    if len(body) > wanted:
        if request.whole:
            raise too_long(where, wanted)
        raise DatasetError(f"{where}: the server sends more than the {wanted} bytes that were asked for")
    if request.whole:
        if total is not None and len(body) != total:
            raise Momentary(f"the answer ends after {len(body)} of {total} bytes")
        return body, len(body)
    if len(body) < wanted:
        raise Momentary(f"the answer ends after {len(body)} of {wanted} bytes")
    return body, total


def _check_status(where: str, status: int, headers: Mapping[str, str]) -> None:
    """Raises what an answer's status says that is no success; 416 is the caller's."""
    if status in (404, 410):
        raise MissingFileError(f"{where} does not exist: the server answers {_named(status)}")
    if status == 429 or status >= 500:
        after = headers.get("Retry-After") or ""
        pause = float(after) if re.fullmatch("[0-9]{1,6}", after) else 0.0
        raise Momentary(f"the server answers {_named(status)}", pause)
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


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status that an error has, or one that it came from."""
    for _ in range(8):
        status = getattr(error, "status", None)
        if isinstance(status, int) and status >= 400:
            return status
        error = None if error is None else error.__cause__ or error.__context__
    return None


def meaning(where: str, error: BaseException, verb: str = "read") -> BaseException:
    """What a protocol's error means; `verb` says what was tried: read, write, list or remove."""
    if isinstance(error, (DatasetError, Momentary)) or not isinstance(error, Exception):
        return error
    status = status_of(error)
    if status is not None and status not in (404, 410):
        if status == 429 or status >= 500:
            return Momentary(f"the server answers {_named(status)}")
        return DatasetError(f"cannot {verb} {where}: the server answers {_named(status)}")
    if isinstance(error, FileNotFoundError) and verb != "write":
        return MissingFileError(f"{where} does not exist")
    broken = {"ClientConnectionError", "ClientPayloadError", "ServerTimeoutError"}
    if isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError)) or broken & {
        kind.__name__ for kind in type(error).__mro__
    }:
        return Momentary(words(error))
    return DatasetError(f"cannot {verb} {where}: {words(error)}")


def twice(where: str, failure: Momentary) -> DatasetError:
    return DatasetError(f"cannot read {where}: {failure}, twice: try again later")


def words(error: BaseException) -> str:
    words = " ".join(f"{error}".split()) or type(error).__name__
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in words[:300])
