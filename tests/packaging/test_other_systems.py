"""The product calls nothing that only POSIX systems have, unless something stands in for it elsewhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = sorted(
    file
    for folder in ("concepts", "discern", "storage", "study", "web")
    for file in (ROOT / folder).rglob("*.py")
)
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = {
    "os": {
        "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "chown", "fchmod", "fork", "getegid", "geteuid", "getgid",
        "getloadavg", "getuid", "killpg", "lchown", "mkfifo", "nice", "posix_fadvise", "pread", "pwrite",
        "sched_getaffinity", "sched_setaffinity", "sendfile", "setsid", "statvfs", "sync", "sysconf", "uname",
    },
    "signal": {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "alarm", "pthread_sigmask"},
    "socket": {"AF_UNIX"},
}  # fmt: skip
REACHED_ON_POSIX_ALONE = {
    ("concepts/labelling/formats/apart.py", "os.nice"),  # where `resource` could be imported
}


def only_on_posix(file: Path) -> Iterator[str]:
    """What a file uses without a `try` around the import."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tried = {id(node) for one in ast.walk(tree) if isinstance(one, ast.Try) for node in ast.walk(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in tried:
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        if isinstance(node, ast.Attribute) and isinstance(of := node.value, ast.Name):
            yield from (f"{of.id}.{name}" for name in NAMES.get(of.id, ()) if name == node.attr)


def test_the_checker_sees_what_is_written(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text("import os, pwd\ntry:\n    import fcntl\nexcept ImportError:\n    pass\nos.fork()\n")
    assert sorted(only_on_posix(file)) == ["os.fork", "pwd"]


def test_nothing_is_used_that_only_posix_systems_have() -> None:
    used = {(str(file.relative_to(ROOT)), name) for file in PRODUCT for name in only_on_posix(file)}
    assert used == REACHED_ON_POSIX_ALONE


@pytest.mark.parametrize(
    "module", ["web.http.connections", "concepts.labelling.formats.apart", "storage.blobs"]
)
def test_a_module_is_imported_where_those_of_posix_are_missing(module: str) -> None:
    """As on Windows, which can't be had here: its modules are hidden."""
    hidden = "; ".join(f"sys.modules[{name!r}] = None" for name in sorted(MODULES - {"posix"}))
    program = f"import os, sys; {hidden}; del os.O_CLOEXEC; import {module}"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
