// The lifter's network by LiteRT, in WebAssembly on one core.

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import type { Depths } from "./pose/lifting.ts";
import { JOINTS } from "./pose/skeleton.ts";

let runtime: Promise<unknown> | undefined;

/** `script` is LiteRT's own, its WebAssembly lies beside it; `model` is a .tflite file. */
export async function loadDepths(script: string, model: Uint8Array): Promise<Depths> {
  runtime ??= loadLiteRt(script);
  await runtime;
  const compiled = await loadAndCompile(model, { accelerator: "wasm" });
  return async (pose) => {
    const input = new Tensor(Float32Array.from(pose.flat()), [1, JOINTS, 2]);
    const [output] = await compiled.run([input]);
    const depths = output!.toTypedArray().slice();
    input.delete();
    output!.delete();
    return depths;
  };
}
