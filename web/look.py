"""The theme: quiet surfaces, pictures in front. `static/style.css` names the same colours."""

from __future__ import annotations

import gradio as gr


def theme() -> gr.themes.Base:
    made = gr.themes.Base(
        font=["Inter", "ui-sans-serif", "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
        radius_size=gr.themes.sizes.radius_lg,
        spacing_size=gr.themes.sizes.spacing_md,
    )
    return made.set(
        body_background_fill="#f7f7f5",
        body_background_fill_dark="#141513",
        body_text_color="#1b1c1a",
        body_text_color_dark="#ecede8",
        body_text_color_subdued="#5f615b",
        body_text_color_subdued_dark="#a9aca3",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1d1e1c",
        background_fill_secondary="#f7f7f5",
        background_fill_secondary_dark="#141513",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1d1e1c",
        block_border_color="#e3e3de",
        block_border_color_dark="#31332f",
        border_color_primary="#e3e3de",
        border_color_primary_dark="#31332f",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1d1e1c",
        input_border_width="1px",
        input_border_color="#8b8d86",
        input_border_color_dark="#777a72",
        button_primary_background_fill="#1b1c1a",
        button_primary_background_fill_dark="#ecede8",
        button_primary_background_fill_hover="#33352f",
        button_primary_background_fill_hover_dark="#ffffff",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#141513",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1d1e1c",
        button_secondary_border_color="#8b8d86",
        button_secondary_border_color_dark="#777a72",
        button_secondary_text_color="#1b1c1a",
        button_secondary_text_color_dark="#ecede8",
        button_border_width="1px",
    )
