"""One module a screen. A screen builds components and calls the Workbench, and knows no other screen."""

from web.screens import (
    activity,
    borderline,
    combine,
    define,
    label,
    library,
    protection,
    quality,
    review,
    settings,
    several,
    start,
    use,
)
from web.shell import Screen

SCREENS = (
    Screen("Start", "/", "home", start.build),
    Screen("Library", "/library", "images", library.build),
    Screen("Define", "/define", "pencil", define.build, step=1),
    Screen("Label", "/label", "tags", label.build, step=2),
    Screen("Review", "/review", "list-checks", review.build, step=3, part_of="/quality"),
    Screen("Quality", "/quality", "chart-line", quality.build, step=4),
    Screen("Use", "/use", "package", use.build, step=5),
    Screen("Borderline", "/borderline", "circle-help", borderline.build, of_concept=True),
    Screen("Combine", "/combine", "arrow-left-right", combine.build, of_several=True),
    Screen("Side by side", "/several", "grid-3x3", several.build, of_several=True),
    Screen("Activity", "/activity", "activity", activity.build, aside=True),
    Screen("Protection", "/protection", "eye-off", protection.build, aside=True),
    Screen("Settings", "/settings", "settings", settings.build, aside=True),
)
