"""Scores of predictions, on the lesions themselves and on every bootstrap draw of them."""
