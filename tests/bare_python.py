"""Other Pythons: one with nothing of this environment, and one that imports the standard library, a few
packages and nothing else, not even this repository."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

Done = subprocess.CompletedProcess[str]


def python(
    *arguments: str, cwd: Path, command: Sequence[str] = (sys.executable,), **environment: str
) -> Done:
    known = {"PATH": os.environ["PATH"]} | environment
    return subprocess.run([*command, *arguments], cwd=cwd, env=known, capture_output=True, text=True)


# As `python script.py` does: the folder of the script comes first.
RUN = "del sys.argv[0]; sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0]))); "
RUN += "runpy.run_path(sys.argv[0], run_name='__main__')"


def bare_python(site: Path, *packages: ModuleType) -> list[str]:
    """The command, to which a script and its arguments are added. `site` is a new folder for the packages."""
    site.mkdir()
    for package in packages:
        found = Path(str(package.__file__)).parent
        for part in (found, *found.parent.glob(f"{found.name.lower()}.libs"), found.parent / "pillow.libs"):
            if part.exists() and not (site / part.name).exists():
                (site / part.name).symlink_to(part)
    start = f"import os, sys, runpy; sys.path.append({str(site)!r}); "
    return [sys.executable, "-I", "-S", "-c", start + RUN]
