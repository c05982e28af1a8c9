import { defineDomain } from "../../kernel/domain.ts";
import compute from "./compute.ts";
import define from "./define.ts";
import register from "./register.ts";

export default defineDomain({
  id: "features",
  title: "Features",
  description:
    "Define features once, join them to labels as they were known at the time, and look up their newest values.",
  tools: [define, compute, register],
});
