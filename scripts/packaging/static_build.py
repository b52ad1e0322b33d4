"""Builds the program with everything linked into it but the C library: Swift's runtime, HDF5, OpenBLAS, OpenSSL, zstd and what
these need."""

import os
import pathlib
import re
import shutil
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = REPOSITORY / ".build-static"

# The oldest processors that it runs on: Haswell of 2013 and later. The program says so itself on older ones.
PROCESSOR = "x86-64-v3"


class Failure(Exception):
    """Something is missing or went wrong: what, and what to do next."""


def archives():
    """Returns the archives that take the place of shared libraries, by the name that the linker asks for.

    Debian's shared HDF5 needs some 35 other libraries, for data behind URLs; nothing of the program asks for those members of
    the archive, and they stay out.
    """
    found = {}
    for name in ("hdf5", "openblas"):
        folders = subprocess.run(["pkg-config", "--libs-only-L", name], capture_output=True, text=True).stdout
        paths = [pathlib.Path(folder) / f"lib{name}.a" for folder in re.findall(r"-L(\S+)", folders)]
        found[name] = next((path for path in paths if path.exists()), pathlib.Path(f"lib{name}.a"))
    for name in ("sz", "aec", "z", "zstd", "crypto", "stdc++"):
        answer = subprocess.run(["clang", f"-print-file-name=lib{name}.a"], capture_output=True, text=True).stdout.strip()
        found[name] = pathlib.Path(answer or f"lib{name}.a")
    missing = [path.name for path in found.values() if not path.is_absolute()]
    if missing:
        raise Failure(
            f"static archives are missing: {', '.join(missing)}: "
            "apt-get install libhdf5-dev libopenblas-dev libssl-dev libzstd-dev libaec-dev zlib1g-dev libstdc++-12-dev"
        )
    return {name: path.resolve() for name, path in found.items()}


def build():
    """Builds it and the HDF5 plugin, the first time from the ground up; returns their paths."""
    for program in ("swift", "clang", "pkg-config"):
        if not shutil.which(program):
            raise Failure(f"there is no {program} on the PATH: scripts/build installs or names what a build needs")
    libraries, descriptions = SCRATCH / "archives", SCRATCH / "pkgconfig"
    for folder in (libraries, descriptions):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name, path in archives().items():
        (libraries / f"lib{name}.a").symlink_to(path)
    # The package asks pkg-config for these; here it is told of the archives, in folders before the system's.
    libraries_of = {"hdf5": "-lhdf5 -lsz -laec -lz", "libzstd": "-lzstd", "libcrypto": "-lcrypto", "openblas": "-lopenblas"}
    for name, wanted in libraries_of.items():
        flags = subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True).stdout.strip()
        (descriptions / f"{name}.pc").write_text(
            f"Name: {name}\nDescription: static\nVersion: 1\nCflags: {flags}\nLibs: -L{libraries} {wanted}\n"
        )
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
