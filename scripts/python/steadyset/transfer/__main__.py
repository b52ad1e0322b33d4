"""Sends datasets to object storage and fetches them: what `steadyset push`, `pull`, `sync` and `remote` do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..companion import Parser
from ..errors import DatasetError, MissingFileError
from ..storage import is_url
from .inventory import Progress
from .pull import pull
from .push import Report, local_inventory, push
from .upkeep import HOURS, lineage, listed, remove_strays, strays, verify

DAMAGED, MISSING, FAILED = 65, 66, 74
"""Statuses of the program: what was read is wrong; it is not there; reading or writing failed."""


def main(arguments: Sequence[str] | None = None, program: str = "steadyset") -> int:
    """The command line; `program` may be `steadyset remote`, which looks after what is in storage alone."""
    is_whole = program == "steadyset"
    words = __doc__ if is_whole else "Checks, lists and cleans what is in object storage."
    examples = [] if is_whole else ["steadyset remote verify s3://bucket/quickstart", "steadyset remote clean --help"]
    parser = Parser(prog=program, description=words, allow_abbrev=False, examples=examples)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, words: str, example: str, *places: tuple[str, str], writes: bool = False) -> argparse.ArgumentParser:
        text = f"{words[0].upper()}{words[1:]}."
        command = commands.add_parser(name, help=words, description=text, allow_abbrev=False, examples=[example])
        for place, meaning in places:
            command.add_argument(place, help=meaning)
        if writes:
            command.add_argument("--replace", action="store_true", help="write over another dataset")
        command.add_argument("--jobs", type=_number, default=8, help="files at a time (default: 8)")
        command.add_argument("--quiet", action="store_true", help="no line a file")
        return command

    folder = ("DATASET", "the folder of a dataset, or DATASET@VERSION")
    place = ("URL", "where it is, such as s3://BUCKET/NAME")
    from_url = ("URL", "of the dataset, or URL@VERSION")
    into = ("FOLDER", "new, or of the same dataset")
    if is_whole:
        shown = "steadyset push quickstart s3://bucket/quickstart"
        sending = add("push", "send a dataset to object storage", shown, folder, place, writes=True)
        shown = "steadyset pull s3://bucket/quickstart quickstart"
        add("pull", "fetch a dataset into a folder", shown, from_url, into, writes=True)
        shown = "steadyset sync quickstart s3://bucket/quickstart"
        syncing = add("sync", "send a dataset, and remove what its place has beside it", shown, folder, place)
        for command in (sending, syncing):
            words = "write no README.md and metadata beside it"
            command.add_argument("--no-card", dest="card", action="store_false", help=words)
    words = "read all files of a dataset behind a URL, and compare them with its manifests and checksums"
    add("verify", words, "steadyset remote verify s3://bucket/quickstart", place)
    shown = "steadyset remote log s3://bucket/curation"
    add("log", "show the versions of a dataset behind a URL as a tree", shown, place)
    shown = "steadyset remote clean s3://bucket/curation --apply"
    cleaning = add("clean", "list files beside a dataset that no version needs", shown, place)
    cleaning.add_argument("--apply", action="store_true", help="remove them")
    words = "leave all as it is where one is younger, as a push may be under way (default: 24)"
    cleaning.add_argument("--hours", type=_hours, default=HOURS, help=words)
    given = parser.parse_args(arguments)

    def report(path: str, size: int) -> None:
        if not given.quiet:
            print(f"{path}: {size} bytes", file=sys.stderr, flush=True)

    try:
        return _do(given, report)
    except MissingFileError as error:
        return _failed(error, MISSING)
    except DatasetError as error:
        return _failed(error, DAMAGED)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}", FAILED)


def _do(given: argparse.Namespace, report: Progress) -> int:
    match given.command:
        case "push":
            _tell(
                push(given.DATASET, given.URL, replace=given.replace, jobs=given.jobs, card=given.card, progress=report), "sent"
            )
        case "pull":
            if not is_url(given.URL):
                raise DatasetError(f"{given.URL} is no URL: a folder is read where it is")
            _tell(pull(given.URL, given.FOLDER, replace=given.replace, jobs=given.jobs, progress=report), "fetched")
        case "sync":
            _tell(push(given.DATASET, given.URL, replace=True, jobs=given.jobs, card=given.card, progress=report), "sent")
            found = strays(given.URL, local_inventory(given.DATASET)[1], hours=0)
            remove_strays(given.URL, found)
            print(f"{len(found)} files removed")
        case "verify":
            print(f"{verify(given.URL, jobs=given.jobs, progress=report)}: every file is what its manifests list")
        case "log":
            print("\n".join(lineage(listed(given.URL))))
        case "clean":
            _clean(given.URL, given.apply, given.hours)
    return 0


def _clean(url: str, apply: bool, hours: float) -> None:
    found = strays(url, hours=hours)
    for stray in found:
        print(f"{stray.name}: {'parts of a file that did not arrive' if stray.upload else f'{stray.bytes} bytes'}")
    young = sum(stray.young for stray in found)
    if apply and young:
        raise DatasetError(
            f"{url}: nothing was removed: {young} of {len(found)} files are younger than {hours:g} hours, and a push may be "
            "under way; pass --hours 0 if none is"
        )
    if apply:
        remove_strays(url, found)
    print(f"{len(found)} files{' removed' if apply else '; --apply removes them' if found else ''}")


def _tell(done: Report, verb: str) -> None:
    print(f"{done.id[:16]}: {done.sent} files {verb} ({done.sent_bytes} bytes), {done.kept} were there")
    if done.card:
        print(done.card)


def _number(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError("a number from 1 to 64")
    return value


def _hours(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1e6:
        raise argparse.ArgumentTypeError("a number of hours from 0 on")
    return value


def _failed(error: DatasetError | str, status: int) -> int:
    print(f"steadyset: error: {error}", file=sys.stderr)
    return status


def run_push() -> int:
    """The program steadyset-push."""
    return main(["push", *sys.argv[1:]])


def run_pull() -> int:
    """The program steadyset-pull."""
    return main(["pull", *sys.argv[1:]])


def run_sync() -> int:
    """The program steadyset-sync."""
    return main(["sync", *sys.argv[1:]])


def run_remote() -> int:
    """The program steadyset-remote."""
    return main(program="steadyset remote")


if __name__ == "__main__":
    sys.exit(main())
