"""Do descriptors fused with a frozen network help against the same network fine-tuned?

python examples/compare_fusion_with_cnn.py data/ham10000 --limit 600 --out runs/example
"""

import argparse

from pipelines import CNNClassifier, Protocol, compare, load_dataset, make_fusion_classifier

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("root", help="the data set's folder")
parser.add_argument("--dataset", default="ham10000", help="ham10000, folder or csv")
parser.add_argument("--limit", type=int, help="use about so many images")
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--out", default="runs/example", help="folder of the report")


def main() -> None:
    args = parser.parse_args()
    lesions = load_dataset(args.dataset, args.root, limit=args.limit)
    fusion = make_fusion_classifier(
        backbone="efficientnet_lite0", n_jobs=-1, random_state=0, verbose=1
    )
    fusion.fit(lesions, lesions["label"])  # groups come from the manifest
    first = lesions[:1]  # seen in training: this shows the call, not the quality
    print("first image:", fusion.predict(first)[0], fusion.predict_proba(first).round(3))

    models = {"fusion": fusion, "cnn": CNNClassifier("efficientnet_lite0", random_state=0)}
    protocol = Protocol(n_splits=args.folds)
    result = compare(models, lesions, protocol=protocol, directory=args.out, progress=True)
    print("report:", result.report(args.out))


if __name__ == "__main__":
    main()
