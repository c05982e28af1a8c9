import { connect } from "/work/h/rag/tests/support/client.ts";
const fromSource = { command: process.execPath, args: ["/work/h/rag/src/main.ts", "--log-level", "warn"] };
import { readFileSync } from "node:fs";
const c = await connect("v2", { ...fromSource, env: { ML_ENGINE_WORKSPACE: "/tmp/t/ragws", ML_ENGINE_ALLOW_DIRS: "/tmp/t" } });
const qs = JSON.parse(readFileSync(`/tmp/t/faq/queries.json`, "utf8"));
const all: any[] = [];
for (const q of qs.slice(0,60)) { const at = performance.now(); const a = await c.call("ml_rag_query", { collection: "faq", query: q.text, k: 10 }); all.push({ ...a.structured["milliseconds"] as any, total: performance.now()-at }); }
const med = (k: string) => all.map(x => x[k]).sort((a,b)=>a-b)[all.length>>1];
console.log(Object.fromEntries(Object.keys(all[0]).map(k => [k, med(k)])));
await c.close();
