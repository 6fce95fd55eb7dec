"""The sample pictures: Debian's Tux Paint stamps, 962 photos and drawings with English captions."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

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
        _fetch(folder, target)
    return target


def _fetch(folder: Path, target: Path) -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise DiscernError(
            f"The sample pictures are Debian's package {PACKAGE}, and this computer has no apt-get. "
            "Use a folder of your own pictures instead."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob(f"{PACKAGE}*.deb"):
        leftover.unlink()
    if not _download(folder) and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False, capture_output=True)
        _download(folder)
    packages = list(folder.glob(f"{PACKAGE}*.deb"))
    if not packages:
        raise DiscernError(
            f"The sample pictures could not be downloaded. Install {PACKAGE} with apt-get, or use a "
            "folder of your own pictures."
        )
    unpacked = folder / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", str(packages[0]), str(unpacked)], check=True, capture_output=True)
    (unpacked / INSTALLED.relative_to("/")).rename(target)
    shutil.rmtree(unpacked)
    packages[0].unlink()


def _download(folder: Path) -> bool:
    # Debian's own sandbox user can't write into a person's folder.
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", PACKAGE]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True).returncode == 0


def caption(picture: Path) -> str:
    """The English caption beside a sample picture, empty where there is none."""
    try:
        lines = picture.with_suffix(".txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return lines[0].strip() if lines else ""
