"""The errors of this package."""


class DatasetError(Exception):
    """A dataset cannot be read: what happened, where, and what to do next.

    Raised for files that are missing, damaged, of another version or not what their manifest lists. Mistakes of the
    caller raise `ValueError`, `TypeError`, `IndexError` and `KeyError` as usual.
    """


class MissingFileError(DatasetError):
    """A file is not there. What cannot be seen (no permission, a server that is busy) is no such error."""
