"""Published figures, for context: other data, other splits, other metrics.

Values are as their sources print them; what could not be read in a source is not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """A table of figures that others printed.

    `concerns` holds the data sets whose readers it helps; empty for all. `melanoma` marks tables
    that only matter where melanoma is the class of concern.
    """

    name: str
    title: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    concerns: frozenset[str] = frozenset()
    melanoma: bool = False
    words: int = 1


# Names as `load_dataset` knows them; DermaMNIST is HAM10000 made small.
_DERMAMNIST = frozenset(
    {
        *("ham10000", "isic2018", "dermamnist", "dermamnist_lesionfixed"),
        "dermamnist_lesionfixed_extended",
    }
)
_ISIC = _DERMAMNIST | {
    *("isic2016", "isic2017", "isic2019", "isic2020", "isic2024", "isic_archive", "bcn20000")
}
_NO_NAME = frozenset({"csv", "folder"})
_SIZES = ("28 px", "64 px", "128 px", "224 px")
_FLOOR = "Naming every test image a nevus gives an accuracy of 66.88% on this split."
_LEAKY = (
    "All on the official split, in which images of one lesion are on both sides: 693 of 2,005 test "
    "images share a lesion with training."
)

MEDMNIST_TRAINED = Published(
    "medmnist-end-to-end",
    "MedMNIST+ on DermaMNIST, trained end to end",
    "Macro AUC, %, by input size; mean ± standard deviation of 3 seeds (Doerrich et al., arXiv "
    "2404.15786).",
    ("Model", *_SIZES),
    (
        ("VGG16", "92.69 ± 0.59", "94.36 ± 0.40", "95.71 ± 0.46", "95.51 ± 0.69"),
        ("AlexNet", "92.23 ± 0.21", "94.34 ± 0.06", "95.13 ± 0.25", "96.10 ± 0.09"),
        ("ResNet-18", "88.35 ± 0.28", "91.70 ± 0.76", "93.46 ± 0.39", "95.27 ± 0.27"),
        ("DenseNet-121", "91.11 ± 0.61", "93.05 ± 0.24", "95.71 ± 0.19", "96.26 ± 0.06"),
        ("EfficientNet-B4", "83.87 ± 0.66", "87.58 ± 0.27", "89.32 ± 0.16", "91.88 ± 0.85"),
        ("ViT-B/16", "90.62 ± 2.21", "93.77 ± 0.80", "95.89 ± 0.30", "96.28 ± 0.67"),
        ("CLIP ViT-B/16", "90.32 ± 0.12", "91.55 ± 0.45", "92.51 ± 0.14", "92.59 ± 0.26"),
        ("EVA-02 ViT-B/16", "90.17 ± 0.34", "91.47 ± 0.34", "92.63 ± 0.33", "93.23 ± 0.33"),
        ("DINO ViT-B/16", "91.60 ± 0.32", "93.57 ± 0.17", "95.34 ± 0.41", "96.50 ± 0.51"),
        ("SAM ViT-B/16", "87.97 ± 0.65", "88.33 ± 0.58", "90.66 ± 1.36", "92.60 ± 0.65"),
    ),
    (_LEAKY, _FLOOR),
    _DERMAMNIST,
)

MEDMNIST_PROBED = Published(
    "medmnist-linear-probe",
    "MedMNIST+ on DermaMNIST, frozen features and a linear probe",
    "Macro AUC, %, by input size (Doerrich et al., arXiv 2404.15786): what a frozen embedding "
    "should be held against.",
    ("Model", *_SIZES),
    (
        ("VGG16", "87.61", "88.71", "90.53", "92.03"),
        ("AlexNet", "88.77", "91.33", "92.81", "94.01"),
        ("ResNet-18", "84.09", "85.41", "86.44", "88.38"),
        ("DenseNet-121", "89.80", "90.94", "92.15", "93.18"),
        ("EfficientNet-B4", "84.83", "88.53", "89.70", "90.51"),
        ("ViT-B/16", "89.89", "93.58", "95.05", "95.88"),
        ("CLIP ViT-B/16", "90.08", "93.40", "94.89", "95.92"),
        ("EVA-02 ViT-B/16", "90.50", "92.76", "93.88", "94.69"),
        ("DINO ViT-B/16", "91.87", "95.40", "95.95", "96.83"),
        ("SAM ViT-B/16", "66.73", "70.87", "72.64", "69.34"),
    ),
    (_LEAKY,),
    _DERMAMNIST,
)

MEDMNIST_V2 = Published(
    "medmnist-v2",
    "MedMNIST v2 on DermaMNIST",
    "As secondary sources quote Table 3 of the paper; AUC is macro one against rest.",
    ("Method", "AUC", "Accuracy"),
    (
        ("ResNet-18, 28 px", "0.917", "0.735"),
        ("ResNet-18, 28 px enlarged to 224", "0.920", "0.754"),
        ("ResNet-50, 28 px", "0.913", "0.735"),
        ("ResNet-50, 28 px enlarged to 224", "0.912", "0.731"),
    ),
    ("Enlarged images hold no more than 28 px do: not to be compared with MedMNIST+ at 224 px.",),
    _DERMAMNIST,
)

CORRECTED = Published(
    "dermamnist-corrected",
    "DermaMNIST with its leak mended (C) and with an external test set (E)",
    "Mean ± standard deviation of 3 runs, computed from the authors' logs (Abhishek et al., Sci "
    "Data 12:196).",
    ("Set", "Model", "AUC", "Accuracy"),
    (
        ("C: 8,215 / 573 / 1,227", "ResNet-18, 28 px", "0.9456 ± 0.0025", "0.8250 ± 0.0060"),
        ("C: 8,215 / 573 / 1,227", "ResNet-50, 28 px", "0.9433 ± 0.0118", "0.8313 ± 0.0185"),
        ("C: 8,215 / 573 / 1,227", "ResNet-18, 224 px", "0.9534 ± 0.0014", "0.8473 ± 0.0103"),
        ("C: 8,215 / 573 / 1,227", "ResNet-50, 224 px", "0.9478 ± 0.0010", "0.8465 ± 0.0048"),
        ("E: 10,015 / 193 / 1,511", "ResNet-18, 28 px", "0.8924 ± 0.0065", "0.6762 ± 0.0095"),
        ("E: 10,015 / 193 / 1,511", "ResNet-50, 28 px", "0.8885 ± 0.0030", "0.6744 ± 0.0088"),
        ("E: 10,015 / 193 / 1,511", "ResNet-18, 224 px", "0.8960 ± 0.0104", "0.6852 ± 0.0004"),
        ("E: 10,015 / 193 / 1,511", "ResNet-50, 224 px", "0.9012 ± 0.0084", "0.6821 ± 0.0033"),
    ),
    (
        "Sets are training / validation / test images.",
        "C moved lesions with several images into training, so its test set holds mostly lesions "
        "photographed once: a higher score there does not measure the leak.",
    ),
    _DERMAMNIST,
    words=2,
)

CHALLENGES = Published(
    "isic-challenges",
    "ISIC challenges",
    "Winners on hidden test sets; each challenge has its own data and metric.",
    ("Challenge", "Metric", "Winner", "Score"),
    (
        ("2018, 7 classes", "balanced accuracy", "MetaOptima", "0.885"),
        ("2018, second and third", "balanced accuracy", "the same team", "0.882, 0.871"),
        ("2019, 8 classes and unknown", "balanced accuracy", "DAISYLab", "0.636"),
        ("2020, melanoma", "AUC", "Ha et al., 18 networks", "0.9490"),
        (
            "2024, malignant, total body crops",
            "partial AUC above 80% sensitivity, at most 0.2",
            "Novoselskiy, networks and boosted trees",
            "0.17264",
        ),
    ),
    (
        "2019: the same system had 0.742 in its own 5-fold cross-validation, 10.6 points above the "
        "test. 2020: 0.9600 in cross-validation (arXiv 1910.03910, 2010.05351).",
        "2024: as a course project's site reports it, not peer-reviewed.",
    ),
    _ISIC,
    words=3,
)

READERS = Published(
    "reader-studies",
    "Readers and algorithms on melanoma",
    "Operating points as published, each on its own images.",
    ("Study", "Readers", "Algorithm"),
    (
        (
            "Marchetti 2018, 100 images of ISIC 2016",
            "8 dermatologists: sensitivity 82%, specificity 59%",
            "best fusion: specificity 76% at 82% sensitivity, AUC 0.86",
        ),
        (
            "Haenssle 2018, 100 images",
            "58 dermatologists: 86.6% and 71.3%; with clinical data 88.9% and 75.7%",
            "Inception v4: specificity 82.5% at 86.6% sensitivity, AUC 0.86",
        ),
        (
            "Phillips 2019, meta-analysis",
            "dermatologists 87.5% and 81.4%, AUC 0.91; primary care 79.9% and 70.9%, AUC 0.83",
            "DERM: 85.0% and 85.3%, AUC 0.93; specificity 64.1% at 95% sensitivity",
        ),
    ),
    (
        "The mean of readers lies inside the hull of the single ones, so a comparison with it "
        "favours the algorithm.",
    ),
    melanoma=True,
    words=3,
)

REVIEW_RESULTS = Published(
    "review-results",
    "The review's Table 1: skin lesions",
    "As printed in Zhang et al. 2021, Chin. J. Mech. Eng. 34:112; [n] is the review's reference. "
    "Control: readers, or another method.",
    ("Disease", "Architecture", "Printed accuracy", "Control"),
    (
        ("Skin cancer [9]", "Inception v3", "> 0.960", "about 0.880"),
        ("Cutaneous tumours [47]", "ResNet-152", "0.96", "–"),
        ("Melanoma [48]", "Inception v4", "0.860", "0.790"),
        ("Melanoma and seborrhoeic keratosis [53]", "DCNN", "0.917", "0.886"),
        ("Skin tumour [54]", "DCNN", "0.924", "0.853"),
        ("Melanoma [55]", "ResNet-152", "0.944", "0.823"),
    ),
    (
        "Erratum: the column mixes metrics. 0.860 and 0.790 of [48] are areas under ROC curves "
        "(Haenssle 2018), so no gap of accuracies may be read from the table.",
    ),
    words=2,
)

REVIEW_SETS = Published(
    "review-sets",
    "The review's Tables 2 and 3: data sets",
    "Images as printed in Zhang et al. 2021.",
    ("Data set", "Images", "Training", "Test", "Classes", "Kind"),
    (
        ("Skin cancer [9]", "129,450", "127,463", "1,942", "–", "clinical and dermoscopic"),
        ("Cutaneous tumours [47]", "17,125", "15,408", "1,276", "–", "clinical"),
        ("Melanoma [62]", "1,250", "900", "350", "–", "dermoscopic"),
        ("Melanoma [53]", "2,750", "2,000", "600", "–", "dermoscopic"),
        ("Skin tumour [54]", "6,009", "4,867", "1,142", "–", "clinical"),
        ("BCN2000 [64]", "19,424", "–", "–", "8", "dermoscopic"),
        ("HAM10000 [65]", "10,015", "–", "–", "7", "dermoscopic"),
        ("ISIC Archive [66]", "23,906", "–", "–", "7", "dermoscopic"),
        ("ISIC 2016 [58]", "1,279", "–", "–", "2", "dermoscopic"),
        ("ISIC 2017 [67]", "2,000", "–", "–", "3", "dermoscopic"),
        ("Asan [47]", "17,125", "–", "–", "12", "clinical"),
        ("Pigmentary dermatosis [68]", "12,816", "–", "–", "6", "clinical"),
    ),
    (
        "Errata: splits do not add up (127,463 + 1,942 is not 129,450; 2,750 holds 150 images for "
        "validation; ISIC 2016 is 900 + 379). BCN2000 is BCN20000. The 2,000 images of ISIC 2017 "
        "are its training set alone. ISIC challenges began in 2016, not in 2017.",
    ),
)

TABLES = (
    MEDMNIST_TRAINED,
    MEDMNIST_PROBED,
    MEDMNIST_V2,
    CORRECTED,
    CHALLENGES,
    READERS,
    REVIEW_RESULTS,
    REVIEW_SETS,
)


def published_for(
    dataset: str | None, positive: str | None, synthetic: bool = False
) -> list[Published]:
    """Choose the tables that concern a data set.

    Parameters
    ----------
    dataset : str or None
        Its name; None, "csv" or "folder" tells nothing, which chooses all.
    positive : str or None
        Class of concern.
    synthetic : bool, default=False
        Whether the images were drawn by a program, which nothing published concerns.

    Returns
    -------
    list of Published
        In the order of a report.

    Examples
    --------
    >>> [table.name for table in published_for("pad_ufes20", "mel")]
    ['reader-studies', 'review-results', 'review-sets']
    """
    if synthetic:
        return []
    melanoma = positive in ("mel", "melanoma")
    known = dataset is not None and dataset not in _NO_NAME
    return [
        table
        for table in TABLES
        if (melanoma or not table.melanoma)
        and (not known or not table.concerns or dataset in table.concerns)
    ]
