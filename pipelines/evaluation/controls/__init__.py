"""Controls that ought to fail, and artefacts that ought to change nothing."""
