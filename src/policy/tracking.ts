import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { pathToFileURL } from "node:url";
import { ToolError } from "../kernel/errors.ts";
import { isPrivate, isUrl, type NetworkPolicy, privateAddress } from "./network.ts";
import type { AllowedPaths } from "./paths.ts";

const KINDS = "sqlite:///runs.db, a folder, or the http:// or https:// address of a tracking server.";

/**
 * An MLflow store that may be opened: a database or folder where files may be written, or a tracking server the policy
 * agrees to. The addresses that were checked are pinned in the URL's fragment, which is never sent, so that a name
 * which answers differently the second time gains nothing. No message repeats a user or password.
 */
export async function trackingStore(
  field: string,
  value: string,
  policy: NetworkPolicy,
  paths: AllowedPaths,
): Promise<string> {
  if (isUrl(value)) return server(field, value, policy);
  const [, scheme, path] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(value) ?? [];
  if (scheme === undefined || path === undefined) return pathToFileURL(paths.target(field, value)).href;
  if (scheme.toLowerCase() === "file") return pathToFileURL(paths.target(field, path)).href;
  if (scheme.toLowerCase() !== "sqlite")
    throw new ToolError("invalid_input", `${field}: \`${scheme}://\` is no MLflow store known here.`, `Give ${KINDS}`);
  if (!/^\/[^?#]+$/s.test(path))
    throw new ToolError(
      "invalid_input",
      `${field}: \`${value.slice(0, 200)}\` is no SQLite address: it has three slashes, a path, and no \`?\` or \`#\`.`,
      "sqlite:///runs.db lies in the workspace's exports; sqlite:////data/runs.db has an absolute path.",
    );
  return `sqlite:///${paths.target(field, path.slice(1))}`;
}

async function server(field: string, value: string, policy: NetworkPolicy): Promise<string> {
  if (policy.offline)
    throw new ToolError(
      "unavailable",
      `${field}: this server is offline (--offline), and the value is a URL.`,
      "Give sqlite:///runs.db or a folder.",
    );
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const halved = url !== undefined && (url.username === "") !== (url.password === "");
  if (url === undefined || halved || url.search !== "" || url.hash !== "" || (value.match(/@/g)?.length ?? 0) > 1)
    throw new ToolError(
      "invalid_input",
      `${field}: this is no address of a tracking server.`,
      "https://user:password@host:5000; `@`, `/`, `#` and `:` in a password are written %40, %2F, %23 and %3A; there is no `?`.",
    );
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) ? [host] : (await lookup(host, { all: true }).catch(() => [])).map((one) => one.address);
  if (addresses.length === 0)
    throw new ToolError("failed", `${field}: ${host} cannot be found.`, "Check the address and the network.");
  const allowed = policy.allowHosts.includes(url.host) || policy.allowHosts.includes(url.hostname);
  if (!allowed && addresses.some(isPrivate)) throw privateAddress(field, host);
  url.hash = addresses.join(",");
  return url.href;
}
