import { z } from "zod";

/** What each kind of action records about itself, whatever the tool. The closed union that `events` holds. */
export const ActionDetails = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("DataPipeline"),
    action: z.string(),
    dataset: z.string(),
    contains_pii: z.boolean().nullable(),
  }),
  z.strictObject({
    type: z.literal("ModelTraining"),
    framework: z.string(),
    model_type: z.string(),
    dataset: z.string(),
  }),
  z.strictObject({ type: z.literal("ModelInference"), model: z.string(), backend: z.string(), action: z.string() }),
  z.strictObject({ type: z.literal("RagQuery"), query_type: z.string(), collection: z.string(), top_k: z.int() }),
  z.strictObject({ type: z.literal("EvaluationRun"), evaluator: z.string(), scope: z.string(), count: z.int().min(0) }),
  z.strictObject({
    type: z.literal("ResearchAction"),
    action: z.string(),
    source: z.string(),
    query: z.string().optional(),
  }),
]);
export type ActionDetails = z.infer<typeof ActionDetails>;
export type ActionType = ActionDetails["type"];

/** The fields a tool of one action type supplies; the type itself comes from its definition. */
export type DetailsOf<T extends ActionType> = T extends ActionType
  ? Omit<Extract<ActionDetails, { type: T }>, "type">
  : never;

/** One thing that could have been chosen. Scores of one decision share a scale and a direction, said in `rationale`. */
export const Alternative = z.strictObject({ name: z.string(), score: z.number().nullable() });

const chosen = {
  alternatives: z.array(Alternative).describe("Everything considered, the choice included, best first."),
  rationale: z.string(),
};

/** A choice the system made or was told to make, recorded with what else it could have been. */
export const Decision = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("ModelSelection"), selected: z.string(), task: z.string(), ...chosen }),
  z.strictObject({ type: z.literal("RetrievalStrategy"), strategy: z.string(), ...chosen }),
  z.strictObject({
    type: z.literal("SafetyOverride"),
    rule: z.string(),
    reason: z.string(),
    by: z.string(),
    ...chosen,
  }),
  z.strictObject({
    type: z.literal("EvaluationJudgement"),
    evaluator: z.string(),
    subject: z.string(),
    verdict: z.string(),
    ...chosen,
  }),
]);
export type Decision = z.infer<typeof Decision>;
export type DecisionType = Decision["type"];

/** How a call ended. `started` is the first record of a job; its end is a second one. */
export const Outcome = z.enum(["ok", "error", "refused", "cancelled", "started"]);
export type Outcome = z.infer<typeof Outcome>;

/** What a workspace keeps by name and version. */
export const ASSET_KINDS = ["dataset", "model", "feature_view"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

/** A dataset, model or other named thing at one version, as lineage knows it. */
export const AssetRef = z.strictObject({
  kind: z.enum([...ASSET_KINDS, "file"]),
  name: z.string(),
  version: z.int().nullable(),
  hash: z.string().nullable(),
});
export type AssetRef = z.infer<typeof AssetRef>;

/** JSON, of which a row is made in one go: to walk through all of it again would cost more than the rest of the record. */
const Json = z.custom<z.core.util.JSONType>((value) => value !== undefined);

/** One row of the record before it is chained: an action, or a decision made during one. */
export const EventBody = z.strictObject({
  call_id: z.string(),
  tool: z.string(),
  outcome: Outcome,
  run_id: z.string().nullable(),
  trace_id: z.string().describe("32 hex digits, W3C Trace Context."),
  span_id: z.string().describe("16 hex digits, W3C Trace Context."),
  duration_ms: z.number().nullable(),
  params: Json.describe("The call's parameters after redaction."),
  result: Json.describe("The structured result after redaction and capping; null where there is none."),
  error: z.strictObject({ kind: z.string(), message: z.string() }).nullable(),
  inputs: z.array(AssetRef),
  outputs: z.array(AssetRef),
  details: z.union([ActionDetails, Decision]),
});
export type EventBody = z.infer<typeof EventBody>;

/** A row of `events`. `hash` = SHA-256 of the RFC 8785 form of every other field, `prev_hash` among them. */
export interface EventRow {
  readonly seq: number;
  readonly time: string;
  readonly kind: "action" | "decision";
  readonly type: ActionType | DecisionType;
  readonly tool: string;
  readonly outcome: Outcome;
  readonly call_id: string;
  readonly run_id: string | null;
  readonly body: EventBody;
  readonly prev_hash: string;
  readonly hash: string;
}
