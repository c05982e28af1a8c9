// Appends events to a workspace one by one and says each number once it is written: `appender.ts <workspace> <count>`.
import { writeSync } from "node:fs";
import { z } from "zod";
import { openStore } from "../../src/store/store.ts";
import { body } from "./record.ts";

const [folder, count] = z.tuple([z.string(), z.coerce.number()]).parse(process.argv.slice(2));
const store = await openStore(folder);
for (let n = 1; n <= count; n += 1) {
  const [event] = store.events.append(body(n, { call_id: `${process.pid}-${n}` }));
  writeSync(1, `${event?.seq}\n`);
}
store.close();
