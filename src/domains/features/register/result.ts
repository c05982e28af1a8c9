import { z } from "zod";
import { Artifact, newFeatureView } from "../../../kernel/fields.ts";
import { FeatureViewDefinition } from "../fields.ts";

/** One version of a feature view, as the registry tells it. */
export const ViewSummary = z
  .strictObject({
    ref: z.string(),
    source: z.string(),
    entities: z.array(z.string()),
    features: z.array(z.string()),
    description: z.string(),
    owner: z.string(),
    stage: z.string(),
    deprecated: z.string().nullable().describe("Why."),
    created: z.string(),
  })
  .meta({ id: "ViewSummary" });

/** How a feature's values moved since the view was registered. */
export const FeatureDrift = z
  .strictObject({
    feature: z.string(),
    missing_then: z.number(),
    missing_now: z.number(),
    mean_then: z.number().nullable(),
    mean_now: z.number().nullable(),
    shift_sd: z.number().nullable().describe("Of the mean, in standard deviations then."),
    drifted: z.boolean(),
  })
  .meta({ id: "FeatureDrift" });

/** A view that was read out of a Feast repository. */
export const ImportedView = z.strictObject({ name: z.string(), view: newFeatureView() }).meta({ id: "ImportedView" });

/** What ml_features_register answers; each action fills its part. */
export const RegisterReport = z.strictObject({
  action: z.string(),
  views: z.array(ViewSummary).optional(),
  total: z.int().optional(),
  next_cursor: z.string().optional(),
  definition: FeatureViewDefinition.optional(),
  used_by: z.array(z.string()).optional().describe("Datasets and models downstream."),
  made_from: z.array(z.string()).optional(),
  changes: z.array(z.string()).optional(),
  drift: z.array(FeatureDrift).optional(),
  imported: z.array(ImportedView).optional(),
  file: Artifact.optional(),
  warnings: z.array(z.string()),
});
export type RegisterReport = z.infer<typeof RegisterReport>;
