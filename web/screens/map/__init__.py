def build(w, opened): pass
