"""Makes a package of Debian: the program, completions of shells, and the licences."""

import gzip
import os
import pathlib
import shutil
import subprocess
import tempfile

import components
import shared
from make_wheel import DIST, epoch, version
from static_build import REPOSITORY, Failure

# Debian's shells look for these in places of their own.
PLACES = {"share/zsh/site-functions/_steadyset": "share/zsh/vendor-completions/_steadyset"}
# Where Debian's library of HDF5 looks for plugins.
PLUGIN = "usr/lib/x86_64-linux-gnu/hdf5/serial/plugins/libh5steadyset.so"
MAINTAINER = "The Steadyset authors <steadyset@localhost>"
DESCRIPTION = """datasets of steady-state diffusion fields
 Steadyset draws configurations of sources from a seed, solves each to a certified bound on the error of its label, and writes
 HDF5 shards for training neural surrogates. The same pipeline file gives the same dataset on any machine."""


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def depends(folder, *binaries):
    """Returns what dpkg-shlibdeps finds that the program and the plugin need."""
    put(folder / "debian/control", b"Source: steadyset\n\nPackage: steadyset\nArchitecture: any\n")
    said = subprocess.run(["dpkg-shlibdeps", "-O", *binaries], cwd=folder, capture_output=True, text=True)
    if said.returncode:
        raise Failure(f"dpkg-shlibdeps failed: {said.stderr}")
    return said.stdout.strip().removeprefix("shlibs:Depends=")


def fill(root, binary, plugin, parts):
    """Lays out what is installed, below `root`."""
    put(root / "usr/bin/steadyset", binary.read_bytes())
    (root / "usr/bin/steadyset").chmod(0o755)
    put(root / PLUGIN, plugin.read_bytes())
    for name, data in shared.files(binary, version(), epoch()).items():
        put(root / "usr" / PLACES.get(name, name), data)
    texts = components.files(parts)
    head = [texts.pop("COMPONENTS.md"), texts.pop("LICENSE")]
    text = "\n".join([*head, *(f"{'=' * 100}\n{name}\n\n{text}" for name, text in sorted(texts.items()))])
    put(root / "usr/share/doc/steadyset/copyright", text.encode())
    changes = (REPOSITORY / "CHANGELOG.md").read_bytes()
    put(root / "usr/share/doc/steadyset/changelog.gz", gzip.compress(changes, 9, mtime=0))


def make(binary, plugin, parts):
    """Makes the package in dist/ of the program and the HDF5 plugin; returns its path."""
    for program in ("dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(program):
            raise Failure(f"there is no {program}: apt-get install dpkg-dev")
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DIST) as place:
        folder = pathlib.Path(place)
        root = folder / "root"
        fill(root, binary, plugin, parts)
        size = sum(-(-path.stat().st_size // 1024) for path in root.rglob("*") if path.is_file())
        control = {
            "Package": "steadyset",
            "Version": version(),
            "Architecture": "amd64",
            "Maintainer": MAINTAINER,
            "Installed-Size": size,
            "Depends": depends(folder, binary, plugin),
            "Section": "science",
            "Priority": "optional",
            "Description": DESCRIPTION,
        }
        put(root / "DEBIAN/control", "".join(f"{name}: {value}\n" for name, value in control.items()).encode())
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) and path.parent.name == "bin" else 0o644)
        package = folder / f"steadyset_{version()}_amd64.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", root, package]
        # Every file gets this time, as all are newer.
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(epoch())}
        said = subprocess.run(command, env=environment, capture_output=True, text=True)
        if said.returncode:
            raise Failure(f"dpkg-deb failed: {said.stderr}")
        for old in DIST.glob("*.deb"):
            old.unlink()
        return package.replace(DIST / package.name)
