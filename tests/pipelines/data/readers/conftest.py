"""Tiny trees of the layouts that publishers document, with images that nobody opens."""

import numpy as np
import pandas as pd
import pytest

TWO = ["ISIC_0000001", "ISIC_0000002"]


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def write(root, name, **columns):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(path, index=False)


def one_hot(ids, labels, classes, first="image"):
    return {first: ids} | {name: [float(x == name) for x in labels] for name in classes}


def isic2016(root):
    touch(root, *(f"ISBI2016_ISIC_Part3_Training_Data/{name}.jpg" for name in TWO))
    touch(root, "ISBI2016_ISIC_Part3_Test_Data/ISIC_0000003.jpg")
    touch(root, "ISBI2016_ISIC_Part1_Training_GroundTruth/ISIC_0000001_Segmentation.png")
    (root / "ISBI2016_ISIC_Part3_Training_GroundTruth.csv").write_text(
        "ISIC_0000001,benign\nISIC_0000002,malignant\n"
    )
    (root / "ISBI2016_ISIC_Part3_Test_GroundTruth.csv").write_text("ISIC_0000003,1.0\n")


def isic2017(root):
    touch(root, *(f"ISIC-2017_Training_Data/{name}.jpg" for name in TWO))
    touch(root, *(f"ISIC-2017_Training_Data/{name}_superpixels.png" for name in TWO))
    touch(root, "ISIC-2017_Test_v2_Data/ISIC_0000003.jpg")
    write(
        root,
        "ISIC-2017_Training_Data/ISIC-2017_Training_Data_metadata.csv",
        image_id=TWO,
        age_approximate=["unknown", 30],
        sex=["unknown", "female"],
    )
    for part, ids, melanoma in (("Training", TWO, [0, 1]), ("Test_v2", ["ISIC_0000003"], [0])):
        write(
            root,
            f"ISIC-2017_{part}_Part3_GroundTruth.csv",
            image_id=ids,
            melanoma=melanoma,
            seborrheic_keratosis=[0.0] * (len(ids) - 1) + [float(part != "Training")],
        )


def isic2018(root):
    classes = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
    folder = "ISIC2018_Task3_Training_GroundTruth/ISIC2018_Task3_Training_GroundTruth.csv"
    touch(root, *(f"ISIC2018_Task3_Training_Input/{name}.jpg" for name in TWO))
    touch(root, "ISIC2018_Task3_Test_Input/ISIC_0000003.jpg")
    write(root, folder, **one_hot(TWO, ["NV", "AKIEC"], classes))
    write(
        root,
        "ISIC2018_Task3_Test_GroundTruth.csv",
        **one_hot(["ISIC_0000003"], ["DF"], classes),
    )
    write(
        root,
        "ISIC2018_Task3_Training_LesionGroupings.csv",
        image=TWO[::-1],
        lesion_id=["HAM_2", "HAM_1"],
        diagnosis_confirm_type=["single image expert consensus", "histopathology"],
    )


def isic2019(root):
    classes = ("MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC", "UNK")
    ids = ["ISIC_0000001", "ISIC_0000002_downsampled"]
    touch(root, *(f"ISIC_2019_Training_Input/ISIC_2019_Training_Input/{name}.jpg" for name in ids))
    write(root, "ISIC_2019_Training_GroundTruth.csv", **one_hot(ids, ["SCC", "MEL"], classes))
    write(
        root,
        "ISIC_2019_Training_Metadata.csv",
        image=ids,
        age_approx=[55.0, None],
        anatom_site_general=["anterior torso", None],
        lesion_id=["BCN_0000001", None],
        sex=["female", "male"],
    )


def isic2020(root):
    ids = [*TWO, "ISIC_0000003"]
    touch(root, *(f"train/{name}.jpg" for name in ids))
    write(
        root,
        "ISIC_2020_Training_GroundTruth_v2.csv",
        image_name=ids,
        patient_id=["IP_1", "IP_1", "IP_2"],
        lesion_id=["IL_1", "IL_2", "IL_3"],
        sex="male",
        age_approx=45.0,
        anatom_site_general_challenge="torso",
        diagnosis=["unknown", "melanoma", "nevus"],
        benign_malignant=["benign", "malignant", "benign"],
        target=[0, 1, 0],
    )
    write(
        root,
        "ISIC_2020_Training_Duplicates.csv",
        image_name_1=["ISIC_0000001"],
        image_name_2=["ISIC_0000003"],
    )


def isic2024(root):
    touch(root, *(f"train-image/image/{name}.jpg" for name in TWO))
    write(
        root,
        "train-metadata.csv",
        isic_id=TWO,
        target=[0, 1],
        patient_id=["IP_1", "IP_2"],
        age_approx=[60.0, None],
        sex=["male", "female"],
        anatom_site_general="posterior torso",
        clin_size_long_diam_mm=[3.04, 5.5],
        tbp_lv_A=20.2,
        attribution="Memorial Sloan Kettering Cancer Center",
        copyright_license="CC-BY",
        lesion_id=[None, "IL_7"],
        iddx_full=["Benign", "Malignant::Melanoma"],
    )


