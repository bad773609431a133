// The files that the export wrote beside the page, loaded once each.

import { Detector, type Processor } from "./detector.ts";
import { loadDepths } from "./litert.ts";
import { Completion } from "./pose/completion.ts";
import { Lifter, type Depths } from "./pose/lifting.ts";
import type { Mode } from "./pose/normalization.ts";

/** `page.json`: what the export says of itself. */
export interface Card {
  version: string;
  lifter: string; // Where the weights come from.
  normalization: { mode: Mode; distance: number };
  lifters: Record<string, string>; // Files by precision, the usual one first.
  detector: string;
}

const LITERT = "wasm/litert_wasm_compat_internal.js"; // SIMD, but not relaxed SIMD: all browsers have it.

/** WebAssembly whose one function makes a vector: it is valid where there is SIMD. */
const SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11);

/** Throws a sentence where the browser can't run the page. */
export function checkBrowser(): void {
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(SIMD)) {
    throw new Error("This browser has no WebAssembly SIMD, without which nothing can be computed "
      + "here. Update it, or take a current Chrome, Edge, Firefox or Safari.");
  }
}

async function fetchFile(name: string): Promise<Response> {
  const failed = (why: string) => new Error(`${name} can't be loaded (${why}). Reload the page; `
    + "if that does not help, export it again.");
  const response = await fetch(name).catch(() => {
    throw failed("no answer");
  });
  if (!response.ok) throw failed(`status ${response.status}`);
  return response;
}

const bytes = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetchFile(name)).arrayBuffer());

/** What a library throws, as a sentence that names the file. */
async function using<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new Error(`${name} can't be used (${reason}). Is it whole? Export the page again.`);
  }
}

export const loadCard = async (): Promise<Card> => (await fetchFile("page.json")).json();

/** The network of a precision. */
export async function loadPrecision(card: Card, precision: string): Promise<Depths> {
  const name = card.lifters[precision]!, model = await bytes(name);
  return using(name, () => loadDepths(LITERT, model));
}

export async function loadLifter(card: Card, precision: string): Promise<Lifter> {
  const [shapes, numbers, depths] = await Promise.all([
    fetchFile("completion.json").then((response) => response.json()),
    fetchFile("completion.bin").then((response) => response.arrayBuffer()),
    loadPrecision(card, precision),
  ]);
  const completion = await using("completion.bin", async () => Completion.read(shapes, numbers));
  return new Lifter(depths, completion, card.normalization.mode, card.normalization.distance);
}

export async function loadDetector(
  card: Card, people: number, processor: Processor,
): Promise<Detector> {
  const model = await bytes(card.detector);
  return using(card.detector, () => Detector.load(model, people, processor));
}
