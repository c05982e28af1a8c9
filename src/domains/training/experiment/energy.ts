import { z } from "zod";
import type { Run } from "../../../kernel/ports.ts";

/** Power of a core at work and of a GiB of memory, in watts: what Green Algorithms takes where it knows no more. */
const [CORE_WATTS, GIB_WATTS] = [12, 0.3725];

const Hardware = z.object({ hardware: z.object({ cores: z.number(), memory_bytes: z.number() }) });

/**
 * How long a run took, in seconds, and how much energy it took at most, in Wh: every core at work and all memory in use the
 * whole time, the machine's cooling left out (Lannelongue, Grealey & Inouye 2021). Null where it is not known.
 */
export function effort({ started, ended, info }: Run): { duration_seconds: number | null; energy_wh: number | null } {
  if (ended === null) return { duration_seconds: null, energy_wh: null };
  const seconds = (Date.parse(ended) - Date.parse(started)) / 1000;
  const known = Hardware.safeParse(info);
  if (!known.success) return { duration_seconds: seconds, energy_wh: null };
  const { cores, memory_bytes } = known.data.hardware;
  const watts = cores * CORE_WATTS + (memory_bytes / 2 ** 30) * GIB_WATTS;
  return { duration_seconds: seconds, energy_wh: Number(((watts * seconds) / 3600).toPrecision(3)) };
}
