"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import (
    borderline,
    check,
    cost,
    encoder,
    people,
    describe,
    library,
    results,
    review,
)
from web.shell import Screen

SCREENS = (
    Screen("Side by side", "/library/side-by-side", "", several.build, tab_of="/library", in_tabs=False),
    Screen("Library", "/library", "images", library.build),
    Screen("Describe", "/describe", "pencil", describe.build, step=1),
    Screen("Review", "/label/review", "list-checks", review.build, tab_of="/label"),
    Screen("Borderline", "/label/borderline", "circle-help", borderline.build, tab_of="/label"),
    Screen("Check", "/check", "chart-line", check.build, step=3),
    Screen("Results", "/results", "package", results.build, step=4),
)
