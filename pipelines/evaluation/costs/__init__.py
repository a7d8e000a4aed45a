"""Seconds, memory and bytes of every model, measured apart and warm."""
