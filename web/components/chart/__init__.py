"""`Chart`: figures drawn as SVG, among other values of a view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components.view import DataView


class Chart(DataView):
    """A `DataView` whose value has a list of `figures`, each a `PlotFigure`. In the template one is drawn at
    `<div data-set="data-key=name"></div>` in an element of the class `chart`."""

    def __init__(self, template: Path, **how: Any) -> None:
        super().__init__(template, script="/web/components/chart/chart.js", **how)
