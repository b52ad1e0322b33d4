"""How much a folder of kept files may hold, and which of them go first."""

from __future__ import annotations

import os
import re
import time

_LEFT_FREE = 1 << 30
"""Bytes of the disk that are left to others."""
_IN_USE = 600.0
"""Seconds after its last use in which a file is taken to be in use, by whatever process."""
_NOTED = 60.0
"""Seconds after which a use is noted again, and after which a full folder is looked through again."""
_SHARE = 8
"""One process may fill this part of the room that is left before it looks again what others added."""


class Room:
    """The room of a folder: its files have at most `limit` bytes together, and leave a gibibyte of the disk free.

    Where there is no more, files go that were not used for the longest time, but none that this process used, or any other
    within ten minutes. So an epoch over more than fits finds again what did fit, and two trainings do not take turns in
    throwing out what the other one reads. Not safe for threads.
    """

    def __init__(self, folder: str, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._left = 0
        self._full_until = 0.0
        self._used: dict[str, float] = {}

    def use(self, name: str) -> None:
        """Notes that a file was used."""
        now = time.monotonic()
        if now - self._used.get(name, -_NOTED) >= _NOTED:
            self._used[name] = now
            try:
                os.utime(os.path.join(self._folder, name))
            except OSError:
                pass  # It is gone, or cannot be written: then it is none that would be thrown out here.

    def take(self, wanted: int) -> bool:
        """Whether `wanted` more bytes may be written; removes files where that makes room. Raises `OSError`."""
        if wanted > self._left:
            if time.monotonic() < self._full_until:
                return False
            left = self._make(wanted)
            if wanted > left:
                self._full_until = time.monotonic() + _NOTED
                return False
            self._left = max(wanted, left // _SHARE)
        self._left -= wanted
        return True

    def _make(self, wanted: int) -> int:
        """Returns how many bytes there is room for, after removing what must go for `wanted` of them."""
        files = []
        for entry in os.scandir(self._folder):
            if re.fullmatch(r"[0-9a-f]{64}\.ranges", entry.name):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                files.append((status.st_mtime, status.st_size, entry.name))
        used = sum(size for _, size, _ in files)
        disk = os.statvfs(self._folder)
        limit = min(self._limit, used + disk.f_bavail * disk.f_frsize - _LEFT_FREE)
        now = time.time()
        for last, size, name in sorted(files):
            if used + wanted <= limit:
                break
            if name not in self._used and now - last > _IN_USE:
                try:
                    os.unlink(os.path.join(self._folder, name))
                except FileNotFoundError:
                    pass
                used -= size
        return limit - used
