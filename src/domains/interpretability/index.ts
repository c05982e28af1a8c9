import { defineDomain } from "../../kernel/domain.ts";
import importance from "./importance.ts";

export default defineDomain({
  id: "interpretability",
  title: "Interpretability",
  description: "See which inputs a model leans on, how, and how far such answers can be believed.",
  tools: [importance],
});
