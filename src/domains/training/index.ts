import { defineDomain } from "../../kernel/domain.ts";
import checkpoint from "./checkpoint.ts";
import evaluate from "./evaluate.ts";
import experiment from "./experiment.ts";
import sweep from "./sweep.ts";
import train from "./train.ts";

export default defineDomain({
  id: "training",
  title: "Training",
  description: "Train models, measure them honestly, search their settings, and keep the runs.",
  tools: [train, evaluate, sweep, checkpoint, experiment],
});
