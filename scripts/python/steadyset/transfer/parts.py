"""A large file to S3 in parts: those that arrived before an interruption are not sent again.

The requests are those of the Amazon S3 API Reference: CreateMultipartUpload, ListMultipartUploads, ListParts, UploadPart,
CompleteMultipartUpload.
"""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import DatasetError

Retried = Callable[[Callable[[], Any]], Any]
"""Does what may fail for a moment, several times."""


def send_in_parts(system: Any, local: pathlib.Path, path: str, part_bytes: int, retried: Retried) -> int:
    """Writes a file of more than `part_bytes` bytes to `path`; returns how many bytes were sent.

    An upload of the same file that was begun and not ended is gone on with: a part that is there has the MD5 of the local one.
    Nobody sees the file before its last part is there.
    """
    bucket, key, _ = system.split_path(path)
    place = {"Bucket": bucket, "Key": key}

    def call(method: str, **arguments: Any) -> Any:
        return retried(lambda: system.call_s3(method, **place, **arguments))

    def send(upload: str, there: dict[int, str]) -> int:
        parts, sent = [], 0
        with local.open("rb") as file:
            for number, data in enumerate(iter(lambda: file.read(part_bytes), b""), 1):
                tag = there.get(number)
                if tag is None or tag.strip('"') != hashlib.md5(data, usedforsecurity=False).hexdigest():
                    tag = call("upload_part", UploadId=upload, PartNumber=number, Body=data)["ETag"]
                    sent += len(data)
                parts.append({"PartNumber": number, "ETag": tag})
        call("complete_multipart_upload", UploadId=upload, MultipartUpload={"Parts": parts})
        return sent

    try:
        begun = [found for found in unfinished(system, bucket, key, retried) if found["Key"] == key]
        if begun:
            upload = max(begun, key=lambda found: str(found["Initiated"]))["UploadId"]
            return send(upload, {part["PartNumber"]: part["ETag"] for part in _parts(call, upload)})
    except DatasetError:
        # Whoever may write may not be allowed to list; and another push may have ended the upload.
        pass
    return send(call("create_multipart_upload")["UploadId"], {})


def unfinished(system: Any, bucket: str, prefix: str, retried: Retried) -> Iterator[dict[str, Any]]:
    """Yields the uploads of files whose names begin with `prefix` that were begun and not ended."""
    place: dict[str, Any] = {}
    while True:
        answer = retried(lambda: system.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix, **place))
        yield from answer.get("Uploads", [])
        if not answer.get("IsTruncated"):
            return
        place = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}


def _parts(call: Callable[..., Any], upload: str) -> Iterator[dict[str, Any]]:
    place: dict[str, Any] = {}
    while True:
        answer = call("list_parts", UploadId=upload, **place)
        yield from answer.get("Parts", [])
        if not answer.get("IsTruncated"):
            return
        place = {"PartNumberMarker": answer["NextPartNumberMarker"]}
