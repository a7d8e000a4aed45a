"""Dermnet: clinical photographs of an atlas, in the folders of its common copy."""

from functools import partial

from pipelines.data.readers.class_folders import read_class_folders
from pipelines.data.readers.dataset import Dataset

__all__ = ["DERMNET"]

_CLASSES = (
    "Acne and Rosacea Photos",
    "Actinic Keratosis Basal Cell Carcinoma and other Malignant Lesions",
    "Atopic Dermatitis Photos",
    "Bullous Disease Photos",
    "Cellulitis Impetigo and other Bacterial Infections",
    "Eczema Photos",
    "Exanthems and Drug Eruptions",
    "Hair Loss Photos Alopecia and other Hair Diseases",
    "Herpes HPV and other STDs Photos",
    "Light Diseases and Disorders of Pigmentation",
    "Lupus and other Connective Tissue diseases",
    "Melanoma Skin Cancer Nevi and Moles",
    "Nail Fungus and other Nail Disease",
    "Poison Ivy Photos and other Contact Dermatitis",
    "Psoriasis pictures Lichen Planus and related diseases",
    "Scabies Lyme Disease and other Infestations and Bites",
    "Seborrheic Keratoses and other Benign Tumors",
    "Systemic Disease",
    "Tinea Ringworm Candidiasis and other Fungal Infections",
    "Urticaria Hives",
    "Vascular Tumors",
    "Vasculitis Photos",
    "Warts Molluscum and other Viral Infections",
)

DERMNET = Dataset(
    name="dermnet",
    title="Dermnet: clinical photographs of an atlas, 23 groups of diseases",
    read=partial(read_class_folders, classes=_CLASSES),
    classes=_CLASSES,
    kind="clinical",
    layout="{train,test}/CLASS/*.jpg, as in the common copy (Kaggle, shubhamgoel27/dermnet)",
    note="The atlas itself has no layout. Malignant and benign lesions share classes, and nothing "
    "tells which photographs are of one patient.",
    licence="of the publisher: ask before use",
    citation="The review's reference 70.",
    url="https://www.kaggle.com/datasets/shubhamgoel27/dermnet",
)
