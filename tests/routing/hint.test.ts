import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { domains, tools } from "../../src/domains/all.ts";
import { createHint } from "../../src/routing/hint.ts";
import { nearest } from "../../src/routing/nearest.ts";
import { workflows } from "../../src/workflows/index.ts";

const hint = createHint(domains, workflows);
const first = (request: string) => hint(request).tools[0]?.name;

test("each tool is found by requests it was not told of", () => {
  const missed: string[] = [];
  let [asked, top] = [0, 0];
  for (const tool of tools) {
    for (const example of tool.examples) {
      const without = domains.map((domain) => ({
        ...domain,
        tools: domain.tools.map((each) =>
          each === tool ? { ...each, examples: each.examples.filter((other) => other !== example) } : each,
        ),
      }));
      const ranked = createHint(without, workflows)(example).tools.map(({ name }) => name);
      asked += 1;
      if (ranked[0] === tool.name) top += 1;
      if (!ranked.slice(0, 3).includes(tool.name))
        missed.push(`${tool.name}: “${example}” went to ${ranked.join(", ") || "nothing"}`);
    }
  }
  expect(missed.length / asked, missed.join("\n")).toBeLessThanOrEqual(0.05);
  expect(top / asked, missed.join("\n")).toBeGreaterThanOrEqual(0.8);
});

test.each([
  ["train a random forest on loans.csv", "ml_training_train"],
  ["is this model fair to women?", "ml_safety_fairness"],
  ["why was this customer rejected", "ml_transparency_explain"],
  ["can I trust this csv?", "ml_data_validate"],
  ["tune hyperparameters with optuna", "ml_training_sweep"],
  ["which features matter", "ml_interpretability_importance"],
  ["show me what happened yesterday in the log", "ml_transparency_audit"],
  ["has anyone tampered with the record", "ml_transparency_audit"],
  ["compare my last two runs", "ml_training_experiment"],
  ["write a model card", "ml_zoo_card"],
  ["fine-tune llama with LoRA", "ml_llm_finetune"],
  ["convert my ShareGPT chats to OpenAI messages for training", "ml_llm_prepare"],
  ["quantize this to Q4_K_M", "ml_llm_quantize"],
  ["align my llm with DPO", "ml_llm_align"],
  ["load the parquet files in exports/ as a dataset", "ml_data_ingest"],
  ["split adult@1 into train and test, stratified", "ml_data_transform"],
  ["how accurate is churn@2 on the test set, with confidence intervals?", "ml_training_evaluate"],
  ["index our handbook for retrieval", "ml_rag_ingest"],
  ["what do our policies say about remote work?", "ml_rag_query"],
  ["why was the refund document not retrieved?", "ml_rag_diagnose"],
  ["what's in this dataset? distributions, correlations, outliers", "ml_data_profile"],
])("“%s” is for %s", (request, tool) => {
  expect(first(request)).toBe(tool);
});

test.each([
  "storage",
  "average",
  "drag",
  "train",
  "what's the weather in Paris",
  "write a poem about training my dog",
  "book a train to London",
  "translate this to French",
  "average rainfall in Spain?",
  "fix the CSS of my page",
  "order a pizza",
  "validate my parking ticket",
  "explain quantum entanglement",
  "what does the fox say",
  "find my keys",
  "index funds or bonds?",
  "split the bill",
  "who won the match last night",
  "remind me to call mum tomorrow",
  "summarise the news",
  "rename this variable in my Java class",
  "what is a good name for a cat?",
  "plan a trip to the forest with my kids",
  "",
  "🤖🤖🤖",
  "\u0000\u202e",
])("“%s” is for no tool here", (request) => {
  expect(hint(request)).toEqual({ tools: [], domain: null, workflow: null });
});

test("any text at all is answered, with scores that fall", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (request) => {
      const scores = hint(request).tools.map(({ score }) => score);
      expect(scores).toEqual([...scores].sort((a, b) => b - a));
      expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
    }),
  );
  expect(hint("train a model ".repeat(10_000)).tools.length).toBeGreaterThan(0);
});

test("says the domain, the workflow and why", () => {
  expect(hint("train a classifier to predict income from census.csv")).toMatchObject({
    domain: "training",
    workflow: "ml_training",
  });
  expect(hint("is this model fair to women?").tools[0]?.why).toMatch(/in its/);
});

describe("did you mean", () => {
  test("finds what a slip of the fingers hides", () => {
    expect(nearest("incme", ["age", "income", "outcome"])).toBe("income");
    expect(
      nearest(
        "ml_data_proflie",
        tools.map(({ name }) => name),
      ),
    ).toBe("ml_data_profile");
    expect(nearest("INCOME", ["income"])).toBe("income");
  });

  test("keeps silent where nothing is alike", () => {
    expect(nearest("zebra", ["age", "income"])).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});
