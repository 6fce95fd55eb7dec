"""Components of our own for Gradio: each a subclass of `gr.HTML` in a folder with its script and its style.

A template is a constant: Gradio compiles templates as JavaScript, so that a file called `${…}.jpg` in one would
run. What comes from people reaches the page as `textContent`, or as an attribute that the script sets.
"""
