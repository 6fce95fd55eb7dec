"""Builds a stage of the Dockerfile in a Debian root and tries it there, where no registry can be reached.

    sudo python -m tools.try_image FOLDER [--stage space] [--stamps FOLDER]

`debootstrap` makes the root: Debian 12, whose Python is the Dockerfile's. Each instruction is done in it as
Docker would do it; then its user runs the demo and the app on its volume, the app is killed and starts again.
Prints sizes and seconds. FOLDER is kept: the root is used again, what was built is built anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tools.dockerfile import Instructions, environment, exec_form, stages

ROOT = Path(__file__).parents[1]
DEBIAN, PACKAGES = "bookworm", "python3,python3-pip,python3-venv"
UID = 1000
PORT = "7860"
PATIENCE = 180  # seconds until an app is given up
PASSED_ON = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Machine:
    """A root, in which commands are run. What is mounted in it is what Docker mounts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = {name: v for name, v in os.environ.items() if name.upper().startswith(PASSED_ON)}
        self.settings |= {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        self.settings |= {"PIP_BREAK_SYSTEM_PACKAGES": "1", "DEBIAN_FRONTEND": "noninteractive"}
        self.folder, self.user = "/", "0"

    def start(self, command: Sequence[str], more: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        change = ["chroot", f"--userspec={self.user}:{self.user}", str(self.root), "/usr/bin/env", "-C"]
        with log.open("ab") as out:
            return subprocess.Popen(
                [*change, self.folder, *command], env={**self.settings, **more}, stdout=out, stderr=out
            )

    def run(self, command: Sequence[str], log: Path, more: Mapping[str, str] | None = None) -> None:
        if self.start(command, more or {}, log).wait():
            sys.exit(f"{' '.join(command)[:200]} failed:\n{log.read_text(errors='replace')[-3000:]}")


def base_root(folder: Path) -> Path:
    root = folder / "base"
    if not (root / "usr" / "local" / "bin" / "python").exists():
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, root],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        for name in ("python", "python3"):
            (root / "usr" / "local" / "bin" / name).symlink_to("/usr/bin/python3")
        (root / "dev" / "shm").chmod(0o1777)
        # As in the official images: no documentation, no translations, and apt keeps nothing.
        for left in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt/archives"):
            shutil.rmtree(root / left)
        (root / "etc" / "apt" / "apt.conf.d" / "clean").write_text(
            'DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb || true";};\n'
            'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n'
        )
        (root / "etc" / "dpkg" / "dpkg.cfg.d" / "less").write_text(
            "path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n"
        )
    return root


def build(
    folder: Path, stage: str, dockerfile: str, build_args: Mapping[str, str], mounts: Sequence[Path]
) -> Machine:
    """Make the root of a stage, and return the machine in it."""
    machine = Machine(folder / stage)
    _remove(machine.root)
    subprocess.run(["cp", "-a", base_root(folder), machine.root], check=True)  # with its devices
    for place in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt", "etc/pip.conf"):
        with suppress(FileNotFoundError):
            (machine.root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path("/", place), machine.root / place)
    _mount(machine.root / "proc", "-t", "proc", "proc")  # devices are the root's own
    for outside in mounts:
        _mount(machine.root / outside.relative_to("/"), "--bind", str(outside))
        _mount(machine.root / outside.relative_to("/"), "-o", "remount,bind,ro")
    for word, rest in stages(dockerfile)[stage]:
        _done(machine, word, rest, folder, build_args)
    return machine


def _done(machine: Machine, word: str, rest: str, folder: Path, build_args: Mapping[str, str]) -> None:
    log = folder / "build.log"
    if word == "WORKDIR":
        machine.folder = rest
        (machine.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif word == "ENV":
        machine.settings |= environment([(word, rest)])
    elif word == "ARG" and rest in build_args:
        machine.settings[rest] = build_args[rest]
    elif word == "USER":
        machine.user = "0" if rest == "root" else str(UID)
    elif word == "COPY":
        *names, target = rest.split()
        for name in names:
            source = ROOT / name
            place = machine.root / machine.folder.lstrip("/") / target / ("" if len(names) == 1 else name)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", "packaged"))
            else:
                shutil.copy(source, place)
    elif word == "RUN":
        machine.run(exec_form(rest) if rest.startswith("[") else ["/bin/sh", "-c", rest], log)


def _mount(place: Path, *how: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *how, place], check=True)


def unmount(below: Path) -> None:
    lines = Path("/proc/mounts").read_text().splitlines()
    for place in (line.split()[1] for line in reversed(lines)):
        if place.startswith(f"{below}/"):
            subprocess.run(["umount", place], check=True)


def _remove(root: Path) -> None:
    """Nothing that is mounted in it: what lies there is this computer's own."""
    unmount(root)
    if f" {root}/" in Path("/proc/mounts").read_text():
        sys.exit(f"Something is still mounted below {root}. Unmount it first.")
    shutil.rmtree(root, ignore_errors=True)


def megabytes(root: Path, mounts: Sequence[Path]) -> str:
    """By blocks, without what is mounted: `du -x` counts it where it lies on the same disk."""
    without = [f"--exclude={root}{outside}" for outside in mounts]
    counted = subprocess.run(["du", "-smx", *without, root], check=True, capture_output=True, text=True)
    return counted.stdout.split()[0]


def try_it(machine: Machine, instructions: Instructions, folder: Path, stamps: Path | None) -> None:
    """The demo, the app, a kill in its middle, and the app again, by the image's user on its volume."""
    log, home = folder / "run.log", machine.settings["DISCERN_HOME"]
    (command,) = [exec_form(rest) for word, rest in instructions if word == "CMD"][-1:]
    local = {"DISCERN_HOST": "127.0.0.1"}
    inside = machine.root / home.lstrip("/")
    if stamps and not (inside / "sample").exists():
        shutil.copytree(stamps, inside / "sample" / "stamps")
        subprocess.run(["chown", "-R", f"{UID}:{UID}", inside], check=True)
    if machine.settings.get("DISCERN_DEMO") != "1":
        began = time.monotonic()
        out = f"{home}/exported"
        machine.run(["python", "-m", "discern", "demo", "--out", out], log, {**local, "DISCERN_HOME": home})
        print(f"demo as user {machine.user}: {time.monotonic() - began:.0f} s", flush=True)
    for how in (signal.SIGKILL, signal.SIGTERM):
        began = time.monotonic()
        app = machine.start(command, local, log)
        while not _answers():
            if app.poll() is not None or time.monotonic() - began > PATIENCE:
                sys.exit(f"The app didn't come:\n{log.read_text(errors='replace')[-3000:]}")
        print(f"app answers after {time.monotonic() - began:.1f} s; ended by {how.name}", flush=True)
        app.send_signal(how)
        app.wait()


def _answers() -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stage", default="app")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--stamps", type=Path, help="sample pictures that are here already")
    parser.add_argument("--mount", type=Path, action="append", default=[], help="a folder that pip needs")
    options = parser.parse_args()
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    if options.stage == "space":
        dockerfile += (ROOT / "space" / "stage.Dockerfile").read_text(encoding="utf-8")
    build_args = dict(one.split("=", 1) for one in options.build_arg)
    try:
        machine = build(folder, options.stage, dockerfile, build_args, options.mount)
        print(f"{options.stage}: {megabytes(machine.root, options.mount)} MB on disk", flush=True)
        try_it(machine, stages(dockerfile)[options.stage], folder, options.stamps)
    finally:
        unmount(folder)


if __name__ == "__main__":
    main()
