"""Deep feature synthesis against Featuretools 1.31 on its own example."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ml_engine.features.synthesis import Entity, Relation, Synthesis

HERE = Path(__file__).parent / "mock_customer"
GOLDEN: dict[str, Any] = json.loads((HERE / "featuretools.json").read_text())


def _synthesis(**primitives: frozenset[str]) -> Synthesis:
    read = {
        name: pl.read_csv(HERE / f"{name}.csv", try_parse_dates=True, schema_overrides=text)
        for name, text in {
            "customers": {"zip_code": pl.String},
            "sessions": {},
            "transactions": {"product_id": pl.String},
            "products": {"product_id": pl.String},
        }.items()
    }
    entities = [
        Entity(
            "customers",
            read["customers"],
            "customer_id",
            {"zip_code": "category", "join_date": "time", "birthday": "time"},
        ),
        Entity(
            "sessions",
            read["sessions"],
            "session_id",
            {"customer_id": "key", "device": "category", "session_start": "time"},
        ),
        Entity(
            "transactions",
            read["transactions"],
            "transaction_id",
            {"session_id": "key", "transaction_time": "time", "product_id": "category", "amount": "numeric"},
        ),
        Entity("products", read["products"], "product_id", {}),
    ]
    relations = [
        Relation("transactions", "product_id", "products"),
        Relation("transactions", "session_id", "sessions"),
        Relation("sessions", "customer_id", "customers"),
    ]
    return Synthesis({entity.name: entity for entity in entities}, relations, **primitives)


@pytest.mark.parametrize(("target", "shape"), [("customers", (5, 75)), ("sessions", (35, 44))])
def test_names_are_those_of_featuretools(target: str, shape: tuple[int, int]) -> None:
    synthesis = _synthesis()
    made = synthesis.run(target, 2)

    assert (synthesis.entities[target].frame.height, len(made)) == shape
    assert {one.name for one in made} == set(GOLDEN[target]["names"])


def test_values_are_those_of_featuretools() -> None:
    synthesis = _synthesis()
    synthesis.run("customers", 2)
    frame = synthesis.entities["customers"].frame
    rows = {str(row["customer_id"]): row for row in frame.iter_rows(named=True)}
    for key, values in GOLDEN["customers"]["rows"].items():
        for name, value in values.items():
            found = rows[key][name]
            if isinstance(found, str):
                assert found == value, name
            else:
                assert found == pytest.approx(float(value), abs=1e-9), name


def test_chosen_primitives_of_depth_one() -> None:
    made = _synthesis(aggregates=frozenset({"COUNT"}), transforms=frozenset({"MONTH"})).run("customers", 1)

    assert sorted(one.name for one in made) == ["COUNT(sessions)", "MONTH(birthday)", "MONTH(join_date)", "zip_code"]
