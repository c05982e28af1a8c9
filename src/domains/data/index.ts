import { defineDomain } from "../../kernel/domain.ts";
import exportData from "./export.ts";
import ingest from "./ingest.ts";
import lineage from "./lineage.ts";
import profile from "./profile.ts";
import transform from "./transform.ts";
import validate from "./validate.ts";

export default defineDomain({
  id: "data",
  title: "Data",
  description:
    "Bring tables in, check them, look at them, and reshape and split them without leakage, and hand them on.",
  tools: [ingest, validate, profile, transform, lineage, exportData],
});
