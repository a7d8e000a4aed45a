"""End-to-end networks: a pretrained backbone, fine-tuned on the images themselves."""

from pipelines.cnn.classifier import CNNClassifier

__all__ = ["CNNClassifier"]
