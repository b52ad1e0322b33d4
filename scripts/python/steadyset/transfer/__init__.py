"""Datasets to and from object storage: what is missing is sent, every file is checked by its digest, manifests come last."""

from .pull import pull
from .push import push
from .upkeep import Stray, Version, lineage, listed, remove_strays, strays, verify

__all__ = ["Stray", "Version", "lineage", "listed", "pull", "push", "remove_strays", "strays", "verify"]
