// The colours of the page's theme, for its canvases.

import type { Side } from "../pose/skeleton.ts";

export type Colours = Record<Side | "panel" | "text" | "faint" | "floor" | "grid" | "shadow", string>;

const NAMES = [
  "left", "right", "middle", "panel", "text", "faint", "floor", "grid", "shadow",
] as const;

export function themeColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}
