"""What ties rows of a manifest together: ids of patients and lesions, and known duplicates."""

import pandas as pd

from pipelines.data.manifest import GROUP_COLUMNS

__all__ = ["group_of", "grouping"]


def grouping(manifest: pd.DataFrame) -> list[str]:
    """Tell by what rows are known to belong together.

    Parameters
    ----------
    manifest : DataFrame
        `attrs["group_of"]` says what its column `group` is made of; without it, of ids that
        whoever made the manifest gave.

    Returns
    -------
    list of str
        Of "patient", "lesion", "given" (other ids, in `group`) and "group" (images that were found
        to be the same), in this order.

    Examples
    --------
    >>> grouping(pd.DataFrame({"lesion": ["L1", "L2"], "patient": [None, None], "group": [7, 7]}))
    ['lesion', 'given']
    """
    known = [name for name in GROUP_COLUMNS if name in manifest and manifest[name].notna().any()]
    made_of = manifest.attrs.get("group_of", ["given"]) if "group" in known else []
    return [name for name in known if name != "group"] + sorted(made_of)


def group_of(*manifests: pd.DataFrame, found: bool = False) -> list[str]:
    """Tell what a column `group` is made of that joins those of some manifests.

    Parameters
    ----------
    *manifests : DataFrame
        With a column `group` or without.
    found : bool, default=False
        Whether images that were found to be the same are joined too.

    Returns
    -------
    list of str
        Of "given" and "group", to be kept as `attrs["group_of"]`.
    """
    made_of = {name for manifest in manifests for name in grouping(manifest)}
    return [name for name in ("given", "group") if name in made_of or (found and name == "group")]
