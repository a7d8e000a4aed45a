"""Scores of parts of the lesions: by source, verification, skin, age, sex and site."""
