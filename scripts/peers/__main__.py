"""`python scripts/peers`: runs the command of this package."""

import pathlib
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])

from peers.command import main  # noqa: E402

sys.exit(main())
