"""Where networks come from. Each module here knows some of them, by the same six functions."""
