"""A system of Debian 12 that has Python and nothing to build with, to try packages in.

debootstrap makes it once; it is copied for each use."""

import os
import pathlib
import shutil
import subprocess

from static_build import REPOSITORY, Failure

PLACE = REPOSITORY / ".build-root"
RELEASE = "bookworm"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}

# In a namespace of its own, whose mounts end with it; with one of networks too, that has none.
ENTER = """set -e
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
cd /
exec chroot "$0" "$@"
"""


def source():
    """Returns where this system's apt has the release from, or nothing where it has another."""
    if not shutil.which("apt-get"):
        return []
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    said = subprocess.run(command, capture_output=True, text=True)
    return [line.split()[0] for line in said.stdout.splitlines() if line.split()[1:] == [RELEASE]][:1]


def base():
    """Returns the folder that roots are copied from; makes it the first time, from what is downloaded."""
    folder = PLACE / RELEASE
    if not folder.exists():
        if os.geteuid() != 0:
            raise Failure("a bare root is made and entered by root alone: run it as root")
        if not shutil.which("debootstrap"):
            raise Failure("there is no debootstrap: apt-get install debootstrap")
        unfinished = PLACE / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        PLACE.mkdir(exist_ok=True)
        print(f"making a bare root of {RELEASE} in {PLACE} (some minutes, once) ...", flush=True)
        command = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv", RELEASE, unfinished, *source()]
        with (PLACE / "debootstrap.log").open("w") as log:
            if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode:
                raise Failure(f"debootstrap failed: see {PLACE}/debootstrap.log")
        unfinished.rename(folder)
    return folder


class Root:
    """A copy of the bare root: `with Root() as root: root.run("python3 --version")`."""

    def __enter__(self):
        self.path = PLACE / f"try-{os.getpid()}"
        self.environment = dict(ENVIRONMENT)
        try:
            subprocess.run(["cp", "-a", "--reflink=auto", base(), self.path], check=True)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def put(self, source, folder):
        """Copies a file into a folder of the root."""
        target = pathlib.Path(f"{self.path}{folder}")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

    def run(self, script, network=False, folder="/"):
        """Runs a script of the shell in the root, without a network unless it may; returns its output, or fails with it."""
        enter = ["unshare", "--mount", *([] if network else ["--net"]), "sh", "-c", ENTER, self.path]
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        command = [*enter, "/usr/bin/env", "-i", *environment, "sh", "-ec", f"cd {folder}\n{script}"]
        said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if said.returncode:
            raise Failure(f"in the bare root, this ended with {said.returncode}:\n{script}\n{said.stdout}")
        return said.stdout
