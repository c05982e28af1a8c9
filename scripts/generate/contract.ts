import type { z } from "zod";
import { domains } from "../../src/domains/all.ts";
import { Artifact } from "../../src/kernel/fields.ts";
import { DatasetManifest, FeatureViewManifest, ModelManifest } from "../../src/kernel/manifest.ts";
import { type JsonObject, jsonSchema } from "../../src/mcp/json-schema.ts";

/** One JSON Schema a domain, holding the parameters and the result of each of its ops under `$defs`. */
export function contracts(): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>([
    [
      "manifest",
      gather([
        ["DatasetManifest", DatasetManifest],
        ["ModelManifest", ModelManifest],
        ["FeatureViewManifest", FeatureViewManifest],
        ["Artifact", Artifact],
      ]),
    ],
  ]);
  for (const domain of domains) {
    const ops = domain.tools.flatMap(({ op }) => (op ? [op] : []));
    if (ops.length === 0) continue;
    const named = ops.flatMap((op): [string, z.ZodType][] => {
      const verb = pascal(op.name.replace(/^[^.]*\./, ""));
      return [
        [`${verb}Params`, op.params],
        [`${verb}Result`, op.result],
      ];
    });
    found.set(domain.id, gather(named));
  }
  return found;
}

function gather(schemas: readonly [string, z.ZodType][]): JsonObject {
  const definitions: JsonObject = {};
  for (const [name, schema] of schemas) {
    const { $defs, ...own } = jsonSchema(schema, "output");
    Object.assign(definitions, $defs, name in Object($defs) ? {} : { [name]: own });
  }
  return { $schema: "https://json-schema.org/draft/2020-12/schema", $defs: definitions };
}

const pascal = (name: string) => name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
