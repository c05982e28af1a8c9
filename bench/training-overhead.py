"""The part of `training-overhead.ts` that trains: by ml_training_train's op, and by scikit-learn and skops directly.

Both read the same file, cross-validate the same pipeline over the same folds to the same metrics beside a dummy, fit it on
all rows and write it as a skops file. In turn, so that a busy machine slows both.
"""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import polars as pl
import skops.io
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder
from threadpoolctl import threadpool_limits

from ml_engine.boosters import threads_for
from ml_engine.job import quiet
from ml_engine.ops.training.train import train

METRICS = [
    *("accuracy", "balanced_accuracy", "f1", "f1_macro", "precision", "recall", "roc_auc", "average_precision"),
    *("neg_log_loss", "neg_brier_score", "matthews_corrcoef"),
]
FIELDS = {"task": "auto", "folds": 5, "balanced": False, "metric": "auto", "params": {}, "calibration": "none"}
FIELDS |= {"onnx": False, "seed": 0, "wait_seconds": 20, "cancel": False}


def direct(path: Path, target: str, family: str, folder: Path) -> None:
    frame = pd.read_parquet(path)
    y = (frame[target] == frame[target].value_counts().index[-1]).astype(int).to_numpy()
    X = frame.drop(columns=target)
    numbers = list(X.select_dtypes("number").columns)
    many = [name for name in X.columns if name not in numbers and X[name].nunique() > 30]
    texts = [name for name in X.columns if name not in numbers and name not in many]
    for name in [*texts, *many]:
        X[name] = X[name].to_numpy(dtype=object)
    filled = SimpleImputer(strategy="median", add_indicator=True)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    one_hot = OneHotEncoder(handle_unknown="ignore", drop="if_binary", sparse_output=False)
    rows = len(y)
    leaf = 1 if rows < 2000 else 3 if rows < 20_000 else 5
    steps, model = {
        "linear": ((Pipeline([("fill", filled), ("scale", StandardScaler())]), one_hot), LogisticRegression(max_iter=1000)),
        "random_forest": (
            (filled, codes),
            RandomForestClassifier(200 if rows < 20_000 else 100, min_samples_leaf=leaf, random_state=0, n_jobs=2),
        ),
        "hist_gradient_boosting": (
            ("passthrough", codes),
            HistGradientBoostingClassifier(max_iter=300, early_stopping=True, n_iter_no_change=15, random_state=0)
            if rows >= 500
            else HistGradientBoostingClassifier(random_state=0),
        ),
    }[family]
    target_means = TargetEncoder(cv=StratifiedKFold(5, shuffle=True, random_state=7))
    parts = [("n", steps[0], numbers), ("t", steps[1], texts), ("m", target_means, many)]
    pipeline = Pipeline([("encode", ColumnTransformer([part for part in parts if part[2]])), ("model", model)])
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    with threadpool_limits(threads_for(rows)):
        cross_validate(DummyClassifier(strategy="prior"), X, y, cv=folds, scoring=METRICS)
        cross_validate(pipeline, X, y, cv=folds, scoring=METRICS)
        pipeline.fit(X, y)
    skops.io.dump(pipeline, folder / "model.skops")


def main(german: str, adult: str, repeats: int) -> None:
    warnings.simplefilter("ignore")
    root = Path(tempfile.mkdtemp())
    pl.from_pandas(datasets.load_breast_cancer(as_frame=True).frame).write_parquet(root / "breast_cancer.parquet")
    pl.read_csv(german).write_parquet(root / "german.parquet")
    pl.read_csv(adult).write_parquet(root / "adult.parquet")
    cases = [
        ("breast_cancer", "target", "linear"),
        ("breast_cancer", "target", "random_forest"),
        ("german", "risk", "random_forest"),
        ("german", "risk", "hist_gradient_boosting"),
        ("adult", "income", "hist_gradient_boosting"),
    ]
    said = {}
    for table, target, family in cases:
        ours: list[float] = []
        theirs: list[float] = []
        for turn in range(repeats + 1):
            folder = Path(tempfile.mkdtemp(dir=root))
            at = time.perf_counter()
            direct(root / f"{table}.parquet", target, family, folder)
            between = time.perf_counter()
            given = {**FIELDS, "dataset": str(root / f"{table}.parquet"), "target": target, "family": family}
            columns = [name for name in pl.read_parquet_schema(root / f"{table}.parquet") if name != target]
            train({**given, "include": columns}, quiet(folder / "job"))
            if turn:
                theirs.append(between - at)
                ours.append(time.perf_counter() - between)
        extra = [one - other for one, other in zip(ours, theirs, strict=True)]
        said[f"{table}_{family}"] = {
            "direct_ms": 1000 * median(theirs),
            "ours_ms": 1000 * median(ours),
            "overhead_ms": 1000 * median(extra),
            "overhead_share": float(np.median([more / base for more, base in zip(extra, theirs, strict=True)])),
            "within_5_percent_and_30_ms": bool(median(extra) <= 0.05 * median(theirs) + 0.03),
        }
    print(json.dumps(said))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
