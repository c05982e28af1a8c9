"""What a fine-tuning answers."""

from ml_engine.contract.llm import FinetuneParams, FinetuneResult, RenderedExample
from ml_engine.language.rendering import Rendered, Renderer

MOST_PIECES = 40


def empty(params: FinetuneParams, base: str) -> FinetuneResult:
    """A result that says what was asked and nothing else yet."""
    new = base == "new"
    return {
        "action": params["action"],
        "model": None,
        "adapter": None,
        "base_model": base,
        "method": "new" if new else params["method"],
        "trainable_parameters": 0,
        "parameters": 0,
        "trainable_share": 0.0,
        "metrics": {},
        "memory": None,
        "plan": None,
        "template": None,
        "examples": None,
        "adapters": [],
        "file": None,
        "written": None,
        "run_id": None,
        "framework": "transformers",
        "model_type": f"{'new' if new else params['method']} of {base}",
        "family": "language",
        "metric": "eval_loss",
        "seconds": 0.0,
        "notes": [],
        "warnings": [],
    }


def template_of(renderer: Renderer, rendered: Rendered) -> RenderedExample:
    """An example as the model sees it, with what of it is learnt."""
    return {
        "source": "none" if renderer.template is None else "ours" if renderer.ours else "model",
        "pieces": [{"text": text, "learnt": learnt} for text, learnt in renderer.pieces(rendered)[:MOST_PIECES]],
        "tokens": len(rendered.ids),
        "learnt_tokens": sum(rendered.learnt),
    }
