"""Fitting models split by split, and what each fit leaves behind."""
