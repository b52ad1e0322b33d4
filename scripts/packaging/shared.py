"""What is installed beside the program, below a prefix: completions of shells, the page of the manual."""

import gzip
import subprocess

import manual

COMPLETIONS = {
    "bash": "share/bash-completion/completions/steadyset",
    "zsh": "share/zsh/site-functions/_steadyset",
    "fish": "share/fish/vendor_completions.d/steadyset.fish",
}
MANUAL = "share/man/man1/steadyset.1.gz"


def files(binary, version, seconds):
    """Returns them as {path: bytes} for a program of a version, as of a time; the same for the same program."""
    found = {}
    for shell, place in COMPLETIONS.items():
        found[place] = subprocess.run([binary, "--generate-completion-script", shell], capture_output=True, check=True).stdout
    page = manual.page(binary, version, seconds)
    found[MANUAL] = gzip.compress(page, 9, mtime=0)
    return found
