import { lookup } from "node:dns";
import { createWriteStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ToolError } from "../kernel/errors.ts";

const MAX_REDIRECTS = 5;
const MAX_BYTES = 20 * 2 ** 30;

/** Addresses that are this machine, its network or a cloud's metadata: never a stranger's data. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv4");
for (const [net, bits] of [
  ["::", 127],
  ["64:ff9b::", 96],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
  ["::ffff:0:0", 96],
] as const)
  PRIVATE.addSubnet(net, bits, "ipv6");

export interface NetworkPolicy {
  readonly offline: boolean;
  /** `host` or `host:port` that may be fetched from though its address is private. */
  readonly allowHosts: readonly string[];
}

export const isUrl = (value: string) => /^https?:\/\//i.test(value);

/**
 * Fetches a URL into a file. The address is checked when the connection is made, not before, so a name that answers
 * differently the second time gains nothing; each redirect is checked anew.
 */
export async function download(
  field: string,
  url: string,
  to: string,
  policy: NetworkPolicy,
  signal: AbortSignal,
): Promise<void> {
  if (policy.offline)
    throw new ToolError(
      "unavailable",
      `${field}: this server is offline (--offline), and the value is a URL.`,
      "Give a file.",
    );
  let target = new URL(url);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await get(field, target, policy, signal);
    const status = response.statusCode ?? 0;
    if (status >= 300 && status < 400 && response.headers.location !== undefined) {
      response.resume();
      target = new URL(response.headers.location, target);
      continue;
    }
    if (status !== 200) {
      response.resume();
      throw new ToolError("failed", `${field}: ${target.host} answered ${status}.`, "Check the address.");
    }
    await pipeline(response, capped(field), createWriteStream(to, { mode: 0o600 }), { signal });
    return;
  }
  throw new ToolError("failed", `${field}: more than ${MAX_REDIRECTS} redirects.`);
}

function get(field: string, url: URL, policy: NetworkPolicy, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new ToolError("refused", `${field}: only http and https are fetched, not ${url.protocol}`);
  const allowed = policy.allowHosts.includes(url.host) || policy.allowHosts.includes(url.hostname);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowed && isIP(literal) !== 0 && isPrivate(literal)) throw privateAddress(field, url.hostname);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        signal,
        lookup: allowed ? lookup : checkedLookup(field),
        headers: { "user-agent": "ml-engine" },
        timeout: 30_000,
      },
      resolve,
    );
    sent.on("timeout", () =>
      sent.destroy(new ToolError("timeout", `${field}: ${url.host} did not answer within 30 seconds.`)),
    );
    sent.on("error", (error) =>
      reject(
        error instanceof ToolError
          ? error
          : new ToolError("failed", `${field}: ${url.host} cannot be reached.`, "Check the address and the network."),
      ),
    );
    sent.end();
  });
}

const checkedLookup =
  (field: string): LookupFunction =>
  (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const first = addresses[0];
      if (first === undefined || addresses.some(({ address }) => isPrivate(address)))
        return callback(privateAddress(field, hostname), "", 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });

/** Whether an address belongs to this machine, its network or a cloud's metadata. */
export const isPrivate = (address: string) => PRIVATE.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/** The refusal of such an address, and who can lift it. */
export const privateAddress = (field: string, host: string) =>
  new ToolError(
    "refused",
    `${field}: ${host} is an address of a private network.`,
    "The person who runs the server can allow it with --allow-host.",
  );

function capped(field: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(
        bytes > MAX_BYTES ? new ToolError("invalid_input", `${field}: more than ${MAX_BYTES / 2 ** 30} GiB.`) : null,
        chunk,
      );
    },
  });
}
