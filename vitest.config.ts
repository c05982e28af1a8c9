import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // To end what hangs: how long something takes is for bench/ to say.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    // A test that passes without one expectation proves nothing.
    expect: { requireAssertions: true },
  },
});
