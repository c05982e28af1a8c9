import { defineDomain } from "../../kernel/domain.ts";
import card from "./card.ts";

export default defineDomain({
  id: "zoo",
  title: "Model zoo",
  description: "Know the models there are: what each is, where it came from, what it may be used for.",
  tools: [card],
});
