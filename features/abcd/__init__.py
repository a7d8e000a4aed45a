"""The ABCD rule: a letter a file, the block that joins them, the score that weighs them."""
