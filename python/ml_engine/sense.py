"""What the fields of a training must be to each other."""

from ml_engine.contract.training import TrainParams
from ml_engine.errors import OpError
from ml_engine.estimator_settings import require_settings
from ml_engine.families import FAMILIES
from ml_engine.memory import require_memory
from ml_engine.onnx_files import FAMILIES as ONNX_FAMILIES
from ml_engine.problem import Problem
from ml_engine.target import metric_of
from ml_engine.tasks.answer import require_family


def require_sense(params: TrainParams, problem: Problem) -> None:
    """Checks the fields that depend on each other.

    Raises:
        OpError: `invalid_input`, naming them.
    """
    family = params["family"]
    require_family(problem.task, family, {name: 0 for name, one in FAMILIES.items() if problem.task in one.tasks})
    if "horizon" in params:
        raise OpError("invalid_input", f"horizon: it means nothing for {problem.task}.", "Use task `forecasting`.")
    if params["onnx"] and (params["calibration"] != "none" or family not in {"auto", *ONNX_FAMILIES}):
        raise OpError(
            "invalid_input",
            f"onnx: {family}{' calibrated' if params['calibration'] != 'none' else ''} cannot be written as ONNX.",
            f"Uncalibrated, these can: {', '.join(sorted(ONNX_FAMILIES))}.",
        )
    if "callbacks" in params and (family == "auto" or not FAMILIES[family].calls_back):
        able = ", ".join(name for name, one in FAMILIES.items() if one.calls_back)
        raise OpError("invalid_input", f"callbacks: {family} is not fitted round by round.", f"Use one of {able}.")
    metric = params.get("callbacks", {}).get("stop_on_plateau", {}).get("metric")
    if metric:
        metric_of(metric, problem.task, problem.positive is not None)
    if family != "auto":
        require_memory(problem, family, params["params"], params.get("memory_budget_mb"))
    if params["balanced"]:
        if problem.task == "regression":
            raise OpError("invalid_input", "balanced: a regression has no classes.")
        if family != "auto" and not FAMILIES[family].weighs:
            able = ", ".join(name for name, one in FAMILIES.items() if one.weighs)
            raise OpError("invalid_input", f"balanced: {family} cannot weigh classes.", f"Use one of {able}.")
    if params["calibration"] != "none" and problem.task == "regression":
        raise OpError("invalid_input", "calibration: a regression has no probabilities.")
    if family == "auto":
        if params["params"]:
            raise OpError(
                "invalid_input", "params: settings belong to one family; `auto` tries several.", "Name a family."
            )
        return
    require_settings("params", family, problem.task, problem.rows, params["params"])
