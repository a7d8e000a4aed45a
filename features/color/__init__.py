"""Colour of the lesion and of the skin around it."""
