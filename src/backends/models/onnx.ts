import { closeSync, openSync, readSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { ModelFile } from "../../kernel/backends.ts";
import { ToolError } from "../../kernel/errors.ts";
import { mostOf } from "./gguf.ts";

/** Element types by number (onnx.proto3, TensorProto.DataType). */
const TYPES: Readonly<Record<number, string>> = {
  1: "F32",
  2: "U8",
  3: "I8",
  6: "I32",
  7: "I64",
  10: "F16",
  11: "F64",
  16: "BF16",
  21: "U4",
  22: "I4",
};
// Numbers of fields in onnx.proto3.
const [PRODUCER, GRAPH, INITIALIZER, DIMS, DATA_TYPE] = [2, 7, 5, 1, 2];
const [VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES] = [0, 1, 2, 5];

/** One field of a message: a number, or where in the file its bytes are. */
interface Field {
  readonly number: number;
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

/** What an ONNX model says of itself; weights are passed over, not read. */
export function readOnnx(path: string): ModelFile {
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    let [parameters, producer] = [0, "onnx"];
    const types = new Map<string, number>();
    for (const field of fields(file, 0, size)) {
      if (field.number === PRODUCER) producer = text(file, field);
      if (field.number !== GRAPH) continue;
      for (const one of fields(file, field.from, field.to)) {
        if (one.number !== INITIALIZER) continue;
        const { count, type } = tensorOf(file, one);
        parameters += count;
        types.set(type, (types.get(type) ?? 0) + count);
      }
    }
    if (types.size === 0) throw new RangeError("It has no weights.");
    return {
      path,
      format: "onnx",
      architecture: producer,
      parameters,
      bytes: size,
      quantization: mostOf(types),
      context_tokens: undefined,
      kv_bytes_per_token: undefined,
      license: undefined,
      has_chat_template: false,
    };
  } catch (error) {
    throw new ToolError(
      "invalid_input",
      `model: \`${basename(path)}\` is not a whole ONNX file.`,
      "Bring the file once more, whole.",
      error,
    );
  } finally {
    closeSync(file);
  }
}

function tensorOf(file: number, { from, to }: Field): { count: number; type: string } {
  const dims: number[] = [];
  let type = 0;
  for (const field of fields(file, from, to)) {
    if (field.number === DATA_TYPE) type = field.value;
    if (field.number !== DIMS) continue;
    if (field.to === 0) dims.push(field.value);
    // Packed: one number after the other.
    for (let at = field.from; at < field.to; ) {
      const [value, next] = varint(file, at);
      dims.push(value);
      at = next;
    }
  }
  return { count: dims.reduce((product, length) => product * length, 1), type: TYPES[type] ?? String(type) };
}

/** The fields of a message (protobuf's wire format), of those with bytes only where they are. */
function* fields(file: number, from: number, to: number): Generator<Field> {
  for (let at = from; at < to; ) {
    const [tag, after] = varint(file, at);
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === VARINT) {
      const [value, next] = varint(file, after);
      yield { number, value, from: 0, to: 0 };
      at = next;
    } else if (wire === LENGTH) {
      const [length, start] = varint(file, after);
      at = start + length;
      if (at > to) throw new RangeError("A field goes beyond its message.");
      yield { number, value: 0, from: start, to: at };
    } else if (wire === EIGHT_BYTES || wire === FOUR_BYTES) at = after + (wire === EIGHT_BYTES ? 8 : 4);
    else throw new RangeError("That is no protobuf.");
  }
}

function varint(file: number, at: number): [value: number, next: number] {
  const bytes = Buffer.alloc(10);
  const read = readSync(file, bytes, 0, 10, at);
  let value = 0;
  for (let place = 0; place < read; place += 1) {
    const byte = bytes[place] ?? 0;
    value += (byte % 128) * 128 ** place;
    if (byte < 128) return [value, at + place + 1];
  }
  throw new RangeError("A number is cut off.");
}

function text(file: number, { from, to }: Field): string {
  const bytes = Buffer.alloc(Math.min(to - from, 200));
  readSync(file, bytes, 0, bytes.length, from);
  return bytes.toString("utf8");
}
