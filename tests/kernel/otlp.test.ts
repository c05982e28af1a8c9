import { expect, test } from "vitest";
import { toOtlp } from "../../src/kernel/otlp.ts";
import type { Decision, EventRow } from "../../src/kernel/record.ts";
import { body } from "../support/record.ts";

const row = (seq: number, part: Partial<EventRow> = {}): EventRow => ({
  seq,
  time: "2026-01-02T03:04:05.678Z",
  kind: "action",
  type: "DataPipeline",
  tool: "ml_data_ingest",
  outcome: "ok",
  call_id: "call-1",
  run_id: null,
  body: body(1),
  prev_hash: "0".repeat(64),
  hash: "a".repeat(64),
  ...part,
});

test("a call and its decision are a span and its event, in OpenTelemetry's names", () => {
  const details: Decision = {
    type: "ModelSelection",
    selected: "svm",
    task: "classification",
    alternatives: [{ name: "svm", score: 0.9 }],
    rationale: "best",
  };
  const events = [
    row(1, { outcome: "started" }),
    row(2, { run_id: "run-1", body: body(1, { error: { kind: "timeout", message: "too long" } }), outcome: "error" }),
    row(3, { kind: "decision", type: "ModelSelection", body: body(1, { details }) }),
  ];

  expect(toOtlp(events)).toMatchInlineSnapshot(`
    {
      "resourceSpans": [
        {
          "resource": {
            "attributes": [
              {
                "key": "service.name",
                "value": {
                  "stringValue": "ml-engine",
                },
              },
            ],
          },
          "scopeSpans": [
            {
              "scope": {
                "name": "ml-engine",
              },
              "spans": [
                {
                  "attributes": [
                    {
                      "key": "gen_ai.operation.name",
                      "value": {
                        "stringValue": "execute_tool",
                      },
                    },
                    {
                      "key": "gen_ai.tool.name",
                      "value": {
                        "stringValue": "ml_data_ingest",
                      },
                    },
                    {
                      "key": "gen_ai.tool.type",
                      "value": {
                        "stringValue": "function",
                      },
                    },
                    {
                      "key": "gen_ai.tool.call.id",
                      "value": {
                        "stringValue": "call-1",
                      },
                    },
                    {
                      "key": "ml_engine.action",
                      "value": {
                        "stringValue": "DataPipeline",
                      },
                    },
                    {
                      "key": "ml_engine.outcome",
                      "value": {
                        "stringValue": "error",
                      },
                    },
                    {
                      "key": "ml_engine.event.seq",
                      "value": {
                        "intValue": "2",
                      },
                    },
                    {
                      "key": "ml_engine.event.hash",
                      "value": {
                        "stringValue": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                      },
                    },
                    {
                      "key": "ml_engine.run.id",
                      "value": {
                        "stringValue": "run-1",
                      },
                    },
                    {
                      "key": "error.type",
                      "value": {
                        "stringValue": "timeout",
                      },
                    },
                  ],
                  "endTimeUnixNano": "1767323045678000000",
                  "events": [
                    {
                      "attributes": [
                        {
                          "key": "ml_engine.decision.type",
                          "value": {
                            "stringValue": "ModelSelection",
                          },
                        },
                        {
                          "key": "ml_engine.decision.selected",
                          "value": {
                            "stringValue": "svm",
                          },
                        },
                        {
                          "key": "ml_engine.decision.task",
                          "value": {
                            "stringValue": "classification",
                          },
                        },
                        {
                          "key": "ml_engine.decision.alternatives",
                          "value": {
                            "stringValue": "[{"name":"svm","score":0.9}]",
                          },
                        },
                        {
                          "key": "ml_engine.decision.rationale",
                          "value": {
                            "stringValue": "best",
                          },
                        },
                      ],
                      "name": "ModelSelection",
                      "timeUnixNano": "1767323045678000000",
                    },
                  ],
                  "kind": 1,
                  "name": "execute_tool ml_data_ingest",
                  "spanId": "0000000000000001",
                  "startTimeUnixNano": "1767323045676500000",
                  "status": {
                    "code": 2,
                    "message": "timeout",
                  },
                  "traceId": "00000000000000000000000000000001",
                },
              ],
            },
          ],
        },
      ],
    }
  `);
});

test("a moment is kept to the nanosecond and a call without decisions has none", () => {
  expect(toOtlp([row(1)])).toMatchObject({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                startTimeUnixNano: "1767323045676500000",
                endTimeUnixNano: "1767323045678000000",
                events: [],
                status: { code: 1 },
              },
            ],
          },
        ],
      },
    ],
  });
});
