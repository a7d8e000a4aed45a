"""Files, manifests and arrays to decoded pixels."""
