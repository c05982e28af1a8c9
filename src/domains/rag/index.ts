import { defineDomain } from "../../kernel/domain.ts";
import diagnose from "./diagnose.ts";
import evaluate from "./evaluate.ts";
import ingest from "./ingest.ts";
import manage from "./manage.ts";
import query from "./query.ts";

export default defineDomain({
  id: "rag",
  title: "Retrieval",
  description: "Index documents and search them by meaning and words, with citations and the reasons for each result.",
  tools: [ingest, query, evaluate, diagnose, manage],
});
