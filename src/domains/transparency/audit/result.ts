import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";
import { Entry } from "./entries.ts";
import { Bucket } from "./timeline.ts";

const Proof = z.strictObject({
  seq: z.int(),
  leaf: z.string(),
  size: z.int(),
  root: z.string(),
  path: z.array(z.string()),
});

/** What ml_transparency_audit answers; each action fills its part. */
export const AuditResult = z.strictObject({
  action: z.string(),
  events: z.array(Entry).optional(),
  total: z.int().optional().describe("Matching events."),
  next_cursor: z.string().optional(),
  ok: z.boolean().optional(),
  checked: z.int().optional(),
  first_bad: z.int().nullable().optional().describe("`seq` of the first event that is not as written."),
  problem: z.string().nullable().optional(),
  problem_kind: z.string().nullable().optional(),
  size: z.int().optional(),
  root: z.string().optional().describe("Merkle root (RFC 6962), hex."),
  signature: z.string().optional().describe("Of the newest head, Ed25519, base64."),
  public_key: z.string().optional(),
  checkpoints: z.int().optional().describe("Signed heads kept on the way."),
  timeline: z.array(Bucket).optional(),
  proof: Proof.optional(),
  file: Artifact.optional(),
  archive: z.string().nullable().optional().describe("File the old events were moved to."),
});
export type AuditResult = z.infer<typeof AuditResult>;
