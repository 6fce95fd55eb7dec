from command_line import discern

__all__ = ["discern"]
