/** Purchases of three customers, some filed late, and labels asked at instants between them. */
export const purchases = [
  "customer,bought_at,filed_at,amount,shop",
  ...Array.from({ length: 60 }, (_, i) => {
    const at = new Date(Date.UTC(2024, 0, 1 + (i % 30), i % 24));
    const filed = new Date(at.getTime() + (i % 5 === 0 ? 3 * 86_400_000 : 3_600_000));
    return [i % 3, at.toISOString(), filed.toISOString(), 10 + ((i * 7) % 50), ["north", "south"][i % 2]].join(",");
  }),
].join("\n");

export const labels = [
  "customer,asked_at,left",
  ...Array.from({ length: 12 }, (_, i) =>
    [i % 4, new Date(Date.UTC(2024, 0, 3 + i * 2, 12)).toISOString(), i % 2 ? "yes" : "no"].join(","),
  ),
].join("\n");

export const view = {
  name: "spending",
  source: "purchases",
  entities: ["customer"],
  event_time: "bought_at",
  created_time: "filed_at",
  ttl: "10d",
  features: [
    { name: "spent_7d", function: "sum", column: "amount", window: "7d" },
    { name: "visits_all", function: "count", window: "all" },
    { name: "last_amount", function: "lag", column: "amount", size: 1 },
    { name: "per_visit", expression: "spent_7d / visits_all" },
    { name: "shop" },
  ],
  tests: [{ feature: "spent_7d", rule: "between", low: 0 }],
};
