"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import define, label, library, start
from web.shell import Screen

SCREENS = (
    Screen("Start", "/", "home", start.build),
    Screen("Library", "/library", "images", library.build),
    Screen("Define", "/define", "pencil", define.build, step=1),
    Screen("Label", "/label", "tags", label.build, step=2),
)
