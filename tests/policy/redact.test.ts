import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redact } from "../../src/policy/redact.ts";
import { clean, cleanAll } from "../../src/policy/text.ts";

describe("what is recorded", () => {
  // Patterns that look through the rest of the text from each letter would take hours over these.
  test.each(["x", "a.", "http://a:b", "x://a:", "mysql://a:", "a@b.c-", "?pwd=", "sk-"])(
    "is looked through once where a million letters are %j",
    (part) => {
      expect(redact(part.repeat(1_000_000 / part.length))).toBeTypeOf("string");
    },
  );

  test("keeps no secret, wherever it stands", () => {
    const token = `ghp_${"a1B2".repeat(9)}`;
    expect(
      redact({
        password: "hunter2",
        api_key: "k",
        nested: [{ access_token: "t", note: `use ${token} today` }],
        uri: "postgresql://ada:s3cret@db.example/x",
        header: "Bearer abcdefgh12345678",
        contact: "write to ada.lovelace@example.org",
        seed: 3,
      }),
    ).toEqual({
      password: "[redacted]",
      api_key: "[redacted]",
      nested: [{ access_token: "[redacted]", note: "use [redacted] today" }],
      uri: "postgresql://[redacted]@db.example/x",
      header: "Bearer [redacted]",
      contact: "write to [email]",
      seed: 3,
    });
  });

  test.for([
    ["https://ada:s3cret@host:5000/x", "https://[redacted]@host:5000/x"],
    ["https://s3cret@host/x", "https://[redacted]@host/x"],
    ["http://ada:s3/cret@host", "http://[redacted]@host"],
    ["http://host:5000/a/b", "http://host:5000/a/b"],
    ["http://host/a:b", "http://host/a:b"],
  ] as const)("%s is kept as %s", ([url, kept]) => void expect(redact(url)).toBe(kept));

  test("says that rows were returned, not what was in them", () => {
    expect(redact({ preview: [{ name: "Ada" }, { name: "Grace" }], rows: 2 })).toEqual({
      preview: "[2 withheld]",
      rows: 2,
    });
  });

  test("is the same when redacted again", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(redact(redact(value))).toEqual(redact(value))));
  });
});

describe("a stranger's text", () => {
  test("loses what cannot be seen", () => {
    expect(clean("in\u200bco\u202eme\u0007\ufeff")).toBe("income");
    expect(clean("two\nlines\tand a tab")).toBe("two\nlines\tand a tab");
  });

  test("is cut with the cut said", () => {
    expect(clean("abcdef", 4)).toBe("abcd… (2 more characters)");
  });

  test("is clean in every key and value, and clean text stays", () => {
    expect(cleanAll({ "a\u200b": ["\u0000b"] })).toEqual({ a: ["b"] });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => void expect(clean(clean(text))).toBe(clean(text))),
    );
  });
});
