"""Small torch networks over a table's encoded columns, as scikit-learn estimators; they need the extra `torch`.

`mlp` takes the columns as they are; `cnn` and `rnn` read them as a sequence, for columns whose order means something
(hours, wavelengths, positions). Weights are saved as safetensors with a JSON file that says how they are put together.
"""

import json
import math
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from ml_engine.boosters import THREADS
from ml_engine.callbacks import OnRound, rate_at
from ml_engine.errors import OpError
from ml_engine.family import Family, Setting, Task

Kind = Literal["mlp", "cnn", "rnn"]
WEIGHTS, DESIGN = "network.safetensors", "network.json"
SETTINGS: dict[str, Any] = {
    "hidden": 64,
    "layers": 2,
    "dropout": 0.1,
    "learning_rate": 1e-3,
    "weight_decay": 1e-4,
    "batch_size": 256,
    "max_epochs": 200,
}
LEAST_ROWS_TO_STOP_EARLY = 100


def library() -> Any:
    """The package.

    Raises:
        OpError: `unavailable` where it is not installed.
    """
    if find_spec("torch") is None or find_spec("safetensors") is None:
        raise OpError("unavailable", "family: torch is not installed.", "Run `npm run setup -- --with torch`.")
    return import_module("torch")


def network(kind: Kind, inputs: int, outputs: int, settings: dict[str, Any]) -> Any:
    """An untrained module from (rows, inputs) to (rows, outputs)."""
    nn = library().nn
    hidden, layers, dropout = settings["hidden"], settings["layers"], settings["dropout"]
    if kind == "mlp":
        parts: list[Any] = []
        for width in [inputs, *[hidden] * (layers - 1)]:
            parts += [nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout)]
        return nn.Sequential(*parts, nn.Linear(hidden, outputs))
    if kind == "cnn":
        parts = [nn.Unflatten(1, (1, inputs))]
        for width in [1, *[hidden] * (layers - 1)]:
            parts += [nn.Conv1d(width, hidden, 3, padding=1), nn.ReLU(), nn.Dropout(dropout)]
        return nn.Sequential(*parts, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(hidden, outputs))

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.GRU(1, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
            self.head = nn.Linear(hidden, outputs)

        def forward(self, rows: Any) -> Any:
            return self.head(self.body(rows.unsqueeze(2))[0][:, -1])

    return Recurrent()


class _Network(BaseEstimator):
    """Trained by AdamW; an inner tenth of the rows says when to stop, and the best epoch's weights are kept."""

    on_round: OnRound | None = None

    def __init__(
        self,
        kind: Kind = "mlp",
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        balanced: bool = False,
        tail: bool = False,
        callbacks: dict[str, Any] | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.settings = settings
        self.seed = seed
        self.balanced = balanced
        self.tail = tail
        self.callbacks = callbacks

    def _train(self, features: np.ndarray, target: np.ndarray, classes: int) -> None:
        torch = library()
        chosen = {**SETTINGS, **(self.settings or {})}
        rows = np.arange(len(target))
        fit, held = rows, rows[:0]
        if len(rows) >= LEAST_ROWS_TO_STOP_EARLY:
            stratify = target if classes and not self.tail and np.bincount(target).min() > 1 else None
            fit, held = train_test_split(
                rows,
                test_size=max(len(rows) // 10, classes),
                shuffle=not self.tail,
                stratify=stratify,
                random_state=None if self.tail else self.seed,
            )
        weights = compute_sample_weight("balanced", target) if self.balanced else np.ones(len(target))
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.n_features_in_, self.outputs_ = features.shape[1], classes or 1
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            torch.set_num_threads(THREADS)
            module = network(self.kind, self.n_features_in_, self.outputs_, chosen).to(device)
            tensors = (
                torch.tensor(features, dtype=torch.float32, device=device),
                torch.tensor(target, dtype=torch.long if classes else torch.float32, device=device),
                torch.tensor(weights, dtype=torch.float32, device=device),
            )
            self._epochs(torch, module, tensors, torch.as_tensor(fit), torch.as_tensor(held), chosen)
        self.booster_: Any = module.to("cpu").eval()

    def _epochs(self, torch: Any, module: Any, tensors: Any, fit: Any, held: Any, chosen: dict[str, Any]) -> None:
        X, y, weights = tensors
        loss = (torch.nn.CrossEntropyLoss if y.dtype == torch.long else torch.nn.MSELoss)(reduction="none")
        optimiser = torch.optim.AdamW(
            module.parameters(), lr=chosen["learning_rate"], weight_decay=chosen["weight_decay"]
        )
        declared = self.callbacks or {}
        plateau = declared.get("stop_on_plateau") or {}
        patience, least = plateau.get("patience", 20), plateau.get("min_delta", 0.0)
        schedule = declared.get("learning_rate") or {"schedule": "constant", "decay": 1.0, "every": 1}
        rate = rate_at(schedule, chosen["learning_rate"], chosen["max_epochs"])
        best, best_state, waited = math.inf, None, 0

        def cost(index: Any) -> Any:
            output = module(X[index])
            return (loss(output if y.dtype == torch.long else output[:, 0], y[index]) * weights[index]).mean()

        for epoch in range(chosen["max_epochs"]):
            for group in optimiser.param_groups:
                group["lr"] = rate(epoch)
            module.train()
            order = fit[torch.randperm(len(fit))]
            for batch in order.split(chosen["batch_size"]):
                optimiser.zero_grad()
                cost(batch).backward()
                optimiser.step()
            if self.on_round:
                self.on_round(epoch + 1, chosen["max_epochs"])
            if len(held) == 0:
                continue
            module.eval()
            with torch.no_grad():
                now = float(cost(held))
            if now < best - least:
                best, waited = now, 0
                best_state = {name: value.detach().clone() for name, value in module.state_dict().items()}
            else:
                waited += 1
                if waited >= patience:
                    break
        if best_state is not None:
            module.load_state_dict(best_state)

    def _raw(self, features: Any) -> np.ndarray:
        torch = library()
        with torch.no_grad():
            return self.booster_(torch.tensor(np.asarray(features), dtype=torch.float32)).double().numpy()

    def write(self, folder: Path) -> str:
        """Writes the weights and the design; answers the weights' file name."""
        library()
        tensors = {name: value.contiguous() for name, value in self.booster_.state_dict().items()}
        import_module("safetensors.torch").save_file(tensors, folder / WEIGHTS)
        design = {
            "kind": self.kind,
            "inputs": self.n_features_in_,
            "outputs": self.outputs_,
            "settings": {**SETTINGS, **(self.settings or {})},
            "scale": getattr(self, "scale_", [0.0, 1.0]),
        }
        (folder / DESIGN).write_text(json.dumps(design), encoding="utf-8")
        return WEIGHTS

    def restore(self, folder: Path) -> None:
        """Takes the network from `folder`, in place of fitting."""
        library()
        design = json.loads((folder / DESIGN).read_text(encoding="utf-8"))
        self.kind, self.scale_ = design["kind"], design["scale"]
        self.n_features_in_, self.outputs_ = design["inputs"], design["outputs"]
        self.booster_ = network(self.kind, self.n_features_in_, self.outputs_, design["settings"])
        self.booster_.load_state_dict(import_module("safetensors.torch").load_file(folder / WEIGHTS))
        self.booster_.eval()


class NetworkClassifier(ClassifierMixin, _Network):
    """A network for classes."""

    def fit(self, X: Any, y: Any) -> Self:
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self._train(np.asarray(X, dtype=np.float64), codes, len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, rows × classes."""
        raw = self._raw(X)
        raised = np.exp(raw - raw.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class NetworkRegressor(RegressorMixin, _Network):
    """A network for a number, which it learns standardised."""

    def fit(self, X: Any, y: Any) -> Self:
        target = np.asarray(y, dtype=np.float64)
        self.scale_ = [float(target.mean()), float(target.std()) or 1.0]
        self._train(np.asarray(X, dtype=np.float64), (target - self.scale_[0]) / self.scale_[1], 0)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self._raw(X)[:, 0] * self.scale_[1] + self.scale_[0]


def _family(kind: Kind) -> Family:
    def known(task: Task, rows: int) -> dict[str, Any]:
        del task, rows
        library()
        return SETTINGS

    def make(setting: Setting) -> Any:
        library()
        estimator = NetworkClassifier if setting.task == "classification" else NetworkRegressor
        return estimator(kind, dict(setting.params), setting.seed, setting.balanced, setting.tail, setting.callbacks)

    return Family(f"torch_{kind}", "torch", "scaled", True, known, make, calls_back=True)


TORCH_FAMILIES = [_family("mlp"), _family("cnn"), _family("rnn")]
