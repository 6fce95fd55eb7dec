"""Components of our own for Gradio: each a subclass of `gr.HTML` in a folder with its script and its style.

A template is a constant: Gradio compiles it as JavaScript, so a file called `${…}.jpg` would run there.
What comes from people reaches the page as `textContent`, or as an attribute that the script sets.
"""
