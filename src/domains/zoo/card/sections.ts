import type { Card, Field, Section } from "./blocks.ts";
import { completeness } from "./blocks.ts";
import { evaluationData, factors, metrics, trainingData } from "./data.ts";
import type { Facts } from "./facts.ts";
import { analyses, ethics, reliance } from "./findings.ts";
import { evaluateBy, isLanguage, summary } from "./kinds.ts";

/** A card with the sections of Mitchell et al. 2019, filled from what is known and from nothing else. */
export function compose(facts: Facts): Card {
  const { manifest, asset } = facts;
  const sections = [
    details(facts),
    { title: "Intended use", fields: [said("Intended use", facts.said.intended_use, "intended_use")] },
    factors(facts),
    metrics(facts),
    evaluationData(facts),
    trainingData(facts),
    analyses(facts),
    reliance(facts),
    ethics(facts),
    caveats(facts),
    use(facts),
    provenance(facts),
  ];
  return {
    title: asset.ref,
    summary: summary(manifest),
    badges: [
      manifest.task,
      manifest.family.replaceAll("_", " "),
      manifest.framework,
      ...(facts.fairness
        ? [`four-fifths rule: ${facts.fairness.result.verdict.verdict}`].filter(
            () => facts.fairness?.result.verdict.rule === "four-fifths rule",
          )
        : []),
    ],
    sections,
    completeness: completeness(sections),
  };
}

/** A field that only a person can give, marked as theirs. */
const said = (name: string, text: string | undefined, parameter: string): Field => ({
  name,
  blocks: text ? [{ kind: "text", text }] : [],
  how: `Give \`${parameter}\` when writing the card.`,
  source: text ? "as stated by the person who asked for this card" : undefined,
});

function details({ asset, manifest, run, said: { license, contact } }: Facts): Section {
  const params = Object.entries(manifest.params);
  return {
    title: "Model details",
    fields: [
      {
        name: "Identity",
        blocks: [
          {
            kind: "facts",
            rows: [
              ["Model", asset.ref],
              ["Registered", asset.created],
              ["Type", manifest.model_type],
              ["Family", manifest.family],
              ["Framework", manifest.framework],
              ["File format", manifest.format],
              ["Task", manifest.task],
              ...(manifest.target ? [["Target", manifest.target] as const] : []),
              ...(manifest.base ? [["Made from", manifest.base] as const] : []),
              ...(manifest.classes.length ? [["Classes", manifest.classes.slice(0, 30).join(", ")] as const] : []),
              ...(manifest.positive === null ? [] : [["Positive class", manifest.positive] as const]),
            ],
          },
        ],
        how: "",
      },
      {
        name: "Settings",
        blocks: [
          {
            kind: "text",
            text: params.length
              ? params.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ")
              : "The family's defaults.",
          },
          { kind: "facts", rows: [["Seed", String(manifest.seed)], ...Object.entries(manifest.environment)] },
        ],
        how: "",
      },
      {
        name: "Training run",
        blocks: run
          ? [
              {
                kind: "facts",
                rows: [
                  ["Run", run.id],
                  ["Experiment", run.experiment],
                  ["Status", run.status],
                  ["Started", run.started],
                  ...(run.ended === null ? [] : [["Ended", run.ended] as const]),
                ],
              },
            ]
          : [],
        how: "Train in this workspace, so that the run is kept.",
      },
      said("License", license, "license"),
      said("Contact", contact, "contact"),
    ],
  };
}

function caveats({ manifest, said: { limitations }, evaluation, fairness, importance }: Facts): Section {
  const warnings = [...new Set([evaluation, fairness, importance].flatMap((one) => one?.result.warnings ?? []))];
  const looked = [evaluation, fairness, importance].some((one) => one !== undefined);
  return {
    title: "Caveats and recommendations",
    fields: [
      said("Limitations", limitations, "limitations"),
      {
        name: "Warnings of the evaluations",
        blocks: looked
          ? [
              warnings.length
                ? { kind: "list", items: warnings }
                : { kind: "text", text: "The recorded evaluations gave no warning." },
            ]
          : [],
        how: evaluateBy(manifest),
      },
    ],
  };
}

function use({ asset, manifest }: Facts): Section {
  if (isLanguage(manifest))
    return {
      title: "How to use",
      fields: [
        {
          name: "Serve it and ask it",
          blocks: [
            { kind: "text", text: "Call ml_inference_serve with this, then with action `chat` or `generate`:" },
            { kind: "code", text: JSON.stringify({ action: "start", model: asset.ref }, null, 2) },
          ],
          how: "",
        },
      ],
    };
  const call = JSON.stringify({ model: asset.ref, dataset: "<rows with the columns above>", row: 0 }, null, 2);
  const example = manifest.example[0];
  return {
    title: "How to use",
    fields: [
      {
        name: "Predict and explain a row",
        blocks: [
          { kind: "text", text: "Call ml_transparency_explain with:" },
          { kind: "code", text: call },
        ],
        how: "",
      },
      {
        name: "Example input",
        blocks: example ? [{ kind: "code", text: JSON.stringify(example, null, 2) }] : [],
        how: "Train with a newer version.",
      },
    ],
  };
}

function provenance({ asset, manifest, training, evaluation, fairness, importance, profile, lineage }: Facts): Section {
  const records = [training, evaluation?.event, fairness?.event, importance?.event, profile?.event].flatMap((event) =>
    event ? [[String(event.seq), event.tool, event.time, event.hash] as const] : [],
  );
  return {
    title: "Provenance",
    fields: [
      {
        name: "Files",
        blocks: [
          { kind: "table", head: ["File", "SHA-256"], rows: Object.entries(manifest.files) },
          { kind: "facts", rows: [["Model hash", asset.hash]] },
        ],
        how: "",
      },
      {
        name: "Records",
        blocks: records.length
          ? [
              { kind: "table", head: ["Event", "Tool", "Time", "Hash"], rows: records },
              {
                kind: "text",
                text: "ml_transparency_audit with action `verify` checks that these records are as they were written.",
              },
            ]
          : [],
        how: "Train in this workspace.",
      },
      {
        name: "Lineage",
        blocks: lineage.length
          ? [
              {
                kind: "list",
                items: [...new Set(lineage.map(({ from, to, tool }) => `${name(from)} → ${name(to)} by ${tool}`))],
              },
            ]
          : [],
        how: "Train in this workspace.",
      },
    ],
  };
}

const name = ({ name, version }: { name: string; version: number | null }) =>
  version === null ? name : `${name}@${version}`;
