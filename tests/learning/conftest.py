from clouds import labels, text_direction

__all__ = ["labels", "text_direction"]
