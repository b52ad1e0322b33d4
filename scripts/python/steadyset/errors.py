"""The errors of this package."""


class DatasetError(Exception):
    """A dataset cannot be read: what happened, where, and what to do next.

    Raised for files that are missing, damaged, of another version or not what their manifest lists. Mistakes of the
    caller raise `ValueError`, `TypeError`, `IndexError` and `KeyError` as usual.
    """


class MissingFileError(DatasetError):
    """A file is not there. What cannot be seen (no permission, a server that is busy) is no such error."""


class EngineError(DatasetError):
    """A helper process failed: it cannot be started, it ended in the midst of its work, or it is of another release."""


class NoEngineError(EngineError):
    """No helper process can be had here at all: there is no program, or it is of another release."""


def missing_package(what: str, package: str, extra: str) -> ImportError:
    """The error of something that needs a package which is not here: it says what to install."""
    return ImportError(f"{what} need the package {package}, which is not here: pip install 'steadyset[{extra}]'", name=package)
