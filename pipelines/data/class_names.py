"""What the classes of each data set mean: their node in the tree of diagnoses."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Term", "find_term", "same_dataset"]


@dataclass(frozen=True)
class Term:
    """What a class name stands for.

    Parameters
    ----------
    node : str
        Node of the taxonomy.
    doubtful : tuple of str
        Nodes that may or may not be in the class, or that make it hard to place.
    reason : str
        Why; a reason without doubtful nodes makes the whole term uncertain.
    """

    node: str
    doubtful: tuple[str, ...] = ()
    reason: str = ""


# What stands for a node in any data set, spelled as `_spelling` leaves it.
_CERTAIN = {
    "mel": "mel; melanoma; malignant melanoma; melanoma nos; melanoma, nos; melanoma invasive; "
    "melanoma in situ; lentigo maligna; nodular melanoma; acral melanoma",
    "nv": "nv; nev; nevus; nevi; naevus; melanocytic nevus; melanocytic nevi; common nevus; "
    "atypical nevus; blue nevus; spitz nevus; congenital nevus; dysplastic nevus; clark nevus; "
    "reed or spitz nevus; combined nevus",
    "bcc": "bcc; basal cell carcinoma",
    "bowen": "bowen; bod; bowens disease; bowen disease; squamous cell carcinoma in situ; "
    "squamous cell carcinoma in situ, bowens disease",
    "bkl": "bkl; benign keratosis; benign keratosis like lesions; pigmented benign keratosis",
    "sk": "sk; sek; seborrheic keratosis; seborrhoeic keratosis",
    "solar_lentigo": "solar lentigo",
    "lplk": "lplk; lichen planus like keratosis; lichenoid keratosis",
    "df": "df; dermatofibroma",
    "vasc": "vasc; vascular; vascular lesion; vascular lesions",
    "angioma": "angioma; hemangioma; haemangioma",
    "angiokeratoma": "angiokeratoma",
    "pyogenic_granuloma": "pyogenic granuloma",
    "other_benign_melanocytic": "lentigo simplex; cafe au lait macule",
    "other_benign_dermal": "angiofibroma; angiofibroma or fibrous papule; neurofibroma; cyst",
    "other_benign_epidermal": "acrochordon; clear cell acanthoma; epidermal nevus",
    "other_malignant": "merkel cell carcinoma; kaposi sarcoma; cutaneous lymphoma",
    "infection": "wart; verruca; molluscum",
    "inflammatory": "psoriasis; eczema; dermatitis; acne; rosacea",
    "pigment_disorder": "melasma; chloasma; vitiligo; freckle; freckles",
    "other_non_neoplastic": "scar",
    "melanocytic_unclear": "atypical melanocytic proliferation; atypical spitz tumor",
    "benign": "benign",
    "malignant": "malignant",
    "other_unknown": "unk; unknown; other; indeterminate; indeterminate/benign; "
    "indeterminate/malignant",
}
_UNCERTAIN = {
    "akiec; actinic keratoses and intraepithelial carcinoma; "
    "actinic keratosis / bowens disease (intraepithelial carcinoma)": Term(
        "akiec", ("bowen",), "the class holds actinic keratoses and Bowen's disease"
    ),
    "ak; ack; actinic keratosis; solar keratosis; solar or actinic keratosis": Term(
        "ak", ("bowen",), "the publisher does not say whether Bowen's disease is in it"
    ),
    "scc; squamous cell carcinoma; squamous cell carcinoma nos; squamous cell carcinoma, nos; "
    "squamous cell carcinoma, invasive": Term(
        "scc", ("bowen",), "the publisher does not say whether Bowen's disease is in it"
    ),
    "intraepithelial carcinoma": Term("bowen", (), "taken for Bowen's disease"),
    "lentigo; lentigo nos": Term(
        "solar_lentigo", ("other_benign_melanocytic",), "a lentigo may be solar or melanocytic"
    ),
    "melanoma metastasis": Term("mel", (), "a metastasis does not look like a primary melanoma"),
}
_NAMES = {name: Term(node) for node, names in _CERTAIN.items() for name in names.split("; ")} | {
    name: term for names, term in _UNCERTAIN.items() for name in names.split("; ")
}

# Classes of the copy of Dermnet that is in use; the first three kinds have no lesion in them.
_DERMNET_NODES = {
    "inflammatory": "acne and rosacea photos; atopic dermatitis photos; bullous disease photos; "
    "eczema photos; exanthems and drug eruptions; lupus and other connective tissue diseases; "
    "poison ivy photos and other contact dermatitis; "
    "psoriasis pictures lichen planus and related diseases; urticaria hives; vasculitis photos",
    "infection": "cellulitis impetigo and other bacterial infections; "
    "herpes hpv and other stds photos; scabies lyme disease and other infestations and bites; "
    "tinea ringworm candidiasis and other fungal infections; "
    "warts molluscum and other viral infections",
    "non_neoplastic": "hair loss photos alopecia and other hair diseases; "
    "nail fungus and other nail disease; systemic disease; "
    "light diseases and disorders of pigmentation",
    "benign": "seborrheic keratoses and other benign tumors",
}
_MIXED = Term("lesion", (), "the class mixes benign, premalignant or malignant lesions")
_DERMNET = {
    name: Term(node) for node, names in _DERMNET_NODES.items() for name in names.split("; ")
} | dict.fromkeys(
    [
        "actinic keratosis basal cell carcinoma and other malignant lesions",
        "melanoma skin cancer nevi and moles",
        "vascular tumors",
    ],
    _MIXED,
)

_BENIGN_OR_PRE = Term(
    "benign", ("premalignant",), "the publisher may count premalignant lesions as benign"
)
# Where a data set gives a name a meaning of its own.
_OWN: dict[str, dict[str, Term]] = {
    "isic2016": {"malignant": Term("mel"), "1": Term("mel"), "0": Term("benign")},
    "isic2020": {
        "malignant": Term("mel"),
        "1": Term("mel"),
        "0": Term("benign"),
        # Its unknown lesions were not biopsied, and are counted as benign.
        "unknown": Term("benign", (), "a benign lesion without a diagnosis"),
    },
    "isic2024": {
        "benign": _BENIGN_OR_PRE,
        "0": _BENIGN_OR_PRE,
        "1": Term("malignant"),
    },
    "padufes20": {
        "ack": Term("ak"),
        "scc": Term("scc", ("bowen",), "PAD-UFES-20 counts Bowen's disease as SCC"),
    },
    "dermnet": _DERMNET,
}


def find_term(label: str, dataset: str = "") -> Term | None:
    """Look up what a class name means.

    Parameters
    ----------
    label : str
        As the publisher writes it; case, hyphens, underscores and apostrophes do not matter.
    dataset : str, default=""
        Data set that it comes from: some names have a meaning of their own there.

    Returns
    -------
    Term or None
        None for a name that is not known.

    Examples
    --------
    >>> find_term("Seborrheic_Keratosis").node
    'sk'
    >>> find_term("malignant").node, find_term("malignant", "isic2016").node
    ('malignant', 'mel')
    """
    name = _spelling(label)
    return _own_names(dataset).get(name) or _NAMES.get(name)


def same_dataset(name: str, publisher: str) -> bool:
    """Tell whether a data set, spelled in any way, is a publisher's or a version of it.

    Examples
    --------
    >>> same_dataset("PAD-UFES-20", "padufes20"), same_dataset("ham10000", "")
    (True, False)
    """
    return bool(publisher) and re.sub("[^a-z0-9]", "", str(name).lower()).startswith(publisher)


def _own_names(dataset: str) -> Mapping[str, Term]:
    return next((own for start, own in _OWN.items() if same_dataset(dataset, start)), {})


def _spelling(label: str) -> str:
    plain = str(label).lower().replace("'", "").replace("’", "")
    return " ".join(re.sub("[-_]", " ", plain).split())
