"""What people and programs see: Gradio screens, REST and media routes."""

from web.gradio_import import import_gradio_lean

import_gradio_lean()  # here, where nothing of ours has imported it yet