def isic_archive(root):
    touch(root, *(f"{name}.jpg" for name in TWO), "masks/ISIC_0000001_segmentation.png")
    write(
        root,
        "metadata.csv",
        isic_id=TWO,
        attribution="Anonymous",
        copyright_license="CC-0",
        age_approx=[55, 30],
        diagnosis_1=["Benign", "Malignant"],
        diagnosis_2=["Benign epidermal proliferations", None],
        diagnosis_3=["Solar lentigo", None],
        diagnosis_confirm_type=["histopathology", None],
        fitzpatrick_skin_type=["II", None],
        lesion_id=["IL_1", None],
    )


def bcn20000(root):
    names = ["BCN_0000000001.jpg", "BCN_0000000002.jpg"]
    touch(root, *(f"BCN_20k_train/bcn_20k_train/{name}" for name in names))
    write(
        root,
        "bcn_20k_train.csv",
        bcn_filename=names,
        age_approx=[55.0, 60.0],
        anatom_site_general=["anterior torso", None],
        diagnosis=["MEL", "NV"],
        lesion_id=["BCN_0003884", "BCN_0003885"],
        capture_date="2012-05-16",
        sex=["male", "female"],
        split="train",
    )


def ph2(root):
    header = "||   Name ||  Histological Diagnosis || Clinical Diagnosis || Asymmetry | ... ||"
    rows = ["|| IMD003 ||   || 0 || 0 | T ||", "|| IMD058 || Melanoma || 2 || 2 | AT ||"]
    (root / "PH2Dataset").mkdir()
    (root / "PH2Dataset/PH2_dataset.txt").write_text("\n".join([header, *rows, "", "Legends:"]))
    for name in ("IMD003", "IMD058"):
        case = f"PH2Dataset/PH2 Dataset images/{name}/{name}"
        touch(root, f"{case}_Dermoscopic_Image/{name}.bmp", f"{case}_lesion/{name}_lesion.bmp")


def pad_ufes20(root):
    names = ["PAT_8_15_820", "PAT_9_15_821"]
    touch(root, *(f"images/imgs_part_{i + 1}/{name}.png" for i, name in enumerate(names)))
    write(
        root,
        "metadata.csv",
        patient_id=["PAT_8", "PAT_9"],
        lesion_id=[15, 15],
        age=[55, 70],
        gender=["FEMALE", None],
        fitspatrick=[3.0, None],
        region=["NECK", "FACE"],
        diameter_1=[6.0, None],
        diameter_2=[5.0, None],
        diagnostic=["NEV", "BCC"],
        img_id=[f"{name}.png" for name in names],
        biopsed=[False, True],
    )


def ham10000(root):
    touch(root, "HAM10000_images_part_1/I0.jpg", "HAM10000_images_part_2/I1.jpg")
    write(
        root,
        "HAM10000_metadata.csv",
        lesion_id=["L0", "L1"],
        image_id=["I0", "I1"],
        dx=["nv", "mel"],
        dx_type=["follow_up", "histo"],
        age=[80.0, None],
        sex="male",
        localization="back",
        dataset="rosendahl",
    )


def npz(stem):
    def make(root):
        rng = np.random.default_rng(0)
        arrays = {}
        for split, labels in (("train", [5, 4, 0]), ("test", [5, 4])):
            arrays[f"{split}_images"] = rng.integers(0, 256, (len(labels), 28, 28, 3), np.uint8)
            arrays[f"{split}_labels"] = np.array(labels, np.uint8)[:, None]
        np.savez_compressed(root / f"{stem}.npz", **arrays)

    return make


def class_folders(*names):
    def make(root):
        touch(root, *(f"{name}/{i}.jpg" for i, name in enumerate(names)))

    return make


# A tree a data set, and what one of its tables is called and keeps image ids and labels in.
TREES = {
    "asan": class_folders("Wart", "melanocytic_nevus"),
    "bcn20000": bcn20000,
    "dermamnist": npz("dermamnist_28_rebuilt"),
    "dermamnist_lesionfixed": npz("dermamnist_corrected_28"),
    "dermamnist_lesionfixed_extended": npz("dermamnist_extended_28"),
    "dermnet": class_folders("train/Urticaria Hives", "test/Vascular Tumors"),
    "dermquest": class_folders("this", "that"),
    "ham10000": ham10000,
    "isic2016": isic2016,
    "isic2017": isic2017,
    "isic2018": isic2018,
    "isic2019": isic2019,
    "isic2020": isic2020,
    "isic2024": isic2024,
    "isic_archive": isic_archive,
    "pad_ufes20": pad_ufes20,
    "ph2": ph2,
    "pigmentary": class_folders("melasma", "vitiligo"),
}


@pytest.fixture
def tree(tmp_path):
    """Make the tree of a data set by its name, and give its root."""

    def make(name):
        TREES[name](tmp_path)
        return tmp_path

    return make


@pytest.fixture
def all_trees():
    """Names of the data sets that a tree can be made of."""
    return sorted(TREES)
