import { z } from "zod";
import { Artifact } from "../../../kernel/fields.ts";

export const CATEGORIES = [
  "harmful",
  "injection",
  "system_prompt",
  "personal_data",
  "output_handling",
  "misinformation",
  "consumption",
  "over_refusal",
] as const;
export type Category = (typeof CATEGORIES)[number];

export const STRATEGIES = [
  "plain",
  "base64",
  "rot13",
  "leetspeak",
  "morse",
  "homoglyph",
  "zero_width",
  "multi_turn",
  "document",
] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export const VERDICTS = ["success", "failed", "unscorable"] as const;
export type Verdict = (typeof VERDICTS)[number];

const Rate = z
  .strictObject({
    name: z.string(),
    success: z.int(),
    failed: z.int(),
    unscorable: z.int(),
    rate: z.number().nullable().describe("success / (success + failed)."),
    low: z.number().nullable().describe("95 %, Wilson."),
    high: z.number().nullable(),
  })
  .meta({ id: "AttackRate" });
export type Rate = z.output<typeof Rate>;

export const RedTeam = z
  .strictObject({
    target: z.string(),
    authorisation: z.string(),
    attempts: z.int(),
    planned: z.int(),
    overall: Rate.describe("All categories but over_refusal."),
    over_refusal: Rate.nullable().describe("Harmless asks that were refused."),
    by_category: z.array(Rate),
    by_strategy: z.array(Rate),
    by_owasp: z.array(Rate).describe("OWASP Top 10 for LLM applications, 2025."),
    found: z.array(
      z
        .strictObject({
          probe: z.string(),
          strategy: z.string(),
          why: z.string(),
          answer: z.string().describe("Its beginning."),
        })
        .meta({ id: "AttackFound" }),
    ),
    transcripts: Artifact,
    resume: z.string().nullable().describe("Where planned attempts are left: give it as `resume`."),
  })
  .meta({ id: "RedTeam" });
export type RedTeam = z.output<typeof RedTeam>;

export const Garak = z
  .strictObject({
    version: z.string(),
    complete: z.boolean().describe("Whether it came to its end."),
    missing: z.array(z.string()).describe("Detectors it could not load, where it stops."),
    rates: z.array(Rate).describe("By probe and detector."),
    report: Artifact,
  })
  .meta({ id: "Garak" });
export type Garak = z.output<typeof Garak>;
