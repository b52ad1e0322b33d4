"""The page of the manual, steadyset(1), from what the program says of itself (--experimental-dump-help of its argument parser)."""

import json
import re
import subprocess
import time


def plain(text):
    """A text of one paragraph as troff takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def paragraphs(text):
    """Yields the lines of a text in which indented lines stand as they are."""
    for part in filter(None, text.split("\n\n")):
        lines = part.splitlines()
        yield ".PP"
        while lines:
            isShown = lines[0].startswith("  ")
            count = next((k for k, line in enumerate(lines) if line.startswith("  ") != isShown), len(lines))
            yield from [".nf", *map(plain, lines[:count]), ".fi"] if isShown else map(plain, lines[:count])
            lines = lines[count:]


def name_of(argument):
    """How an argument is written: its names, and its value."""
    if argument["kind"] == "positional":
        return f"<{argument['valueName']}>"
    names = ", ".join(("--" if name["kind"] == "long" else "-") + name["name"] for name in argument["names"])
    return names + (f" <{argument['valueName']}>" if argument["kind"] == "option" else "")


def arguments(command):
    """Yields the list of a command's arguments, but those that all have."""
    for argument in command.get("arguments", []):
        if argument.get("shouldDisplay", True) and argument["valueName"] not in ("version", "help"):
            values = argument.get("allValues") or argument.get("allValueStrings")
            said = argument.get("abstract", "") + (f" (values: {', '.join(values)})" if values else "")
            default = f" (default: {argument['defaultValue']})" if argument.get("defaultValue") else ""
            yield from [".TP", f".B {plain(name_of(argument))}", plain(said + default)]


def page(binary, version, seconds):
    """Returns the page for a program of a version, as of a time: the same for the same program."""
    said = subprocess.run([binary, "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout
    whole = json.loads(said)["command"]
    date = time.strftime("%Y-%m-%d", time.gmtime(seconds))
    words, _, statuses = whole["discussion"].partition("EXIT STATUS\n")
    lines = ["'\\\" -*- coding: UTF-8 -*-", f'.TH STEADYSET 1 "{date}" "steadyset {version}" "User Commands"']
    lines += [".SH NAME", f"steadyset \\- {plain(whole['abstract'])}", ".SH SYNOPSIS", ".B steadyset", "COMMAND [ARGUMENT]..."]
    lines += [".SH DESCRIPTION", *paragraphs(words), ".SH COMMANDS"]
    for command in whole["subcommands"]:
        if command.get("shouldDisplay", True):
            lines += [f".SS steadyset {plain(command['commandName'])}", plain(command["abstract"])]
            lines += [*paragraphs(command.get("discussion", "")), *arguments(command)]
    lines += [".SH EXIT STATUS", ".nf", *map(plain, statuses.splitlines()), ".fi", ".SH SEE ALSO"]
    lines += [plain("steadyset help COMMAND; the articles, which scripts/docs makes a site of")]
    return ("\n".join(lines) + "\n").encode()
