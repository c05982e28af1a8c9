import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ToolError } from "../kernel/errors.ts";
import { isPrivate, type NetworkPolicy, privateAddress } from "./network.ts";

const DATABASES = new Set(["postgresql:", "postgres:", "mysql:", "mariadb:"]);
const STORES = new Set(["s3:", "gs:", "az:", "hf:"]);
/** What a database's URL may set. Others (`host`, `hostaddr`, `service`, `passfile`, `options`) would lead round the policy. */
const SETTINGS = new Set(["sslmode", "connect_timeout", "application_name"]);

/** Whether `value` names a database or an object store, which a worker reads by itself once the policy has agreed. */
export const isRemote = (value: string) => /^(?:postgres(?:ql)?|mysql|mariadb|s3|gs|az|hf):\/\//i.test(value);

/** The URL as it may be shown and recorded: without user, password and settings. */
export function withoutCredentials(url: string): string {
  const { protocol, host, pathname } = parsed("source", url);
  return `${protocol}//${host}${pathname}`;
}

/**
 * Agrees to a worker reading `url`, or throws. A database's host comes from the caller and is held to the same rule as
 * any other; where an object store is comes from the person who runs the server.
 */
export async function admitRemote(field: string, url: string, policy: NetworkPolicy): Promise<void> {
  if (policy.offline)
    throw new ToolError(
      "unavailable",
      `${field}: this server is offline (--offline), and the value is a URL.`,
      "Give a file.",
    );
  const target = parsed(field, url);
  if (STORES.has(target.protocol)) return;
  for (const name of target.searchParams.keys())
    if (!SETTINGS.has(name))
      throw new ToolError(
        "refused",
        `${field}: a database's URL may not set \`${name}\`.`,
        `It may set ${[...SETTINGS].join(", ")}.`,
      );
  const host = target.hostname.replace(/^\[|\]$/g, "");
  if (host === "" || host.includes(",") || host.includes("%"))
    throw new ToolError(
      "invalid_input",
      `${field}: a database's URL names one host.`,
      "postgresql://user@host/database",
    );
  if (policy.allowHosts.includes(target.host) || policy.allowHosts.includes(target.hostname)) return;
  const addresses = isIP(host) ? [host] : (await lookup(host, { all: true }).catch(() => [])).map((one) => one.address);
  if (addresses.length === 0)
    throw new ToolError("failed", `${field}: ${host} cannot be found.`, "Check the address and the network.");
  if (addresses.some(isPrivate)) throw privateAddress(field, host);
}

function parsed(field: string, url: string): URL {
  try {
    const target = new URL(url);
    if (DATABASES.has(target.protocol) || STORES.has(target.protocol)) return target;
  } catch {
    // Answered below: the URL itself is not repeated, since it can hold a password.
  }
  throw new ToolError(
    "invalid_input",
    `${field}: this is no URL that can be read.`,
    "Percent-encode what is special in a user or password.",
  );
}
