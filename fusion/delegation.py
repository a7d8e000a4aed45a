"""What the meta-estimators of this package hand on to, and take over from, their parts."""

from typing import Any

from sklearn.utils import Tags, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping


def fit_router(owner: Any, **parts: Any) -> MetadataRouter:
    """Routing of a meta-estimator whose `fit` uses metadata and calls its parts' `fit`."""
    mapping = MethodMapping().add(caller="fit", callee="fit")
    return MetadataRouter(owner=owner).add_self_request(owner).add(method_mapping=mapping, **parts)


def with_input_tags(tags: Tags, *parts: Any) -> Tags:
    """Tags of a meta-estimator which takes what all of its parts take."""
    inputs = [get_tags(part).input_tags for part in parts]
    for name in ("allow_nan", "sparse", "two_d_array"):
        setattr(tags.input_tags, name, all(getattr(part, name) for part in inputs))
    return tags


def copy_input_names(fitted: Any, owner: Any) -> None:
    """Give a meta-estimator the number and names of columns that its part has seen."""
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(fitted, name):
            setattr(owner, name, getattr(fitted, name))
