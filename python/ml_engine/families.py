"""The families a supervised model can be of."""

from typing import Any, Literal

import lightgbm
import xgboost

from ml_engine.boosters import BoostedClassifier, BoostedRegressor
from ml_engine.catboosted import CATBOOST
from ml_engine.family import RESERVED, Family, Setting, Task, settings_of_kind
from ml_engine.sklearn_families import SKLEARN_FAMILIES
from ml_engine.torch_networks import TORCH_FAMILIES

__all__ = ["FAMILIES", "RESERVED", "Setting", "Task"]


def _booster(name: Literal["lightgbm", "xgboost"]) -> Family:
    library: Any = lightgbm if name == "lightgbm" else xgboost
    prefix = "LGBM" if name == "lightgbm" else "XGB"

    def known(task: Task, rows: int) -> dict[str, Any]:
        del rows
        return settings_of_kind(getattr(library, prefix + ("Classifier" if task == "classification" else "Regressor")))

    def make(setting: Setting) -> Any:
        kind = BoostedClassifier if setting.task == "classification" else BoostedRegressor
        return kind(
            name,
            dict(setting.params),
            setting.seed,
            setting.balanced,
            setting.tail,
            setting.refit,
            callbacks=setting.callbacks,
        )

    return Family(name, name, "native", True, known, make, calls_back=True)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in [*SKLEARN_FAMILIES, _booster("lightgbm"), _booster("xgboost"), CATBOOST, *TORCH_FAMILIES]
}
