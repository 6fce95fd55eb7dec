"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import library, start
from web.shell import Screen

SCREENS = (
    Screen("Start", "/", "home", start.build),
    Screen("Library", "/library", "images", library.build),
)
