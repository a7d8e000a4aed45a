"""Whether two models differ: paired tests, corrections, and the verdict."""
