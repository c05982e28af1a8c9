import { digits, percent, table, warned } from "../../../kernel/words.ts";
import type { RegisterReport } from "./result.ts";

const shown = (value: number | null) => (value === null ? "·" : digits(value));

/** The whole result as a person reads it. */
export const words = (report: RegisterReport): string =>
  [
    ...(report.total === undefined
      ? []
      : [
          `${report.total} feature views${report.next_cursor ? `; the rest with cursor "${report.next_cursor}"` : ""}.`,
        ]),
    ...(report.views ?? []).map(
      ({ ref, source, entities, features, description, owner, stage, deprecated }) =>
        `${ref} (${stage}${deprecated === null ? "" : `, DEPRECATED: ${deprecated}`}) of ${source} by ${entities.join(", ")}: ${features.join(", ")}.${description ? ` ${description}` : ""}${owner ? ` Owner: ${owner}.` : ""}`,
    ),
    ...(report.made_from?.length ? [`Made from ${report.made_from.join(", ")}.`] : []),
    ...(report.used_by ? [`Used by ${report.used_by.join(", ") || "nothing yet"}.`] : []),
    ...(report.definition ? [JSON.stringify(report.definition)] : []),
    ...(report.changes ? (report.changes.length ? report.changes : ["The definitions are equal."]) : []),
    ...(report.drift
      ? table([
          ["feature", "drifted", "mean then", "mean now", "shift (sd)", "missing then", "missing now"],
          ...report.drift.map((one) => [
            one.feature,
            one.drifted ? "yes" : "no",
            shown(one.mean_then),
            shown(one.mean_now),
            shown(one.shift_sd),
            percent(one.missing_then),
            percent(one.missing_now),
          ]),
        ])
      : []),
    ...(report.imported ?? []).map(({ name, view }) => `${name}: registered as ${view}.`),
    ...(report.file ? [`${report.file.title}: ${report.file.path}`] : []),
    ...warned(report.warnings),
  ].join("\n");
