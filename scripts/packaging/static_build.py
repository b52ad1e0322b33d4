"""Builds the program with everything linked into it but the C library: Swift's runtime, HDF5, OpenBLAS, OpenSSL, zstd and what
these need."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = REPOSITORY / ".build-static"

# The oldest processors that it runs on: Haswell of 2013 and later. The program says so itself on older ones.
PROCESSOR = "x86-64-v3"


class Failure(Exception):
    """Something is missing or went wrong: what, and what to do next."""


# What each library is linked with, by its name for pkg-config.
LIBRARIES = {"hdf5": ["hdf5", "sz", "aec", "z"], "libzstd": ["zstd"], "libcrypto": ["crypto"], "openblas": ["openblas"]}


def archive(name):
    """Returns the archive of a library that the linker knows as `name`; None where there is none."""
    folders = re.findall(r"-L(\S+)", answer("pkg-config", "--libs-only-L", name)) if name in LIBRARIES else []
    paths = [pathlib.Path(folder) / f"lib{name}.a" for folder in folders]
    # Where the compiler finds none, it says the bare name.
    paths.append(pathlib.Path(answer("clang", f"-print-file-name=lib{name}.a") or "."))
    return next((path.resolve() for path in paths if path.is_absolute() and path.exists()), None)


def answer(*command):
    """Returns what a program prints; nothing where there is no such program."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""


def archives(libraries=LIBRARIES, others=("stdc++",)):
    """Returns the archives that take the place of shared libraries, by the name that the linker asks for.

    Debian's shared HDF5 needs some 35 other libraries, for data behind URLs; nothing of the program asks for those members of
    the archive, and they stay out.
    """
    found = {name: archive(name) for library in libraries for name in LIBRARIES[library]}
    found |= {name: archive(name) for name in others}
    missing = [f"lib{name}.a" for name, path in found.items() if path is None]
    if missing:
        raise Failure(
            f"static archives are missing: {', '.join(missing)}: "
            "apt-get install libhdf5-dev libopenblas-dev libssl-dev libzstd-dev libaec-dev zlib1g-dev libstdc++-12-dev"
        )
    return found


def describe(folder, libraries=LIBRARIES, others=("stdc++",)):
    """Makes a folder of archives, and one that names them to pkg-config in the place of shared libraries; returns the latter."""
    links, descriptions = folder / "archives", folder / "pkgconfig"
    found = archives(libraries, others)
    for place in (links, descriptions):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    for name, path in found.items():
        (links / f"lib{name}.a").symlink_to(path)
    for library in libraries:
        wanted = " ".join(f"-l{name}" for name in LIBRARIES[library])
        (descriptions / f"{library}.pc").write_text(
            f"Name: {library}\nDescription: static\nVersion: 1\nCflags: {answer('pkg-config', '--cflags', library)}\n"
            f"Libs: -L{links} {wanted}\n"
        )
    return descriptions


def build():
    """Builds it and the HDF5 plugin, the first time from the ground up; returns their paths."""
    for program in ("swift", "clang", "pkg-config"):
        if not shutil.which(program):
            raise Failure(f"there is no {program} on the PATH: scripts/build installs or names what a build needs")
    descriptions = describe(SCRATCH)
    command = ["swift", "build", "-c", "release", "--product", "steadyset", "--scratch-path", SCRATCH]
    command += ["--static-swift-stdlib", "--pkg-config-path", descriptions, "-debug-info-format", "none"]
    command += [f"-Xcc=-march={PROCESSOR}", f"-Xcc=-ffile-prefix-map={REPOSITORY}=."]
    command += ["-Xswiftc", "-file-prefix-map", "-Xswiftc", f"{REPOSITORY}=."]
    command += ["-Xswiftc", "-Xclang-linker", "-Xswiftc", "-static-libgcc"]
    # No symbols, and no table of them for plugins that there are not.
    command += ["-Xlinker", "-s", "-Xlinker", "--no-export-dynamic"]
    commit = subprocess.run([REPOSITORY / "scripts/commit", SCRATCH / "commit"], stdout=subprocess.PIPE, text=True, check=True)
    command += ["-Xlinker", commit.stdout.strip()] if commit.stdout else []
    if subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"LC_ALL": "C.UTF-8"}).returncode:
        raise Failure("the static build failed; its output is above")
    if subprocess.run([REPOSITORY / "scripts/plugin", SCRATCH / "plugin"]).returncode:
        raise Failure("the plugin of HDF5 cannot be built; what is wrong is above")
    return (SCRATCH / "release/steadyset").resolve(), SCRATCH / "plugin/libh5steadyset.so"


# scripts/build asks for descriptions of some of the libraries: `static_build.py FOLDER LIBRARY...`
if __name__ == "__main__":
    try:
        print(describe(pathlib.Path(sys.argv[1]).absolute(), sys.argv[2:], others=()))
    except Failure:
        # The shared ones do as well.
        pass
