"""The sample pictures: Debian's Tux Paint stamps, 962 photos and drawings with English captions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from concepts.errors import DiscernError

PACKAGE = "tuxpaint-stamps-default"
INSTALLED = Path("/usr/share/tuxpaint/stamps")


def sample_pictures(folder: Path) -> Path:
    """The folder of the sample pictures: the installed one, or one fetched into `folder` once.

    Fetching needs `apt-get` and `dpkg-deb` and no root. Raises `DiscernError` where that can't be done.
    """
    if INSTALLED.is_dir():
        return INSTALLED
    target = folder / "stamps"
    if not target.is_dir():
        root = unpacked(PACKAGE, folder)
        (root / INSTALLED.relative_to("/")).rename(target)
        shutil.rmtree(root)
    return target


def unpacked(package: str, folder: Path) -> Path:
    """The files of a Debian package, below `folder`, as they would be installed below /.

    Needs `apt-get` and `dpkg-deb` and no root. Raises `DiscernError` where that can't be done.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise DiscernError(
            f"The sample pictures are Debian's package {package}, and this computer has no apt-get. "
            "Use a folder of your own pictures instead."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"{package}*.deb"):
        leftover.unlink()
    if not _download(package, folder):  # with lists of our own, where the system has none or old ones
        with TemporaryDirectory() as own:
            for place in ("lists/partial", "cache/archives/partial"):
                (Path(own) / place).mkdir(parents=True)
            options = ("APT::Sandbox::User=root", f"Dir::State::Lists={own}/lists", f"Dir::Cache={own}/cache")
            lists = [word for option in options for word in ("-o", option)]
            subprocess.run(["apt-get", "update", "-qq", *lists], check=False, capture_output=True)
            _download(package, folder, *lists)
    packages = list(folder.glob(f"{package}*.deb"))
    if not packages:
        raise DiscernError(
            f"The sample pictures could not be downloaded. Install {package} with apt-get, or use a "
            "folder of your own pictures."
        )
    root = folder / "unpacked"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(root)], check=True, capture_output=True)
    packages[0].unlink()
    return root


def _download(package: str, folder: Path, *options: str) -> bool:
    # Debian's own sandbox user can't write into a person's folder.
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *options, package]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


def caption(picture: Path) -> str:
    """The English caption beside a sample picture, empty where there is none."""
    try:
        lines = picture.with_suffix(".txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[0].strip() if lines else ""
