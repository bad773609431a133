// The page: its buttons, keys and files, and what it says.

import { checkBrowser, loadCard, loadLifter, loadPrecision, type Card } from "./loading.ts";
import { attempt, element, fail, imageCanvas, say, sceneCanvas, settings, video } from "./page.ts";
import { Player } from "./player.ts";
import { saveBvh, saveJson, savePicture } from "./save.ts";
import type { Facing } from "./source/camera.ts";
import { isPhoto } from "./source/media_file.ts";
import { themeColours } from "./view/colours.ts";
import { controlOrbit } from "./view/controls.ts";
import { describe } from "./view/describe.ts";

const REPORT_MS = 500;

async function start(): Promise<void> {
  checkBrowser();
  const card = await loadCard();
  const choices = Object.keys(card.lifters).map((name) => new Option(name, name));
  element<HTMLSelectElement>("precision").replaceChildren(...choices);
  element("camera-field").hidden = card.normalization.mode !== "camera";
  element("about").textContent = `${card.lifter}; synpose_tf ${card.version}`;
  const player = new Player(card, await loadLifter(card, settings().precision), fail);
  connect(player, card);
  for (const button of document.querySelectorAll("button")) button.disabled = false;
  document.documentElement.dataset["ready"] = "true";
  say("Ready. Open the camera, or a video, a photo or a file of keypoints.");
}

function connect(player: Player, card: Card): void {
  let facing: Facing = "user";
  const open = (files: readonly File[]) => attempt(async () => {
    const [file] = files;
    if (!file) return;
    say(`Opening ${file.name} …`);
    if (/\.json$/i.test(file.name)) await player.keypoints(files);
    else if (isPhoto(file)) await player.photo(file);
    else await player.video(file);
    say(`${file.name} is open. Press R to have the pose read out.`);
  });
  const camera = async () => {
    const name = facing === "user" ? "front camera" : "back camera";
    say(`Opening the ${name} …`);
    await player.camera(facing);
    say(`The ${name} is open.`);
  };
  const actions: Record<string, () => unknown> = {
    camera: () => camera(),
    flip: () => {
      facing = facing === "user" ? "environment" : "user";
      return camera();
    },
    open: () => element("file").click(),
    pause: () => {
      player.togglePause();
      report(player);
      say(player.paused ? "Paused." : "Going on.");
    },
    stop: () => {
      player.stop();
      say("Stopped.");
    },
    json: () => {
      someone(player);
      saveJson(player.recording, { ...settings(), smoothed: settings().smooth, lifter: card.lifter });
      say("Saved poses.json.");
    },
    bvh: () => {
      someone(player);
      saveBvh(player.recording);
      say("Saved the poses as BVH.");
    },
    picture: () => {
      savePicture([imageCanvas, sceneCanvas], themeColours().panel);
      say("Saved pose.png.");
    },
    read: () => say(describe(player.people)),
    theme: () => changeTheme(player),
  };
  for (const [id, act] of Object.entries(actions)) {
    element(id).addEventListener("click", () => void attempt(act));
  }
  byKeys(actions);
  controlOrbit(sceneCanvas, player.orbit, () => player.draw());
  byFiles(open);
  bySettings(player, card);
  new ResizeObserver(() => player.draw()).observe(element("views"));
  video.addEventListener("ended", () => say("The film is over. Save it, or open another one."));
  setInterval(() => report(player), REPORT_MS);
}

function someone(player: Player): void {
  if (player.recording.empty) throw new Error("Nobody was seen yet, so there is nothing to save.");
}

/** A button's key is its `aria-keyshortcuts`. */
function byKeys(actions: Record<string, () => unknown>): void {
  const keys = new Map(Object.keys(actions).map((id) => [element(id).ariaKeyShortcuts ?? "", id]));
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (target.matches("input, select, summary")) return;
    if (event.key === " " && target.matches("button")) return; // Which it presses.
    const id = keys.get(event.key === " " ? "Space" : event.key.toUpperCase());
    if (!id) return;
    event.preventDefault();
    void attempt(actions[id]!);
  });
}

function byFiles(open: (files: readonly File[]) => Promise<void>): void {
  const input = element<HTMLInputElement>("file");
  input.addEventListener("change", () => {
    void open([...input.files!]);
    input.value = ""; // So that the same file can be opened again.
  });
  const over = (event: DragEvent, inside: boolean) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", inside);
  };
  document.addEventListener("dragover", (event) => over(event, true));
  document.addEventListener("dragleave", (event) => over(event, false));
  document.addEventListener("drop", (event) => {
    over(event, false);
    void open([...event.dataTransfer!.files]);
  });
}

function bySettings(player: Player, card: Card): void {
  for (const id of ["people", "processor"]) {
    element(id).addEventListener("change", () => void attempt(() => player.forgetDetector()));
  }
  element("precision").addEventListener("change", () => void attempt(async () => {
    player.lifter.depths = await loadPrecision(card, settings().precision);
    say(`The ${settings().precision} lifter is in use.`);
  }));
}

function changeTheme(player: Player): void {
  const root = document.documentElement;
  const dark = root.dataset["theme"]
    ? root.dataset["theme"] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset["theme"] = dark ? "light" : "dark";
  player.draw();
}

function report(player: Player): void {
  const { fps } = player.rates;
  const people = player.people.length;
  element("fps").textContent = fps ? fps.toFixed(0) : "–";
  for (const name of ["detector", "lifter"] as const) {
    const time = player.rates.of(name);
    element(name).textContent = time ? `${time.toFixed(1)} ms` : "–";
  }
  element("count").textContent = String(people);
  element("pause").ariaPressed = String(player.paused);
  imageCanvas.ariaLabel = people ? `The picture with ${people} people marked` : "No picture";
  sceneCanvas.ariaLabel = `The pose in 3D. ${describe(player.people)}`;
  if (player.recording.full) say("The recording is full; save it, or stop and begin anew.");
}

void attempt(start);
if ("serviceWorker" in navigator && isSecureContext) {
  void navigator.serviceWorker.register("service_worker.js").catch(() => {
    say("The page can't be kept for use without a network.");
  });
}
