"""The pigmentary dermatosis set of the review's Table 3, which was never released."""

from pipelines.data.readers.dataset import Dataset
from pipelines.data.readers.folder import read_folder

__all__ = ["PIGMENTARY"]

PIGMENTARY = Dataset(
    name="pigmentary",
    title="Pigmentary dermatoses: clinical photographs of 6 diseases",
    read=read_folder,
    kind="clinical",
    layout="never released; sorted by hand: CLASS/*.jpg, with any names of classes",
    note="The review counts 12,816 images of 6 classes. Without a released class list any folder "
    "is a class.",
    licence="none: never released",
    citation="The review's reference 68.",
)
