// Turning and zooming the scene by pointer, touch, wheel and keys.

import type { Orbit } from "./orbit.ts";

const STEP = 0.12; // Radians a key.

export function controlOrbit(canvas: HTMLCanvasElement, orbit: Orbit, changed: () => void): void {
  const pointers = new Map<number, PointerEvent>();
  const gap = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a!.clientX - b!.clientX, a!.clientY - b!.clientY);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const wide = pointers.size === 2 ? gap() : 0;
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) orbit.magnify(gap() / Math.max(wide, 1));
    else orbit.turn((before.clientX - event.clientX) / 150, (event.clientY - before.clientY) / 150);
    changed();
  });
  for (const name of ["pointerup", "pointercancel"] as const) {
    canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    orbit.magnify(Math.exp(-event.deltaY / 600));
    changed();
  }, { passive: false });
  canvas.addEventListener("dblclick", () => {
    orbit.reset();
    changed();
  });
  const keys: Record<string, () => void> = {
    ArrowLeft: () => orbit.turn(STEP, 0),
    ArrowRight: () => orbit.turn(-STEP, 0),
    ArrowUp: () => orbit.turn(0, STEP),
    ArrowDown: () => orbit.turn(0, -STEP),
    "+": () => orbit.magnify(1.15),
    "-": () => orbit.magnify(1 / 1.15),
    "0": () => orbit.reset(),
  };
  canvas.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
    changed();
  });
}
