import type { Piece } from "../../kernel/backends.ts";

/** Collects a streamed answer with the moment of each piece; the clock starts here, before the request is sent. */
export class Pieces {
  readonly #began = performance.now();
  readonly #pieces: Piece[] = [];
  readonly #onPiece: ((piece: Piece) => void) | undefined;

  constructor(onPiece: ((piece: Piece) => void) | undefined) {
    this.#onPiece = onPiece;
  }

  hear(text: string): void {
    // vLLM's first event is the role with no text: no token has come yet.
    if (text === "") return;
    const piece = { text, at_ms: performance.now() - this.#began };
    this.#pieces.push(piece);
    this.#onPiece?.(piece);
  }

  whole(): { text: string; pieces: readonly Piece[]; total_ms: number } {
    return {
      text: this.#pieces.map(({ text }) => text).join(""),
      pieces: this.#pieces,
      total_ms: performance.now() - this.#began,
    };
  }
}
