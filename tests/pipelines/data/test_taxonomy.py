import pytest

from pipelines.data import DATASETS
from pipelines.data.class_names import _NAMES, _OWN, Term, _spelling, find_term, same_dataset
from pipelines.data.taxonomy import LABEL_SETS, ROOT, TREE, ancestors, leaves


def test_tree_has_one_root_and_no_circle():
    for node in TREE:
        path = ancestors(node)
        assert path[0] == node
        assert path[-1] == ROOT
        assert len(set(path)) == len(path)


def test_leaves_of_the_classes_of_ham10000():
    assert leaves("akiec") == {"ak", "bowen"}
    assert leaves("bkl") == {"sk", "solar_lentigo", "lplk"}
    assert leaves("mel") == {"mel"}
    assert leaves(["bcc", "scc"]) == {"bcc", "scc"} < leaves("malignant")


def test_every_node_divides_into_its_children():
    inner = set(TREE.values())
    for node in inner:
        shares = [leaves(child) for child, above in TREE.items() if above == node]
        assert frozenset().union(*shares) == leaves(node)
        assert sum(map(len, shares)) == len(leaves(node))
    assert leaves(ROOT) == set(TREE) - inner


def test_unknown_nodes_are_named():
    with pytest.raises(ValueError, match="'moles' is no node of the taxonomy"):
        leaves(["mel", "moles"])


@pytest.mark.parametrize("name", LABEL_SETS)
def test_classes_of_a_label_set_do_not_overlap(name):
    shares = [leaves(nodes) for nodes in LABEL_SETS[name].classes.values()]
    assert sum(map(len, shares)) == len(frozenset().union(*shares))
    assert set(LABEL_SETS[name].doubts) <= frozenset().union(*shares)
    # What nobody knows has no place, but that a lesion is melanocytic can be known.
    assert "other_unknown" not in frozenset().union(*shares)


def test_premalignant_lesions_are_a_flag_of_their_own():
    assert leaves(LABEL_SETS["malignant"].classes["malignant"]).isdisjoint(leaves("akiec"))
    both = LABEL_SETS["malignant_or_premalignant"].classes["malignant_or_premalignant"]
    assert leaves("akiec") < leaves(both)
    assert {"mel", "bcc", "scc"} < leaves(LABEL_SETS["malignant"].classes["malignant"])


def test_every_name_means_a_node():
    for term in [*_NAMES.values(), *(term for own in _OWN.values() for term in own.values())]:
        leaves([term.node, *term.doubtful])
        assert term.reason or not term.doubtful


def test_names_are_found_as_they_are_looked_up():
    for dataset, own in ({"": _NAMES} | _OWN).items():
        for name, term in own.items():
            assert find_term(name.upper(), dataset) == term


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_published_classes_are_known(dataset):
    names = [*dataset.classes, *dataset.counts]
    assert [name for name in names if find_term(name, dataset.name) is None] == []


@pytest.mark.parametrize(
    ("label", "node"),
    [
        ("benign keratosis-like lesions", "bkl"),
        ("Squamous cell carcinoma in situ, Bowen's disease", "bowen"),
        ("Solar or actinic keratosis", "ak"),
        ("lichenoid keratosis", "lplk"),
        ("lentigo NOS", "solar_lentigo"),
        ("cafe-au-lait macule", "other_benign_melanocytic"),
    ],
)
def test_diagnoses_of_the_archive(label, node):
    assert find_term(label, "isic_archive").node == node


def test_dermnet_has_23_classes():
    assert set(_OWN["dermnet"]) == {_spelling(name) for name in DATASETS["dermnet"].classes}
    assert len(_OWN["dermnet"]) == 23


def test_malignant_means_what_its_data_set_says():
    assert find_term("malignant", "isic2016") == Term("mel")
    assert find_term("malignant", "isic_archive") == Term("malignant")
    assert find_term("Malignant", "ISIC-2020").node == "mel"


def test_bowens_disease_is_marked():
    for label, dataset in [("akiec", "ham10000"), ("SCC", "pad_ufes20"), ("AK", "isic2019")]:
        term = find_term(label, dataset)
        assert term.doubtful == ("bowen",)
        assert "Bowen" in term.reason


def test_versions_of_a_data_set_share_its_names():
    assert same_dataset("DermNet-NZ", "dermnet")
    assert find_term("no such disease") is None
