import { defineDomain } from "../../kernel/domain.ts";
import fairness from "./fairness.ts";

export default defineDomain({
  id: "safety",
  title: "Safety",
  description: "Find out whom a model treats worse, by how much, and what evening it out would cost.",
  tools: [fairness],
});
