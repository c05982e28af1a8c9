/** Between JavaScript's UTF-16 offsets and the code points that other languages count; free where a text has no pairs. */
export class CodePoints {
  /** UTF-16 offsets of the second halves of surrogate pairs, ascending. */
  readonly #seconds: readonly number[];
  readonly length: number;

  constructor(text: string) {
    this.#seconds = [...text.matchAll(/[\u{10000}-\u{10ffff}]/gu)].map(({ index }) => index + 1);
    this.length = text.length - this.#seconds.length;
  }

  /** The code point at a UTF-16 offset. */
  at(offset: number): number {
    return offset - this.#before((second) => second < offset);
  }

  /** The UTF-16 offset of a code point. */
  offset(point: number): number {
    return point + this.#before((second, pairs) => second - pairs - 1 < point);
  }

  /** How many of the ascending halves are `left`; these come first. */
  #before(left: (second: number, pairs: number) => boolean): number {
    let [low, high] = [0, this.#seconds.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const second = this.#seconds[middle];
      if (second !== undefined && left(second, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
