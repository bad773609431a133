// Builds the page into `built/`: scripts bundled, WebAssembly of npm's packages beside them.
//   built/site   what a server serves, without the lifter's own files
//   built/node   the same lifting for Node.js, and the tests

import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";

const out = "built", test = "test/vectors.test.ts"; // Tests stay in a checkout.
rmSync(out, { recursive: true, force: true });
mkdirSync(`${out}/site/wasm`, { recursive: true });

const common = {
  bundle: true, format: "esm", target: "es2022", legalComments: "linked", logLevel: "warning",
};
await build({
  ...common,
  entryPoints: { app: "src/app.ts", service_worker: "src/service_worker.ts" },
  outdir: `${out}/site`,
  minify: true,
});
await build({
  ...common,
  entryPoints: {
    lift_poses: "src/node/lift_poses.ts",
    ...(existsSync(test) && { "vectors.test": test }),
  },
  outdir: `${out}/node`,
  platform: "node",
  outExtension: { ".js": ".mjs" },
});

cpSync("static", `${out}/site`, { recursive: true });
const wasm = {
  "@litertjs/core": ["litert_wasm_compat_internal"],
  "@mediapipe/tasks-vision": ["vision_wasm_internal"],
};
for (const [name, files] of Object.entries(wasm)) {
  for (const file of files.flatMap((stem) => [`${stem}.js`, `${stem}.wasm`])) {
    cpSync(`node_modules/${name}/wasm/${file}`, `${out}/site/wasm/${file}`);
  }
}
