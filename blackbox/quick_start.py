"""The program in docs/rest.md, run as it stands against an app of its own, which goes on running."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from blackbox.job import new_home
from blackbox.pictures import draw_folder
from blackbox.running import ROOT, App, Commands, Ended, run

NAME = "Round things"
CONCEPT = "concepts/Round%20things"


@dataclass(frozen=True)
class QuickStart:
    """How the program ended, the app it spoke to, and the folder it wrote its zip to."""

    folder: Path
    app: App
    discern: Commands
    ended: Ended

    @property
    def zipped(self) -> dict[str, bytes]:
        """The files of the zip by their names."""
        with zipfile.ZipFile(self.folder / "round-things.zip") as archive:
            return {Path(name).name: archive.read(name) for name in archive.namelist()}


def by_rest(folder: Path, cache: Path) -> QuickStart:
    """Starts an app without pictures and runs the program."""
    home = new_home(folder, cache)
    app = App(home, folder / "app.log")
    app.start()
    try:
        pictures = draw_folder(folder / "pictures", 100, first_seed=3000)
        page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
        (program,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
        for before, after in (("http://127.0.0.1:7860", app.origin), ("/home/ana/Pictures", str(pictures))):
            assert program.count(before) == 1
            program = program.replace(before, after)
        (folder / "program.py").write_text(program, encoding="utf-8")
        ended = run("-I", folder / "program.py", home=home, cwd=folder)
    except BaseException:
        app.end()
        raise
    return QuickStart(folder, app, Commands(home), ended)
