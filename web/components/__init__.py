"""Components of our own for Gradio: each a subclass of `gr.HTML` in a folder with its script and its style.

A template is a constant: Gradio compiles it as JavaScript, so a file called `${…}.jpg` would run there.
What comes from people reaches the page as `textContent`, or as an attribute that the script sets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import gradio as gr


def begins(script: str, events: Iterable[str], **fixed: Any) -> str:
    """Returns a component's `js_on_load`, which imports the module at `script` and calls its `begin`.

    `fixed` props are written into this text, because Gradio drops props that never change when it updates a
    component before showing it. The address is resolved against the page: Chromium may run two apps of one
    host in one process, and there the same text imports from the app that compiled it first.
    """
    return (
        f"const events = {json.dumps(list(events))};\n"
        f"const fixed = {json.dumps(fixed)};\n"
        "const all = new Proxy(props, {get: (own, name) => own[name] ?? fixed[name]});\n"
        f"import(new URL({json.dumps(script)}, document.baseURI))"
        ".then(({begin}) => begin(element, {props: all, watch, trigger, events}));"
    )


def early(scripts: Sequence[str]) -> str:
    """What a page's head says so that modules at these addresses are asked for at once."""
    return "".join(f'<link rel="modulepreload" href="{one}">' for one in scripts)


class Drawn(gr.HTML):
    """A JSON value, drawn in the browser by a module of ours into a constant template."""

    def __init__(self, template: str, js: str, *, style: str = "", **how: Any) -> None:
        """`js`: what `begins` returns. `style`: the address of a stylesheet."""
        super().__init__(
            html_template=template,
            js_on_load=js,
            head=f'<link rel="stylesheet" href="{style}">' if style else None,
            apply_default_css=False,
            **how,
        )

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]  # as gr.HTML's own
        """As `gr.HTML` tells it, found out once: for each new session Gradio asks every component again,
        while all others wait."""
        own = vars(self)
        if "_told" not in own:
            self._told = super().get_config()
        return self._told | {"value": own["value"]}

    def preprocess(self, payload: Any) -> Any:
        return payload

    def postprocess(self, value: Any) -> Any:
        return value

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
