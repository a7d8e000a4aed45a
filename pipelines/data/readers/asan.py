"""The Asan data set: clinical photographs of 12 skin diseases."""

from functools import partial

from pipelines.data.readers.class_folders import read_class_folders
from pipelines.data.readers.dataset import Dataset

__all__ = ["ASAN"]

_CLASSES = (
    "actinic keratosis",
    "basal cell carcinoma",
    "dermatofibroma",
    "hemangioma",
    "intraepithelial carcinoma",
    "lentigo",
    "malignant melanoma",
    "melanocytic nevus",
    "pyogenic granuloma",
    "seborrheic keratosis",
    "squamous cell carcinoma",
    "wart",
)

ASAN = Dataset(
    name="asan",
    title="Asan: clinical photographs of 12 skin diseases",
    read=partial(read_class_folders, classes=_CLASSES),
    classes=_CLASSES,
    kind="clinical",
    layout="no public layout; sorted by hand: CLASS/*.jpg, or {train,test}/CLASS/*.jpg",
    note="The review counts 17,125 images of 12 classes; their names here are those in common use, "
    "and no file of the publisher has confirmed them.",
    licence="of the publisher",
    citation="Han et al. (2018), J. Invest. Dermatol.; the review's reference 47.",
)
