"""Components of our own for Gradio: each a subclass of `gr.HTML` in a folder with its script and its style.

A template is a constant: Gradio compiles it as JavaScript, so a file called `${…}.jpg` would run there.
What comes from people reaches the page as `textContent`, or as an attribute that the script sets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


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
