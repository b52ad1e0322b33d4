"""The command line: `steadyset report DIR`, `python -m steadyset.report DIR`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..companion import Parser
from ..errors import DatasetError, MissingFileError
from .writing import write_report

_DATA, _NO_INPUT, _UNAVAILABLE, _CANNOT_CREATE = 65, 66, 69, 73


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes a report; returns the status, one of those of `steadyset`."""
    parser = Parser(
        prog="steadyset report",
        description="Writes one page of HTML about a dataset, a training or rounds; it needs no network.",
        examples=["steadyset report quickstart", "steadyset report curation@round-1 -o round-1.html"],
    )
    parser.add_argument("dataset", metavar="DIR", help="the folder, DIR@VERSION, or a URL of a dataset")
    parser.add_argument("-o", "--output", metavar="FILE", help="the page (default: report.html in the folder)")
    parser.add_argument("--data", metavar="DATASET", help="what a training in a folder of its own learnt from")
    parser.add_argument("--live", action="store_true", help="the run goes on: browsers load the page again")
    parser.add_argument("--quiet", action="store_true", help="do not say where the page is")
    given = parser.parse_args(arguments)
    try:
        path = write_report(given.dataset, given.output, data=given.data, live=given.live)
    except MissingFileError as error:
        return _fail(error, _NO_INPUT)
    except DatasetError as error:
        return _fail(error, _DATA)
    except ImportError as error:
        return _fail(error, _UNAVAILABLE)
    except OSError as error:
        return _fail(error, _CANNOT_CREATE)
    if not given.quiet:
        print(path)
    return 0


def _fail(error: Exception, status: int) -> int:
    words = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in " ".join(str(error).split()))
    print(f"steadyset: error: {words}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
