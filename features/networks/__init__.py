"""Networks as descriptors: backbones, their weights, their embeddings."""
