import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Opening } from "./protocol.ts";

/** One open line to a process that connected. */
export interface Line {
  send(message: object): void;
  /** Called with each message after the opening, in order. */
  onMessage: (message: unknown) => void;
  onClose: () => void;
}

/** A Unix socket in a folder of its own that only this user can enter; every worker calls in on it. */
export class Switchboard {
  readonly path: string;
  readonly #folder: string;
  readonly #server: Server;
  readonly #expected = new Map<string, (line: Line, opening: Opening) => void>();
  readonly #listening: Promise<void>;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "mle-"));
    chmodSync(this.#folder, 0o700);
    this.path = join(this.#folder, `${randomBytes(4).toString("hex")}.sock`);
    this.#server = createServer((socket) => this.#answer(socket));
    this.#listening = new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.path, resolve);
    });
    this.#server.unref();
  }

  /** Resolves once workers can connect. */
  ready(): Promise<void> {
    return this.#listening;
  }

  /** Says who takes the line of the worker (or zygote) that calls itself `id`. */
  expect(id: string, take: (line: Line, opening: Opening) => void): void {
    this.#expected.set(id, take);
  }

  forget(id: string): void {
    this.#expected.delete(id);
  }

  close(): void {
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answer(socket: Socket): void {
    const line: Line = {
      send: (message) => void socket.write(`${JSON.stringify(message)}\n`),
      onMessage: () => {},
      onClose: () => {},
    };
    let opened = false;
    readLines(socket, (text) => {
      const message: unknown = JSON.parse(text);
      if (opened) return line.onMessage(message);
      const opening = Opening.safeParse(message);
      const id = opening.success ? (opening.data.type === "hello" ? opening.data.id : "zygote") : undefined;
      const take = id === undefined ? undefined : this.#expected.get(id);
      if (!opening.success || !take) return void socket.destroy();
      opened = true;
      if (id !== undefined) this.#expected.delete(id);
      take(line, opening.data);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => line.onClose());
  }
}

function readLines(socket: Socket, each: (line: string) => void): void {
  const parts: string[] = [];
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    const lines = chunk.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      each(parts.length > 0 ? parts.splice(0).join("") + line : line);
    }
    if (last !== "") parts.push(last);
  });
}
