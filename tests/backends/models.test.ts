import { copyFileSync, mkdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { digestOf } from "../../src/backends/models/digest.ts";
import { defaultThreads, fitOf } from "../../src/backends/models/fit.ts";
import { kvBytesPerToken, readFolder } from "../../src/backends/models/folder.ts";
import { readGguf } from "../../src/backends/models/gguf.ts";
import { readOnnx } from "../../src/backends/models/onnx.ts";
import { isHere, smallModel } from "../support/backends.ts";
import { root, scratch } from "../support/server.ts";

const { folder, remove } = scratch();
afterAll(remove);

/** A folder of safetensors with one tensor of `bytes` bytes of data. */
function model(name: string, { bytes = 8, config = {} }: { bytes?: number; config?: object }): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "config.json"), JSON.stringify({ model_type: "llama", ...config }));
  const header = Buffer.from(JSON.stringify({ w: { dtype: "F16", shape: [2, 2], data_offsets: [0, 8] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(join(path, "model.safetensors"), Buffer.concat([length, header, Buffer.alloc(bytes)]));
  return path;
}

describe("keys and values", () => {
  // Published configurations; the bytes are 2 · layers · heads · width · 2.
  test.each([
    ["Llama-3-8B", 32, 32, 8, 4096, 131_072],
    ["Llama-2-7B", 32, 32, 32, 4096, 524_288],
    ["SmolLM2-135M", 30, 9, 3, 576, 23_040],
    ["Mistral-7B-v0.1", 32, 32, 8, 4096, 131_072],
  ])("of %s", (_, num_hidden_layers, num_attention_heads, num_key_value_heads, hidden_size, bytes) => {
    expect(kvBytesPerToken({ num_hidden_layers, num_attention_heads, num_key_value_heads, hidden_size })).toBe(bytes);
  });

  test("take half a byte and its scale in q4_0", () => {
    const settings = { context_tokens: 1000, parallel: 2 };
    const file = { bytes: 1e9, kv_bytes_per_token: 1000 };
    const at = (kv_type: "f16" | "q8_0" | "q4_0") => fitOf(file, "llamacpp", { ...settings, kv_type }, 1e9).kv_bytes;
    expect([at("f16"), at("q8_0"), at("q4_0")]).toEqual([2_000_000, 1_062_500, 562_500]);
    expect(fitOf(file, "llamacpp", { ...settings, kv_type: "f16" }, 1e9).fits).toBe(false);
    expect(fitOf(file, "llamacpp", { ...settings, kv_type: "f16" }, 2e9).fits).toBe(true);
  });
});

describe("a folder", () => {
  test("says what it is", () => {
    const path = model("whole", { config: { max_position_embeddings: 2048 } });
    expect(readFolder(path)).toMatchObject({
      format: "safetensors",
      architecture: "llama",
      parameters: 4,
      quantization: "F16",
      context_tokens: 2048,
      has_chat_template: false,
    });
  });

  test("that is quantized says how", () => {
    for (const quant_method of ["gptq", "awq"]) {
      const config = { quantization_config: { quant_method, bits: 4 } };
      expect(readFolder(model(quant_method, { config })).quantization).toBe(`${quant_method} 4-bit`);
    }
  });

  test("cut off, pickled or empty is refused", () => {
    expect(() => readFolder(model("cut", { bytes: 5 }))).toThrow("is cut off: it has");
    const pickled = join(folder, "pickled");
    mkdirSync(pickled);
    writeFileSync(join(pickled, "pytorch_model.bin"), "x");
    expect(() => readFolder(pickled)).toThrow("pickled weights, which run code");
    mkdirSync(join(folder, "empty"));
    expect(() => readFolder(join(folder, "empty"))).toThrow("holds no *.safetensors and no *.gguf");
  });
});

describe.runIf(isHere("llamacpp"))("a GGUF file", () => {
  test("says what it is without its weights being read", async () => {
    expect(await readGguf(smallModel)).toMatchObject({
      architecture: "llama",
      parameters: 134_515_008,
      bytes: 98_362_432,
      quantization: "Q4_1",
      context_tokens: 8192,
      kv_bytes_per_token: 23_040,
      license: "apache-2.0",
      has_chat_template: true,
    });
  });

  test("that is cut off is refused with both sizes", async () => {
    const cut = join(folder, "cut.gguf");
    copyFileSync(smallModel, cut);
    truncateSync(cut, statSync(cut).size - 1000);
    await expect(readGguf(cut)).rejects.toThrow("`cut.gguf` is cut off: it has 98361432 bytes of 98362");
    truncateSync(cut, 100);
    await expect(readGguf(cut)).rejects.toThrow("is cut off");
    writeFileSync(cut, "not a model");
    await expect(readGguf(cut)).rejects.toThrow("is not a whole GGUF file");
  });
});

describe("an ONNX file", () => {
  const small = join(root, ".cache/models/all-MiniLM-L6-v2/model.onnx");

  test("says what it is without its weights being read", () => {
    // The published BERT of 6 layers and 384 dimensions without its pooler: 22.57 M parameters, and a few constants.
    const found = readOnnx(small);
    expect(found).toMatchObject({ format: "onnx", quantization: "F32", bytes: statSync(small).size });
    expect(found.parameters / 22_565_376).toBeCloseTo(1, 2);
    expect(readOnnx(small.replace("v2/", "v2-int8/")).quantization).toBe("U8");
  });

  test("that is cut off or none is refused", () => {
    const cut = join(folder, "cut.onnx");
    copyFileSync(small, cut);
    truncateSync(cut, statSync(cut).size - 1000);
    expect(() => readOnnx(cut)).toThrow("`cut.onnx` is not a whole ONNX file");
    writeFileSync(cut, "not a model");
    expect(() => readOnnx(cut)).toThrow("is not a whole ONNX file");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        writeFileSync(cut, bytes);
        expect(() => readOnnx(cut)).toThrow("is not a whole ONNX file");
      }),
    );
  });
});

test("a digest is of the weights alone", async () => {
  const { signal } = new AbortController();
  const path = model("hashed", {});
  const before = await digestOf(readFolder(path), signal);
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(join(path, "README.md"), "---\ntags: [x]\nlicense: apache-2.0\n---\nlicense: none");
  expect(await digestOf(readFolder(path), signal)).toBe(before);
  expect(readFolder(path).license).toBe("apache-2.0");
  expect(await digestOf(readFolder(model("longer", { bytes: 9 })), signal)).not.toBe(before);
});

test("few cores are one thread", () => {
  expect([1, 2, 4, 8, 64].map(defaultThreads)).toEqual([1, 1, 1, 4, 32]);
});
