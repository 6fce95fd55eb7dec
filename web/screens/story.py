"""Story: how a concept's words came about, what was met on the way, and how agreement and quality went."""

from __future__ import annotations

import gradio as gr

from concepts.errors import DiscernError
from concepts.export.story import story_body
from concepts.workbench import Workbench
from web.advice import in_words
from web.live import Shown, concept_of, live, on_load
from web.render import render, say


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top, main = live("story-top"), live("story-main")

    def show(request: gr.Request) -> Shown:
        name = concept_of(request)
        if name is None:
            return {top: "", main: render("which_concept.html", screen="Story", what="Its story")}
        try:
            story = workbench.story.of(name)
        except DiscernError as error:
            return {top: "", main: say(in_words(error), "bad")}
        shown = {picture.id for one in story.rounds for picture in one.pictures}
        pictures = {i: f"/media/thumbnail/{i}" for i in shown}
        return {top: render("story/top.html", concept=name), main: story_body(story, pictures)}

    on_load(blocks, show, [top, main])
