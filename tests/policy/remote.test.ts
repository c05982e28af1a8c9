import { describe, expect, test } from "vitest";
import { redact } from "../../src/policy/redact.ts";
import { admitRemote, isRemote, withoutCredentials } from "../../src/policy/remote.ts";

const online = { offline: false, allowHosts: [] };
const refusal = (url: string, policy: { offline: boolean; allowHosts: readonly string[] } = online) =>
  admitRemote("source", url, policy).then(
    () => "admitted",
    (error: unknown) => String(error),
  );

describe("databases and object stores", () => {
  test("are told from files and pages by their scheme", () => {
    for (const url of ["postgresql://h/d", "mysql://h/d", "s3://b/k", "gs://b/k", "az://c/k", "hf://datasets/o/n"])
      expect(isRemote(url)).toBe(true);
    for (const other of ["https://h/f.csv", "loans.csv", "/data/postgresql.csv", "sample:iris", "file:///etc/passwd"])
      expect(isRemote(other)).toBe(false);
  });

  test("are held to the rule of private addresses, whose exceptions are the server's", async () => {
    for (const host of ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]"])
      expect(await refusal(`postgresql://ada:s3cret@${host}/shop`)).toContain("is an address of a private network");
    expect(await refusal("postgresql://127.0.0.1:5432/shop", { offline: false, allowHosts: ["127.0.0.1:5432"] })).toBe(
      "admitted",
    );
    expect(await refusal("mysql://93.184.216.34/shop")).toBe("admitted");
    expect(await refusal("s3://bucket/key")).toBe("admitted");
    expect(await refusal("s3://bucket/key", { offline: true, allowHosts: [] })).toContain("offline");
  });

  test("cannot be led elsewhere by what their URL sets", async () => {
    for (const [setting, value] of [
      ["host", "127.0.0.1"],
      ["hostaddr", "127.0.0.1"],
      ["service", "x"],
      ["passfile", "/etc/passwd"],
      ["options", "-c default_transaction_read_only=off"],
    ])
      expect(await refusal(`postgresql://93.184.216.34/shop?${setting}=${encodeURIComponent(value ?? "")}`)).toContain(
        `may not set \`${setting}\``,
      );
    expect(await refusal("postgresql://93.184.216.34/shop?sslmode=require")).toBe("admitted");
    for (const url of ["postgresql:///shop", "postgresql://a.example,127.0.0.1/shop", "postgresql://%2Ftmp/shop"])
      expect(await refusal(url)).not.toBe("admitted");
  });

  test("keep their passwords to themselves", async () => {
    const url = "postgresql://ada:s3cr/et@127.0.0.1:99999/shop";
    expect(await refusal(url)).not.toContain("s3cr");
    expect(withoutCredentials("postgresql://ada:s3cret@db.example:5432/shop?sslmode=require")).toBe(
      "postgresql://db.example:5432/shop",
    );
    expect(redact("postgresql://ada:p@ss@db.example/shop?password=x1&sslmode=require")).toBe(
      "postgresql://[redacted]@db.example/shop?password=[redacted]&sslmode=require",
    );
    expect(redact("postgresql://:s3cret@db.example/shop")).toBe("postgresql://[redacted]@db.example/shop");
  });
});
