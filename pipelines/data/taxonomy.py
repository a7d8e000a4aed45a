"""A tree of skin diagnoses, and the sets of classes that it can be cut into."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LABEL_SETS", "TREE", "LabelSet", "ancestors", "leaves"]

ROOT = "lesion"

# Node: the node above it. By malignancy first, then by tissue, as in Esteva et al. (2017); codes
# are those of HAM10000 and of ISIC 2019 where these have one.
TREE: dict[str, str] = {
    "benign": ROOT,
    "premalignant": ROOT,
    "malignant": ROOT,
    "non_neoplastic": ROOT,
    "unknown": ROOT,
    "benign_melanocytic": "benign",
    "nv": "benign_melanocytic",
    "other_benign_melanocytic": "benign_melanocytic",
    "benign_epidermal": "benign",
    "bkl": "benign_epidermal",
    "sk": "bkl",
    "solar_lentigo": "bkl",
    "lplk": "bkl",
    "other_benign_epidermal": "benign_epidermal",
    "benign_dermal": "benign",
    "df": "benign_dermal",
    "vasc": "benign_dermal",
    "angioma": "vasc",
    "angiokeratoma": "vasc",
    "pyogenic_granuloma": "vasc",
    "other_vasc": "vasc",
    "other_benign_dermal": "benign_dermal",
    "akiec": "premalignant",
    "ak": "akiec",
    "bowen": "akiec",
    "malignant_melanocytic": "malignant",
    "mel": "malignant_melanocytic",
    "malignant_epidermal": "malignant",
    "bcc": "malignant_epidermal",
    "scc": "malignant_epidermal",
    "other_malignant": "malignant",
    "inflammatory": "non_neoplastic",
    "infection": "non_neoplastic",
    "pigment_disorder": "non_neoplastic",
    "other_non_neoplastic": "non_neoplastic",
    "melanocytic_unclear": "unknown",
    "other_unknown": "unknown",
}


def ancestors(node: str) -> list[str]:
    """List a node and those above it, up to the root.

    Examples
    --------
    >>> ancestors("sk")
    ['sk', 'bkl', 'benign_epidermal', 'benign', 'lesion']
    """
    _check_node(node)
    path = [node]
    while path[-1] != ROOT:
        path.append(TREE[path[-1]])
    return path


def leaves(nodes: str | Iterable[str]) -> frozenset[str]:
    """Find the diagnoses without finer ones that lie under a node, or under any of several.

    Parameters
    ----------
    nodes : str or iterable of str
        Nodes of `TREE`, or its root, "lesion".

    Returns
    -------
    frozenset of str

    Raises
    ------
    ValueError
        If there is no such node.

    Examples
    --------
    >>> sorted(leaves("akiec")), sorted(leaves(["mel", "bkl"]))
    (['ak', 'bowen'], ['lplk', 'mel', 'sk', 'solar_lentigo'])
    """
    wanted = {nodes} if isinstance(nodes, str) else set(nodes)
    for node in wanted:
        _check_node(node)
    inner = set(TREE.values())
    return frozenset(
        node for node in TREE if node not in inner and not wanted.isdisjoint(ancestors(node))
    )


def _check_node(node: str) -> None:
    if node != ROOT and node not in TREE:
        raise ValueError(f"{node!r} is no node of the taxonomy; its nodes are {[ROOT, *TREE]}.")


@dataclass(frozen=True)
class LabelSet:
    """Classes that labels can be mapped to.

    Parameters
    ----------
    title : str
        In words.
    classes : mapping of str to sequence of str
        Nodes that make up each class. What lies in none has no place in this set.
    doubts : mapping of str to str
        Leaves whose place in this set is uncertain, and why.
    publishers : tuple of str
        Data sets whose labels are these classes by definition.
    """

    title: str
    classes: Mapping[str, Sequence[str]]
    doubts: Mapping[str, str] = field(default_factory=dict)
    publishers: tuple[str, ...] = ()


_HAM7 = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
_ISIC8 = ("ak", "bcc", "bkl", "df", "mel", "nv", "vasc")
_MELANOCYTIC = ("mel", "benign_melanocytic", "melanocytic_unclear")
_OTHER_NEOPLASMS = (
    "benign_epidermal",
    "benign_dermal",
    "premalignant",
    "malignant_epidermal",
    "other_malignant",
)
# Of disorders of pigment alone it is not said whether melanocytes are at fault.
_NON_NEOPLASTIC = ("inflammatory", "infection", "other_non_neoplastic")
_IN_SITU = {"bowen": "Bowen's disease is a carcinoma in situ, which some count as malignant"}

LABEL_SETS: dict[str, LabelSet] = {
    "ham7": LabelSet("classes of HAM10000 and ISIC 2018", {name: [name] for name in _HAM7}),
    "isic8": LabelSet(
        "classes of ISIC 2019",
        {**{name: [name] for name in _ISIC8}, "scc": ["scc", "bowen"]},
        {"bowen": "ISIC 2019 does not say whether Bowen's disease is in its AK or its SCC"},
        # BCN20000 is a part of ISIC 2019, with its labels.
        ("isic2019", "bcn20000"),
    ),
    "isic2017": LabelSet(
        "classes of ISIC 2017",
        {"melanoma": ["mel"], "nevus": ["nv"], "seborrheic_keratosis": ["sk"]},
    ),
    "malignant": LabelSet(
        "malignant or not; what is premalignant is not",
        {
            "malignant": ["malignant"],
            "not_malignant": ["benign", "premalignant", "non_neoplastic"],
        },
        _IN_SITU,
    ),
    "malignant_or_premalignant": LabelSet(
        "malignant or premalignant, or neither",
        {
            "malignant_or_premalignant": ["malignant", "premalignant"],
            "benign": ["benign", "non_neoplastic"],
        },
    ),
    "melanocytic": LabelSet(
        "melanocytic or not",
        {
            "melanocytic": _MELANOCYTIC,
            "non_melanocytic": [*_OTHER_NEOPLASMS, *_NON_NEOPLASTIC],
        },
    ),
    "melanoma": LabelSet(
        "melanoma or anything else",
        {
            "melanoma": ["mel"],
            "other": ["benign_melanocytic", *_OTHER_NEOPLASMS, "non_neoplastic"],
        },
    ),
    "melanoma_nevus": LabelSet("melanoma or nevus", {"melanoma": ["mel"], "nevus": ["nv"]}),
}
