import { expect } from "vitest";
import { COLLECTION, test } from "../../support/handbook.ts";

test("debug", async ({ client }) => {
  const { text } = await client.call("ml_rag_query", { collection: COLLECTION, query: "How long is parental leave?", k: 3, answer_text: "Employees get 20 weeks of leave. Employees get 30 weeks of leave. It is 30 weeks in Bern." });
  console.log(text);
  console.log((await client.call("ml_rag_query", { collection: COLLECTION, query: "How do I bake sourdough bread?", k: 3})).text);
  console.log((await client.call("ml_rag_query", { collection: COLLECTION, query: "What of E4711?", k: 3, expand: "parent"})).text);
  expect(1).toBe(1);
});
