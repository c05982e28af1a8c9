import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Signs tree heads (Ed25519) with a key that lies outside the database. */
export class Signer {
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  constructor(folder: string) {
    this.#private = createPrivateKey(readOrMake(folder));
    this.#public = createPublicKey(this.#private);
  }

  get publicKey(): string {
    return this.#public.export({ type: "spki", format: "pem" }).toString();
  }

  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#private).toString("base64");
  }

  verifies(text: string, signature: string): boolean {
    return verify(null, Buffer.from(text), this.#public, Buffer.from(signature, "base64"));
  }
}

/** Two servers starting at once settle on one key: whoever links its file first. */
function readOrMake(folder: string): string {
  const path = join(folder, "audit.key");
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const aside = `${path}.${process.pid}`;
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(aside, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    try {
      linkSync(aside, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  }
  return readFileSync(path, "utf8");
}
