"""Texture and gradients of the lesion."""
