/** A CSV of made-up people whose `leaves` depends on tenure and plan, the same every time. */
export function people(rows: number, first = 0): string {
  const lines = Array.from({ length: rows }, (_, index) => {
    const n = first + index;
    const chance = (stream: number) => scrambled(n * 8 + stream);
    const tenure = Math.floor(chance(1) * 60);
    const plan = ["basic", "plus", "pro"][Math.floor(chance(2) * 3)] ?? "basic";
    const spend = (20 + chance(3) * 80).toFixed(2);
    const leaves = tenure < 20 + 25 * chance(4) && plan !== "pro" ? "yes" : "no";
    return `${tenure},${plan},${spend},${leaves}`;
  });
  return ["tenure,plan,spend,leaves", ...lines].join("\n");
}

/** A CSV of a year and a half of days of two shops, busier at weekends, the same every time. */
export function takings(days: number, first = 0): string {
  const lines = ["north", "south"].flatMap((shop, which) =>
    Array.from({ length: days }, (_, index) => {
      const day = new Date(Date.UTC(2024, 0, 1 + first + index));
      const weekend = day.getUTCDay() % 6 === 0 ? 30 : 0;
      const amount = 100 * (which + 1) + 0.1 * (first + index) + weekend + 4 * scrambled(index * 2 + which);
      return `${shop},${day.toISOString().slice(0, 10)},${amount.toFixed(2)}`;
    }),
  );
  return ["shop,day,amount", ...lines].join("\n");
}

/** What differs from run to run, replaced. */
export const steady = (text: string) =>
  text
    .replace(/[0-9.e-]+ s\./g, "<seconds> s.")
    .replace(/run [^\s;]+/g, "run <run>")
    .replace(/(Plot|of each row|of every series|Report of [^:]+): .*/g, "$1: <path>");

/** A number in 0..1 that looks drawn (the finaliser of MurmurHash3). */
function scrambled(n: number): number {
  const first = Math.imul(n ^ (n >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return ((second ^ (second >>> 16)) >>> 0) / 2 ** 32;
}
