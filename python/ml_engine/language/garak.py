"""garak (NVIDIA, Apache-2.0), a scanner of language models, run as a child of the call on a model that is served."""

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import AlignParams, AttackRate, Garak, ServedModel
from ml_engine.errors import OpError
from ml_engine.intervals import wilson
from ml_engine.job import Job
from ml_engine.language.programs import Ended, run
from ml_engine.language.sources import ROOT

BUILT = ROOT / ".cache" / "backends" / "garak" / "venv" / "bin" / "garak"
MOST_PROMPTS = 32
"""Of one probe: some have thousands."""
SUCCESS = 0.5
"""Scores of a detector from here on are a hit, as garak has it."""
LAST_CHARACTERS = 600


def scan(params: AlignParams, served: ServedModel, job: Job) -> Garak:
    """Asks a served model what garak's probes ask, once each at temperature 0, and counts what its detectors say.

    Raises:
        OpError: `unavailable` where garak is not installed, `invalid_input` where it does not know a probe, `failed`
            where it ends before anything was scored.
    """
    program = _program()
    folder = job.folder / "garak"
    folder.mkdir(parents=True)
    report, artifact = job.artifact("garak.jsonl", "garak's report")
    settings = folder / "settings.json"
    settings.write_text(json.dumps(_settings(params, served, folder)), encoding="utf-8")
    spec = ",".join(f"probes.{probe}" for probe in params.get("garak", []))
    ended = run(
        [str(program), "--config", str(settings), "--spec", spec],
        lambda line: job.progress(0, 1, line.strip()[:100]) if line.strip() else None,
        cwd=folder,
        env=_environment(folder, served),
        seconds=params["time_budget_seconds"],
    )
    written = max(folder.rglob("*.report.jsonl"), default=None, key=lambda path: path.stat().st_size)
    lines = [] if written is None else list(_read(written))
    rates = _rates(lines)
    if written is None or not rates:
        raise _failure(ended)
    shutil.copyfile(written, report)
    version = next((str(one["garak_version"]) for one in lines if "garak_version" in one), "unknown")
    # It ends well also where it stops at a probe whose detector it has not.
    complete = any(one.get("entry_type") == "completion" for one in lines)
    missing = re.findall(r"detector load failed: ([\w.]+)", ended.said)
    return {"version": version, "complete": complete, "missing": missing, "rates": rates, "report": artifact}


def _failure(ended: Ended) -> OpError:
    """Why nothing was scored; all it wrote goes to the log."""
    unknown = next((line for line in ended.said.splitlines() if "Unknown " in line), None)
    if unknown is not None:
        return OpError(
            "invalid_input",
            f"garak: it knows no probe {unknown.rsplit(':', 1)[-1].strip().replace('probes.', '')}.",
            "`garak --list_probes` names them, as `encoding.InjectROT13`; `encoding` means all of its family.",
        )
    print(ended.said)
    why = "in the time it had" if ended.late else f"and ended with {ended.code}"
    return OpError(
        "failed",
        f"garak scored nothing {why}: {ended.said[-LAST_CHARACTERS:].strip()}",
        "Raise `time_budget_seconds`, or name other probes.",
    )


def _program() -> Path:
    if BUILT.is_file():
        return BUILT
    on_path = shutil.which("garak")
    if on_path is not None:
        return Path(on_path)
    raise OpError(
        "unavailable", "garak: it is not installed.", "Run `npm run setup -- --with garak`, or leave the field out."
    )


def _settings(params: AlignParams, served: ServedModel, folder: Path) -> dict[str, Any]:
    generator = {
        "uri": f"{served['url'].rstrip('/')}/",
        "temperature": 0,
        "max_tokens": params["max_tokens"],
        "seed": params["seed"],
        "stop": [],
    }
    system = {"system_prompt": params["system"]} if "system" in params else {}
    return {
        "system": {"lite": True},
        "run": {"seed": params["seed"], "generations": 1, "soft_probe_prompt_cap": MOST_PROMPTS, **system},
        "plugins": {
            "target_type": "openai.OpenAICompatible",
            "target_name": served["model"],
            "generators": {"openai": {"OpenAICompatible": generator}},
        },
        "reporting": {"report_dir": str(folder), "report_prefix": str(folder / "scan")},
    }


def _environment(folder: Path, served: ServedModel) -> dict[str, str]:
    """What garak keeps of its own stays in `folder`; no hub is asked."""
    return {
        **os.environ,
        **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("DATA", "CACHE", "CONFIG")},
        "OPENAICOMPATIBLE_API_KEY": served["key"] or "none",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "PYTHONPATH": "",
        "NO_COLOR": "1",
    }


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """A report's entries; the last line of one that was broken off may be half."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _rates(lines: list[dict[str, Any]]) -> list[AttackRate]:
    """Rates by probe and detector. What has no answer or no score is neither a success nor a failure."""
    counts: dict[str, Counter[str]] = {}
    for one in lines:
        if one.get("entry_type") != "attempt" or one.get("status") != 2:
            continue
        for detector, scores in one["detector_results"].items():
            known = counts.setdefault(f"{one['probe_classname']} by {detector}", Counter())
            for place, output in enumerate(one["outputs"]):
                score = scores[place] if place < len(scores) else None
                if output is None or score is None:
                    known["unscorable"] += 1
                else:
                    known["success" if score >= SUCCESS else "failed"] += 1
    return [_rate(name, known["success"], known["failed"], known["unscorable"]) for name, known in counts.items()]


def _rate(name: str, success: int, failed: int, unscorable: int) -> AttackRate:
    scored = success + failed
    share = success / scored if scored else None
    low, high = (None, None) if share is None else wilson(share, scored)
    return {
        "name": name,
        "success": success,
        "failed": failed,
        "unscorable": unscorable,
        "rate": share,
        "low": low,
        "high": high,
    }
