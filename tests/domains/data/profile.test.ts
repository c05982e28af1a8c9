import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { z } from "zod";
import { test } from "../../support/server.ts";

const people = () => {
  const lines = Array.from({ length: 40 }, (_, i) => [i, 20 + ((i * 7) % 40), i % 8 ? "Oslo" : "", i % 4 ? "no" : "yes", i % 4 ? 0 : 1].join(","));
  return ["id,age,city,default,written_off", ...lines].join("\n");
};

describe("ml_data_profile", () => {
  test("describes each column and says what gives the target away", async ({ client, events, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), target: "default" });

    expect(answer.text.replaceAll(/\/\S+\//g, "…/")).toMatchInlineSnapshot();
    expect(answer.structured).toMatchObject({ rows: 40, columns: 5, target: { task: "classification", leakage: [{ column: "written_off" }] } });
    expect(await events()).toMatchObject([{ tool: "ml_data_profile", type: "DataPipeline", outcome: "ok" }]);
  });

  test("leaves a report that needs nothing from anywhere", async ({ client, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), detail: "full" });
    const { artifacts } = z.object({ artifacts: z.array(z.object({ path: z.string(), uri: z.string() })) }).parse(answer.structured);
    const page = readFileSync(artifacts[0]?.path ?? "", "utf8");

    expect(artifacts.map(({ uri }) => uri.split("/").at(-1))).toEqual(["profile.html", "overview.png"]);
    expect(page).not.toMatch(/<(script|link|img|iframe)|https?:/);
    expect(JSON.stringify(answer.structured).length).toBeLessThan(50_000);
  });

  test("names the nearest column", async ({ client, write }) => {
    const answer = await client.call("ml_data_profile", { dataset: write("people.csv", people()), target: "defalt" });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatchInlineSnapshot();
  });
});
