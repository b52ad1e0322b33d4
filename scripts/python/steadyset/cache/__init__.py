"""What was read behind a URL is kept on a disk: it is fetched once, however often and by however many processes it is read."""

from .choice import cached, default_folder, uncached
from .folder import CachedFolder, Listed
from .room import Room

__all__ = ["CachedFolder", "Listed", "Room", "cached", "default_folder", "uncached"]
