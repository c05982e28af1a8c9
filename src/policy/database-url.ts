import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ToolError } from "../kernel/errors.ts";
import { isPrivate, type NetworkPolicy, privateAddress } from "./network.ts";

const SCHEME = /^postgres(?:ql)?:\/\//i;
const PORT = "5432";

/** Whether a target is a database rather than a path. */
export const isDatabaseUrl = (value: string) => SCHEME.test(value);

/**
 * A PostgreSQL address that may be connected to, with the address that was checked pinned in it, so that a name which
 * answers differently the second time gains nothing. Throws ToolError where the policy or the address forbids it; no
 * message repeats a password.
 */
export async function reachable(field: string, value: string, policy: NetworkPolicy): Promise<string> {
  if (policy.offline)
    throw new ToolError(
      "unavailable",
      `${field}: this server is offline (--offline), and the value is a database's address.`,
      "Give a file.",
    );
  if (!URL.canParse(value) || (value.match(/@/g)?.length ?? 0) > 1)
    throw new ToolError(
      "invalid_input",
      `${field}: this is no PostgreSQL address.`,
      "postgresql://user:password@host:5432/database; `@`, `/` and `:` in a password are written %40, %2F and %3A.",
    );
  const url = new URL(value);
  const unknown = [...url.searchParams.keys()].find((key) => key !== "sslmode");
  if (unknown !== undefined || url.hostname === "" || url.hostname.includes(","))
    throw new ToolError(
      "invalid_input",
      unknown === undefined
        ? `${field}: the address names no single host.`
        : `${field}: a database's address takes \`sslmode\` alone, not \`${unknown.slice(0, 40)}\`.`,
      "postgresql://user:password@host:5432/database",
    );
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const allowed =
    policy.allowHosts.includes(`${url.hostname}:${url.port || PORT}`) || policy.allowHosts.includes(url.hostname);
  const address = isIP(host) === 0 ? await resolved(field, host) : host;
  if (!allowed && isPrivate(address)) throw privateAddress(field, host);
  url.searchParams.set("hostaddr", address);
  url.searchParams.set("connect_timeout", "30");
  return url.href;
}

async function resolved(field: string, host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch {
    throw new ToolError("failed", `${field}: ${host} cannot be found.`, "Check the address and the network.");
  }
}
