// How long a request takes to route, the index being built already. `npm run bench -- routing`
import { domains, tools } from "../src/domains/all.ts";
import { createHint } from "../src/routing/hint.ts";
import { workflows } from "../src/workflows/index.ts";
import { median, quantile } from "./statistics.ts";

const built = performance.now();
const hint = createHint(domains, workflows);
hint("train a model");
const build_ms = performance.now() - built;
const requests = tools.flatMap(({ examples }) => examples);
const times = Array.from({ length: 20 }, () => requests)
  .flat()
  .map((request) => {
    const at = performance.now();
    hint(request);
    return performance.now() - at;
  });
process.stdout.write(
  `${JSON.stringify({ bench: "routing", requests: times.length, build_ms, request_ms: { p50: median(times), p99: quantile(times, 0.99) } }, null, 2)}\n`,
);
