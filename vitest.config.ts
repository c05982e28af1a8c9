import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 90_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    // A test that passes without one expectation proves nothing.
    expect: { requireAssertions: true },
  },
});
