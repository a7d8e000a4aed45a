"""Pages of the experiments: the inflation ledger and the ablation."""
