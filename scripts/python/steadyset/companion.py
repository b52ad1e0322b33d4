"""What the programs `steadyset-NAME` of this package have in common: how their command lines answer."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Iterable
from typing import Any, NoReturn

from . import __version__

USAGE = 64
"""The status of wrong options or arguments, as `steadyset` has it."""


class Parser(argparse.ArgumentParser):
    """A parser of a companion, which also says its version, ends its help with examples, and names the nearest word for one that
    it does not know."""

    def __init__(self, *arguments: Any, examples: Iterable[str] = (), **options: Any) -> None:
        shown = "\n".join(f"  {example}" for example in examples)
        options |= {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": f"examples:\n{shown}" if shown else None}
        options["description"] = textwrap.fill(options.get("description") or "", 80)
        super().__init__(*arguments, **options)
        self.add_argument("--version", action="version", version=f"{self.prog} {__version__}", help="show the version")

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, with the word that was meant, and ends the process with status 64."""
        wrong = re.search(r"unrecognized arguments: (--?[^\s=]+)|invalid choice: '([^']*)'", message)
        near = difflib.get_close_matches(wrong[1] or wrong[2], self._words(), 1) if wrong else []
        hint = f": did you mean '{near[0]}'?" if near else ""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {message}{hint}\n")

    def _words(self) -> list[str]:
        """Names of options and commands, those of commands' own options too."""
        words = list(self._option_string_actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, parser in action.choices.items():
                    words += [name, *parser._option_string_actions]
        return words
