// Registers staged folders as datasets and says the versions: `registrar.ts <workspace> <folder>…`.
import { writeSync } from "node:fs";
import { openStore } from "../../src/store/store.ts";

const [workspace = "", ...folders] = process.argv.slice(2);
const store = await openStore(workspace);
for (const stagedFolder of folders) {
  writeSync(1, `${store.register({ kind: "dataset", stagedFolder, callId: String(process.pid) }).version}\n`);
}
store.close();
