"""End-to-end networks: a pretrained backbone, fine-tuned on the images themselves."""

from pipelines.cnn.augmentation import Augmentation
from pipelines.cnn.classifier import CNNClassifier
from pipelines.cnn.cross_fitted import CrossFittedLogits
from pipelines.cnn.split_fit import SplitFitEmbedding

__all__ = ["Augmentation", "CNNClassifier", "CrossFittedLogits", "SplitFitEmbedding"]
