"""The command line as a user meets it, on a few synthetic images."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from features import ImageFeatures
from pipelines import comparison
from pipelines.artifacts import load_model
from pipelines.cli import compare, main
from pipelines.cli.asked import model_settings
from pipelines.cli.parser import build_parser
from pipelines.cli.predict import _labels, _set
from pipelines.intake import image_side
from pipelines.recipes import make_model
from pipelines.recipes.selection import COUNT_RULES

COMMANDS = (
    "ablate",
    "augmentations",
    "backbones",
    "compare",
    "data",
    "demo",
    "explain",
    "extract",
    "ledger",
    "predict",
    "report",
    "train",
)
QUICK = ["--size", "64", "--jobs", "1", "--quiet"]
FAST = [*QUICK, "--k", "20"]


@pytest.fixture(scope="module")
def table(lesions, tmp_path_factory):
    """A CSV manifest with columns of one's own."""
    path = tmp_path_factory.mktemp("table") / "photos.csv"
    own = lesions.rename(columns={"image": "file", "label": "diagnosis", "lesion": "spot"})
    own[["file", "diagnosis", "spot", "mask"]].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def data(table):
    columns = {"image": "file", "label": "diagnosis", "group": "spot", "mask": "mask"}
    named = [word for role, name in columns.items() for word in (f"--{role}-col", name)]
    return ["--dataset", "csv", "--root", str(table), *named]


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.joblib"
    assert main(["train", *data, "--model", "classical", "--out", str(path), *FAST]) == 0
    return path


SUFFIXES = {"extract": ".parquet", "train": ".joblib"}


def stderr(capsys):
    return capsys.readouterr().err


@pytest.mark.parametrize("command", [[], *([c] for c in COMMANDS)])
def test_help_teaches(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "dermfusion" in text
    assert "examples:" in text or "start here:" in text


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["compare"],
        ["compare", "--dataset", "folder", "--root", ".", "--out", "x", "--models", "magic"],
        ["compare", "--dataset", "folder", "--root", ".", "--out", "x", "--limit", "0"],
        ["train", "--dataset", "folder", "--root", ".", "--out", "x", "--mask", "magic"],
    ],
)
def test_wrong_usage_exits_with_2(argv, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert "usage:" in stderr(capsys)


def test_failures_exit_with_1_and_one_line(tmp_path, capsys):
    out = ["--out", str(tmp_path / "x.joblib")]
    assert main(["compare", "--dataset", "ham1000", "--root", str(tmp_path), *out]) == 1
    message = stderr(capsys)
    assert "ham10000" in message
    assert "Traceback" not in message
    assert main(["train", "--dataset", "folder", "--root", str(tmp_path / "no"), *out]) == 1
    assert "no such" in stderr(capsys)


def test_train_refuses_a_wrong_suffix_at_once(tmp_path, capsys):
    argv = ["train", "--dataset", "folder", "--root", str(tmp_path / "no")]
    assert main([*argv, "--out", str(tmp_path / "model.json")]) == 1
    assert "ends in .joblib" in stderr(capsys)


def test_extract_refuses_a_wrong_suffix_at_once(tmp_path, capsys):
    argv = ["extract", "--dataset", "folder", "--root", str(tmp_path / "no")]
    assert main([*argv, "--out", str(tmp_path / "columns.csv")]) == 1
    assert "ends in .parquet" in stderr(capsys)


def test_the_way_warnings_are_worded_is_given_back(tmp_path):
    worded = warnings.formatwarning
    assert main(["extract", "--dataset", "x", "--root", str(tmp_path), "--out", "x.parquet"]) == 1
    assert warnings.formatwarning is worded


def test_debug_shows_the_traceback(tmp_path):
    argv = ["extract", "--dataset", "folder", "--root", str(tmp_path / "no"), "--out", "x.parquet"]
    with pytest.raises(FileNotFoundError):
        main([*argv, "--debug"])


def test_column_options_need_a_table(tmp_path, capsys):
    argv = ["extract", "--dataset", "folder", "--root", str(tmp_path), "--out", "x.parquet"]
    assert main([*argv, "--label-col", "diagnosis"]) == 1
    assert "--label-col only makes sense with --dataset csv" in stderr(capsys)


def test_compare_writes_the_report(data, tmp_path, capsys):
    out = tmp_path / "run"
    argv = ["compare", *data, "--models", "classical", "--folds", "2", "--bootstrap", "20"]
    argv += ["--inner-folds", "0"]
    log = tmp_path / "run.log"
    assert main([*argv, "--out", str(out), "--log", str(log), *FAST]) == 0
    printed = capsys.readouterr()
    assert "classical" in printed.out
    assert printed.err == ""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines] == [
        *("command begun", "images read", "plan locked", "columns taken"),
        *("fold finished", "fold finished", "report written", "command finished"),
    ]
    assert [line["fold"] for line in lines if line["event"] == "fold finished"] == [0, 1]
    metrics = pd.read_csv(out / "metrics.csv")
    assert {"model", "unit", "macro_auc", "macro_auc_low", "positive_auc"} <= set(metrics)
    assert (out / "report.html").is_file()
    assert (out / "predictions.parquet").is_file()
    again = tmp_path / "again"
    assert main([*argv, "--out", str(again), *FAST]) == 0
    same = pd.read_csv(again / "metrics.csv")
    scores = [name for name in metrics if not name.endswith("_seconds")]
    pd.testing.assert_frame_equal(metrics[scores], same[scores], check_exact=True)


