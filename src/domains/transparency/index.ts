import { defineDomain } from "../../kernel/domain.ts";
import audit from "./audit.ts";
import explain from "./explain.ts";

export default defineDomain({
  id: "transparency",
  title: "Transparency",
  description: "Explain single decisions, and prove from the record what was done.",
  tools: [explain, audit],
});
