"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import (
    borderline,
    check,
    activity,
    appearance,
    backup,
    cost,
    encoder,
    people,
    describe,
    library,
    results,
    review,
    settings,
    several,
)
from web.shell import Screen

SCREENS = (
    Screen("Side by side", "/library/side-by-side", "", several.build, tab_of="/library", in_tabs=False),
    Screen("Library", "/library", "images", library.build),
    Screen("Describe", "/describe", "pencil", describe.build, step=1),
    Screen("Results", "/results", "package", results.build, step=4),
)
