"""What people and programs see: Gradio screens, REST and media routes."""