def test_an_audit_and_typology_look_at_the_test_data_set_too(data, lesions, tmp_path, monkeypatch):
    given = {}

    def stop(models, manifest, **options):
        given.update(options, manifest=manifest)
        raise ValueError("stopped before any fit")

    monkeypatch.setattr(compare, "compare", stop)
    some = lesions.groupby("label").head(2)
    for i, (image, label) in enumerate(zip(some["image"], some["label"], strict=True)):
        (tmp_path / "theirs" / label).mkdir(parents=True, exist_ok=True)
        copy = Image.open(image).resize((96, 72))
        copy.save(tmp_path / "theirs" / label / f"{i}.jpg", quality=80)
    argv = ["compare", *data, "--test-dataset", "folder", "--test-root", str(tmp_path / "theirs")]
    argv += ["--audit", "--typology", "--out", str(tmp_path / "run"), *FAST]
    with pytest.warns(UserWarning, match="no lesion or patient ids"):
        assert main(argv) == 1
    manifest, test = given["manifest"], given["test_manifest"]
    assert manifest["typology_angle"].notna().any()
    assert test["typology_angle"].notna().any()
    shared = manifest["shared"].isin(test["shared"])
    assert shared.tolist() == lesions["lesion"].isin(some["lesion"]).tolist()


def test_compare_says_how_many_images_the_test_data_set_shares(models, manifest, capsys):
    test = manifest.iloc[::6]
    result = comparison.compare(models, manifest, test_manifest=test, n_bootstrap=5)
    compare.show(result, Path("report.html"))
    n_left_out = manifest["lesion"].isin(test["lesion"]).sum()
    printed = capsys.readouterr().out
    assert f"left out of training: {n_left_out:,} images" in printed
    # What is printed is what it is called.
    head, first = printed.splitlines()[:2]
    assert head.endswith("balanced accuracy, prior-corrected   (per lesion)")
    best = result.metrics.query("unit == 'lesion'").sort_values("macro_auc").iloc[-1]
    assert f" {best['balanced_accuracy_prior']:.3f} [" in first


def test_compare_lists_what_it_skipped(lesions, tmp_path, capsys):
    root = tmp_path / "photos"
    for i, (image, label) in enumerate(zip(lesions["image"], lesions["label"], strict=True)):
        (root / label).mkdir(parents=True, exist_ok=True)
        shutil.copy(image, root / label / f"{i}.png")
    (root / "nevus" / "broken.jpg").write_text("not an image")
    argv = ["compare", "--dataset", "folder", "--root", str(root), "--models", "classical"]
    argv += ["--folds", "2", "--inner-folds", "0", "--bootstrap", "10"]
    argv += ["--out", str(tmp_path / "run"), *FAST]
    with pytest.warns(UserWarning, match="no lesion or patient ids"):
        assert main(argv) == 1
    assert "broken.jpg: not an image in a known format" in stderr(capsys)
    with pytest.warns(UserWarning, match="lesions will be segmented"):
        assert main([*argv, "--on-error", "skip"]) == 0
    assert "broken.jpg" in capsys.readouterr().out
    assert "broken.jpg" in (tmp_path / "run" / "report.html").read_text()


