import { defineDomain } from "../../kernel/domain.ts";
import compare from "./compare.ts";
import optimize from "./optimize.ts";
import profile from "./profile.ts";
import serve from "./serve.ts";

export default defineDomain({
  id: "inference",
  title: "Inference",
  description:
    "Serve language models on this machine or reach servers that run, and know how fast and how good they are.",
  tools: [serve, profile, compare, optimize],
});
