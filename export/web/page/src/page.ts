// The page's elements by name.

export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export const video = element<HTMLVideoElement>("video");
export const imageCanvas = element<HTMLCanvasElement>("image");
export const sceneCanvas = element<HTMLCanvasElement>("scene");

/** Says something to everybody; a failure at once, and it stays. */
export function say(text: string, failure = false): void {
  const [alert, status] = [element("alert"), element("status")];
  alert.hidden = !failure;
  alert.textContent = failure ? text : "";
  if (!failure && status.textContent !== text) status.textContent = text; // Else it is read again.
}

/** Runs something whose failure becomes a sentence on the page. */
export async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    fail(error);
  }
}

export function fail(error: unknown): void {
  say(error instanceof Error ? error.message : String(error), true);
}

/** What the settings say now. */
export const settings = () => ({
  bodyHeight: 10 * element<HTMLInputElement>("height").valueAsNumber || 1700,
  smooth: element<HTMLInputElement>("smooth").checked,
  fieldOfView: element<HTMLInputElement>("field").valueAsNumber || 60,
  people: Number(element<HTMLSelectElement>("people").value),
  precision: element<HTMLSelectElement>("precision").value,
  processor: element<HTMLSelectElement>("processor").value as "CPU" | "GPU",
});
