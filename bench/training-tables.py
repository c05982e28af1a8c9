"""Writes the five sets of `training-auto.ts`, each split into train and test parts: TABLES GERMAN ADULT SPLITS."""

import sys
from pathlib import Path

import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

folder, german, adult, splits = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
tables = {
    name: getattr(datasets, f"load_{name}")(as_frame=True).frame for name in ("breast_cancer", "diabetes", "digits")
}
tables["german"] = pd.read_csv(german).rename(columns={"risk": "target"})
tables["adult"] = pd.read_csv(adult).rename(columns={"income": "target"})
tables["adult"]["target"] = tables["adult"]["target"].astype(str).str.contains(">50K").astype(int)
for name, frame in tables.items():
    for split in range(splits):
        classes = frame["target"] if frame["target"].nunique() <= 10 else None
        train, test = train_test_split(frame, test_size=0.25, random_state=split, stratify=classes)
        train.to_csv(folder / f"{name}-{split}-train.csv", index=False)
        test.to_csv(folder / f"{name}-{split}-test.csv", index=False)
