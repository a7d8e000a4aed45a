"""What is fixed before any model is fitted: splits, protocol, the locked plan, fingerprints."""
