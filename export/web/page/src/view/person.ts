// A person as the page shows them now.

import type { Points } from "../pose/vector.ts";

export interface Person {
  name: string;
  pose: Points | null; // Millimetres, camera frame.
  keypoints: Points; // Pixels.
  inferred: readonly boolean[];
}
