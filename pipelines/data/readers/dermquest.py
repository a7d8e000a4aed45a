"""DermQuest, whose site is gone."""

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.folder import read_folder

__all__ = ["DERMQUEST"]

DERMQUEST = Dataset(
    name="dermquest",
    title="DermQuest: clinical photographs from an atlas that is gone",
    read=read_folder,
    kind="clinical",
    layout="the site is gone; copies sorted by hand: CLASS/*.jpg, with any names of classes",
    note="There is no list of classes or numbers to check against.",
    licence="of the publisher, who is gone: ask before use",
    citation="The review's reference 69.",
)
