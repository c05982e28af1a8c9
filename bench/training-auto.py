"""The part of `training-auto.ts` that trains, run once in our environment and once in the peers' own.

    training-auto.py ours|flaml|lightgbm|random_forest TABLES SET SPLIT SECONDS

Reads TABLES/SET-SPLIT-train.csv and -test.csv, prints the score on the test part: ROC AUC (mean of one against the rest)
for classes, R² for numbers, and the seconds the training took.
"""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score, roc_auc_score

warnings.simplefilter("ignore")


def prepared(path, names=None):
    frame = pd.read_csv(path)
    y, X = frame.pop("target"), frame
    for name in X.columns:
        if not pd.api.types.is_numeric_dtype(X[name]):
            values = X[name].astype(object)
            X[name] = pd.Categorical(values, categories=names[name] if names else sorted(values.dropna().unique()))
    return X, y.to_numpy(), {name: list(X[name].cat.categories) for name in X.columns if X[name].dtype == "category"}


def peer(kind, X, y, classes, seconds):
    if kind == "flaml":
        from flaml import AutoML

        automl = AutoML()
        metric = "r2" if not classes else "roc_auc" if classes == 2 else "roc_auc_ovr"
        automl.fit(
            X, y, task="classification" if classes else "regression", metric=metric, time_budget=seconds,
            n_jobs=2, seed=0, verbose=0, eval_method="cv",
        )  # fmt: skip
        return automl
    if kind == "lightgbm":
        import lightgbm

        made = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        return made(random_state=0, n_jobs=2, verbose=-1).fit(X, y)
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    texts = [name for name in X.columns if X[name].dtype == "category"]
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    made = RandomForestClassifier if classes else RandomForestRegressor
    encode = ColumnTransformer([("texts", codes, texts)], remainder="passthrough")
    return make_pipeline(encode, made(random_state=0, n_jobs=2)).fit(X, y)


def scored(y, output, classes):
    if not classes:
        return float(r2_score(y, output))
    if classes == 2:
        return float(roc_auc_score(y, output[:, 1]))
    return float(roc_auc_score(y, output, multi_class="ovr"))


def ours(stem, seconds):
    import polars as pl

    from ml_engine.job import quiet
    from ml_engine.models import load_model
    from ml_engine.ops.training.train import train

    train_path, test_path = f"{stem}-train.csv", f"{stem}-test.csv"
    test = pl.read_csv(test_path)
    columns = [name for name in test.columns if name != "target"]
    at = time.perf_counter()
    result = train(
        {
            "dataset": train_path, "target": "target", "task": "auto", "folds": 5, "balanced": False, "metric": "auto",
            "family": "auto", "params": {}, "calibration": "none", "onnx": False, "seed": 0, "wait_seconds": 20,
            "cancel": False, "include": columns, "time_budget_seconds": seconds,
        },
        quiet(Path(tempfile.mkdtemp()) / "job"),
    )  # fmt: skip
    took = time.perf_counter() - at
    model = load_model(result["model"])
    y, classes = test["target"].to_numpy(), len(model.manifest["classes"])
    labels = np.array(model.manifest["classes"])
    truth = y if not classes else np.searchsorted(labels, y.astype(str)) if classes > 2 else y.astype(str) == labels[1]
    return {"score": scored(truth, model.output(test), classes), "seconds": took, "chose": result["family"]}


def theirs(kind, stem, seconds):
    X, y, names = prepared(f"{stem}-train.csv")
    test, truth, _ = prepared(f"{stem}-test.csv", names)
    distinct = np.unique(y)
    classes = len(distinct) if len(distinct) <= 10 else 0
    at = time.perf_counter()
    model = peer(kind, X, y, classes, seconds)
    took = time.perf_counter() - at
    output = model.predict_proba(test) if classes else model.predict(test)
    return {"score": scored(truth, np.asarray(output), classes), "seconds": took,
            "chose": getattr(model, "best_estimator", kind)}  # fmt: skip


who, tables, name, split, budget = sys.argv[1:]
stem = f"{tables}/{name}-{split}"
print(json.dumps(ours(stem, float(budget)) if who == "ours" else theirs(who, stem, float(budget))))
