"""What publishers write of a patient and a lesion, in this package's words."""

from collections.abc import Mapping

import pandas as pd

__all__ = ["add_metadata"]

_UNKNOWN = ("", "na", "unknown")
_NUMBERS = ("age", "diameter_mm")
# ISIC's words; HAM10000 itself says "histo".
_VERIFICATIONS = {"histopathology": "histo"}
_SKIN_TYPES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6}


def add_metadata(
    manifest: pd.DataFrame, table: pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    """Copy columns of a publisher's table into a manifest of the same rows.

    Words for "unknown" become missing; sexes are "female" and "male", ages in years, diameters
    in mm, Fitzpatrick types 1 to 6, and what histology proved is "histo" in `dx_type`.

    Parameters
    ----------
    manifest : DataFrame of n rows
        Is changed and returned.
    table : DataFrame of n rows
        The publisher's.
    columns : mapping of str to str
        Their names to ours; those that the table lacks are passed over.

    Returns
    -------
    DataFrame
    """
    for theirs, ours in columns.items():
        if theirs in table.columns:
            manifest[ours] = _translate(table[theirs], ours).to_numpy()
    return manifest


def _translate(values, name):
    if name in _NUMBERS:
        return pd.to_numeric(values, errors="coerce")
    if name == "fitzpatrick":
        return pd.to_numeric(values.replace(_SKIN_TYPES), errors="coerce")
    words = values.astype("str").where(values.notna())
    words = words.where(~words.str.lower().isin(_UNKNOWN))
    if name == "sex":
        return words.str.lower()
    return words.replace(_VERIFICATIONS) if name == "dx_type" else words