def test_metadata_bring_their_control(lesions, tmp_path, capsys):
    path = tmp_path / "lesions.csv"
    ages = [None if i % 3 else 40 + i for i in range(len(lesions))]
    lesions[["image", "label", "lesion", "mask"]].assign(age=ages).to_csv(path, index=False)
    argv = ["compare", "--dataset", "csv", "--root", str(path), "--models", "fusion_metadata"]
    argv += ["--classifier", "logistic", "--folds", "2", "--bootstrap", "20", "--device", "cpu"]
    argv += ["--inner-folds", "0"]
    assert main([*argv, "--out", str(tmp_path / "run"), *FAST]) == 0
    head, *rows, _ = capsys.readouterr().out.splitlines()
    assert {row.split()[0] for row in rows} == {"fusion_metadata", "missingness"}
    ends = {line.index("]") for line in rows}
    assert len(ends) == 1, "scores stand below each other, however long a name is"
    assert head.index("macro AUC") + len("macro AUC") == ends.pop() + 1


@pytest.mark.parametrize(
    ("command", "option"),
    [("ablate", "--k"), ("extract", "--k"), ("extract", "--epochs"), ("extract", "--classifier")],
)
def test_options_that_do_nothing_are_not_offered(command, option, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"{option} " not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["compare", "train", "ablate"])
def test_help_tells_which_models_train_networks(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "these train networks, and take long: cnn, split_fit (1 a fold), cnn_ensemble" in text


@pytest.mark.parametrize(
    ("text", "value"),
    [("800", 800), ("0.1", 0.1), ("1", 1), ("1.0", 1.0), *((rule, rule) for rule in COUNT_RULES)],
)
def test_rules_for_how_many_columns(text, value):
    argv = ["train", "--dataset", "folder", "--root", ".", "--out", "x.joblib", "--k", text]
    found = build_parser().parse_args([*argv, "--select", "anova_f"])
    assert (found.k, type(found.k)) == (value, type(value))
    settings = model_settings(found)
    assert (settings["k"], settings["selector"]) == (value, "anova_f")
    make_model("classical", **settings)


@pytest.mark.parametrize("command", ["compare", "train", "ledger"])
@pytest.mark.parametrize("text", ["most", "0", "-3", "1.5", "nan"])
def test_unknown_rules_list_the_known_ones(command, text, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--dataset", "folder", "--root", ".", "--out", "x", f"--k={text}"])
    assert stop.value.code == 2
    message = stderr(capsys)
    assert f"{', '.join(COUNT_RULES)}; got {text}" in message
    assert "share above 0 and up to 1.0" in message


def test_selectors_by_name(data, tmp_path, capsys):
    path = tmp_path / "model.joblib"
    argv = ["train", *data, "--model", "classical", "--out", str(path), *QUICK]
    assert main([*argv, "--select", "anova_f", "--k", "median"]) == 0
    select = load_model(path)["select"]
    assert select.selector.score_func == "anova_f"
    assert 0.4 < select.get_support().mean() < 0.6
    with pytest.raises(SystemExit):
        main([*argv, "--select", "luck"])
    assert "invalid choice: 'luck'" in stderr(capsys)


def test_extract_writes_named_columns(data, lesions, tmp_path):
    path = tmp_path / "X.parquet"
    assert main(["extract", *data, "--model", "classical", "--out", str(path), *QUICK]) == 0
    table = pd.read_parquet(path)
    assert len(table) == len(lesions)
    assert {"image", "label", "group", "quality__mask_reliable"} <= set(table)
    assert any(name.startswith("hog__") for name in table)
    unknown = set(table.columns[table.isna().any()])
    lengths = ("equivalent_mm", "feret_mm", "over_6_mm")
    assert unknown == {f"abcd__diameter_{name}" for name in lengths}


@pytest.mark.parametrize("command", SUFFIXES)
def test_rows_left_out_by_loading_are_printed(command, data, table, tmp_path, capsys):
    rows = pd.read_csv(table)
    rows.loc[1, "file"] = "gone.png"
    rows.to_csv(tmp_path / "photos.csv", index=False)
    argv = [str(tmp_path / "photos.csv") if word == str(table) else word for word in data]
    argv += ["--on-error", "skip", "--model", "classical"]
    argv += ["--out", str(tmp_path / f"out{SUFFIXES[command]}")]
    assert main([command, *argv, *QUICK]) == 0
    assert f"skipped: row 1, {tmp_path / 'gone.png'}: image file missing" in capsys.readouterr().out


def test_predict_keeps_the_tables_rows(model, lesions, tmp_path, capsys):
    rows = lesions[["image", "mask"]].head(3).copy()
    rows.loc[1, "image"] = "gone.png"
    rows.to_csv(tmp_path / "photos.csv", index=False)
    out = tmp_path / "labels.csv"
    argv = ["predict", str(tmp_path / "photos.csv"), "--model", str(model), "--out", str(out)]
    argv += ["--quiet", "--jobs", "1", "--device", "cpu"]
    assert main(argv) == 1
    assert "gone.png: no such file" in stderr(capsys)
    assert main([*argv, "--on-error", "skip"]) == 0
    labels = pd.read_csv(out)
    assert labels["error"].notna().tolist() == [False, True, False]
    assert labels["label"].notna().tolist() == [True, False, True]


@pytest.mark.parametrize("name", ["cnn", "embedding"])
def test_the_device_reaches_the_network(name):
    side = image_side(make_model(name, device="auto"))
    _set(side, device="cuda:1")
    devices = {key: value for key, value in side.get_params().items() if "device" in key}
    if isinstance(side, ImageFeatures):  # lesions have a device of their own
        assert devices.pop("device") == "cpu"
    assert set(devices.values()) == {"cuda:1"}


@pytest.mark.parametrize("rule", ["argmax", "prior_corrected"])
def test_labels_are_the_models_own(model, lesions, rule):
    fitted = load_model(model)
    fitted.set_params(classify__rule=rule)
    labels = _labels(fitted, lesions, fitted.predict_proba(lesions))
    assert labels.tolist() == fitted.predict(lesions).tolist()


def test_predict_writes_one_row_an_image(model, table, lesions, tmp_path, capsys):
    out = tmp_path / "labels.csv"
    argv = ["predict", str(table), "--image-col", "file", "--mask-col", "mask", "--quiet"]
    assert main([*argv, "--model", str(model), "--out", str(out), "--jobs", "1"]) == 0
    labels = pd.read_csv(out)
    assert len(labels) == len(lesions)
    probabilities = labels.filter(regex="^p_")
    assert probabilities.sum(axis=1).between(0.999, 1.001).all()
    assert set(labels["label"]) <= set(lesions["label"])
    assert (labels["mask_given"] == 1).all()


def test_predict_refuses_other_masks_unless_told(model, lesions, tmp_path, capsys, monkeypatch):
    images = lesions["image"].tolist()[:3]
    argv = ["predict", *images, "--model", str(model), "--quiet", "--jobs", "1"]
    argv += ["--out", str(tmp_path / "labels.csv")]
    with monkeypatch.context() as patch:
        patch.setattr(
            "pipelines.cli.predict.read_images", lambda *_, **__: pytest.fail("it read on")
        )
        assert main(argv) == 1
    assert "fitted on given lesion masks" in stderr(capsys)
    assert main([*argv, "--allow-segmented"]) == 0
    assert (pd.read_csv(tmp_path / "labels.csv")["mask_given"] == 0).all()


def test_predict_lists_bad_rows_when_told(model, lesions, tmp_path, capsys):
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    argv = ["predict", lesions["image"].iloc[0], str(bad), "--model", str(model), "--quiet"]
    argv += ["--allow-segmented", "--jobs", "1", "--out", str(tmp_path / "labels.csv")]
    assert main(argv) == 1
    assert "bad.jpg: the file is empty" in stderr(capsys)
    assert main([*argv, "--on-error", "skip"]) == 0
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert labels["error"].notna().tolist() == [False, True]
    assert labels["label"].notna().tolist() == [True, False]


def test_a_damaged_artifact_is_refused(model, lesions, tmp_path, capsys):
    copy = tmp_path / "model.joblib"
    shutil.copy(model, copy)
    shutil.copy(model.with_suffix(".json"), copy.with_suffix(".json"))
    copy.write_bytes(copy.read_bytes()[:-1] + b"?")
    argv = ["predict", lesions["image"].iloc[0], "--model", str(copy), "--out", "x.csv"]
    assert main(argv) == 1
    assert "is not the file its card describes" in stderr(capsys)


def test_every_option_is_explained():
    for action in build_parser()._subparsers._group_actions[0].choices.values():
        assert all(option.help for option in action._actions)


def test_opencv_that_cannot_load_is_one_sentence(tmp_path):
    """As on a bare server, where ``libGL.so.1`` is missing."""
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')"
    )
    root = Path(__file__).parents[2]
    env = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    program = "import sys; from pipelines.cli import main; sys.exit(main(['demo']))"
    run = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert run.returncode == 1
    (sentence,) = run.stderr.strip().splitlines()
    assert "apt-get install libgl1" in sentence
    assert "opencv-python-headless" in sentence
