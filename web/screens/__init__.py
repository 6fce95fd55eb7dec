"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import (
    activity,
    appearance,
    backup,
    borderline,
    check,
    cost,
    describe,
    encoder,
    library,
    people,
    review,
    settings,
    several,
)
from web.shell import Screen

SCREENS = (
    Screen("Library", "/library", "images", library.build),
    Screen("Side by side", "/library/side-by-side", "", several.build, tab_of="/library", in_tabs=False),
    Screen("Describe", "/describe", "pencil", describe.build, step=1),
    Screen("Review", "/label/review", "list-checks", review.build, tab_of="/label"),
    Screen("Borderline", "/label/borderline", "circle-help", borderline.build, tab_of="/label"),
    Screen("Check", "/check", "chart-line", check.build, step=3),
    Screen("Settings", "/settings", "settings", settings.build, aside=True, tab="Models"),
    Screen("Appearance", "/settings/appearance", "", appearance.build, tab_of="/settings"),
    Screen("People", "/settings/people", "", people.build, tab_of="/settings"),
    Screen("Activity", "/settings/activity", "", activity.build, tab_of="/settings"),
    Screen("Cost", "/settings/cost", "", cost.build, tab_of="/settings"),
    Screen("Encoder", "/settings/encoder", "", encoder.build, tab_of="/settings"),
    Screen("Backup", "/settings/backup", "", backup.build, tab_of="/settings", tab="Backup and log"),
)
