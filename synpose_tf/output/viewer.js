"use strict";

// The page: time, view and controls.

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const times = decode(data.times, Float32Array);
  const people = data.people.map((entry) => new Person(entry, data.joints.length));
  const side = (name) => /^[LR][A-Z]/.test(name) ? { L: "left", R: "right" }[name[0]] : "middle";
  const skeleton = {
    sides: data.joints.map(side),
    bones: data.parents.flatMap((parent, child) =>
      parent < 0 ? [] : [{ child, parent, side: side(data.joints[child]) }]),
    head: data.joints.indexOf("Head"),
  };
  const pictures = openPictures(data.pictures);
  const places = pictures ? decode(data.pictures.index, Int32Array) : null;
  const size = data.image_size ?? data.pictures?.size;
  const around = extent(people, times.length, 2, (person, moment) => person.picture(moment));
  const frame = pictures ? { low: [0, 0], high: size, size, margins: [0, 0] }
    : around && { ...around, size, margins: [48, 84] };
  const view = new View();
  const scene = find("scene").getContext("2d");
  const image = find("image").getContext("2d");
  const severalPeople = people.length > 1;
  const camerasShown = () => (find("cameras-shown").checked ? data.cameras : []);

  // Playing takes the true times, but no gap lasts longer than a second.
  const starts = [0];
  for (let i = 1; i < times.length; i++) {
    starts.push(starts[i - 1] + Math.min(1, times[i] - times[i - 1]));
  }
  const last = times.length - 1;
  const duration = last > 0 ? (starts[last] * times.length) / last : 0;

  const state = { moment: 0, seconds: 0, speed: 1, playing: false, turning: false, stale: true };
  let coming = null; // the moment whose picture is on its way
  let colours = {};
  let paint = null;

  // === What the 3D view encloses: people and cameras around them, or one person, moving along ===
  const roaming = extent(people, times.length, 3, (person, moment) => person.pose(moment))
    ?? { low: [-500, 0, -500], high: [500, 1700, 500] };
  const standing = extent(people, times.length, 3, (person, moment) =>
    person.pose(moment)?.map(([x, y, z], _, pose) => [x - pose[0][0], y, z - pose[0][2]]));
  const canFollow = !severalPeople && standing
    && [0, 2].some((axis) => roaming.high[axis] - roaming.low[axis] > 2000);

  function follow(following) {
    state.following = following;
    find("follow").setAttribute("aria-pressed", following);
    view.anchor = [0, 0];
    if (following) view.enclose(standing);
    else view.enclose(roaming, pointsAround(camerasShown(), roaming));
    fit();
  }

  function moveAlong(moment) {
    const root = people[0].pose(moment)?.[0];
    if (root) view.anchor = [root[0], root[2]];
  }

  // === Time ===
  function show(moment) {
    state.moment = Math.min(last, Math.max(0, moment));
    state.stale = true;
    const text = `${state.moment + 1} / ${times.length}`;
    const time = `${(data.start + times[state.moment]).toFixed(2)} s`;
    find("counter").textContent = `${text} · ${time}`;
    find("scrub").value = state.moment;
    find("scrub").setAttribute("aria-valuetext", `frame ${text}, ${time}`);
  }

  function seek(moment) {
    show(moment);
    state.seconds = starts[state.moment];
  }

  function play(playing) {
    state.playing = playing && last > 0;
    find("play-icon").setAttribute("d", state.playing ? "M6 4h4v16H6zM14 4h4v16h-4z" : "M7 4v16l13-8z");
    find("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  }

  function turn(turning) {
    state.turning = turning;
    find("turn").setAttribute("aria-pressed", turning);
  }

  function momentAt(seconds) {
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= seconds + 1e-6) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  let before = performance.now();
  function tick(now) {
    const passed = Math.min(0.1, (now - before) / 1000);
    before = now;
    if (state.playing) {
      state.seconds = (state.seconds + passed * state.speed) % duration;
      const moment = momentAt(state.seconds);
      if (moment !== state.moment) show(moment);
    }
    if (state.turning) {
      view.turn(passed * 0.6, 0);
      state.stale = true;
    }
    if (state.stale) drawWhenThere();
    requestAnimationFrame(tick);
  }

  // Picture, 2D and 3D are always of one moment: they wait for the picture, and then go on with
  // the moment that is wanted by now.
  function drawWhenThere() {
    coming ??= state.moment;
    const picture = pictures ? pictures.get(places[coming]) : null;
    if (picture === undefined) return;
    state.stale = coming !== state.moment;
    draw(coming, picture);
    coming = null;
  }

  function draw(moment, picture) {
    if (state.following) moveAlong(moment);
    const shown = people.filter((person) => person.shown);
    const seen = figures(shown, moment, (person) => person.picture(moment), paint);
    drawImage(image, frame, picture, seen, skeleton, colours, severalPeople);
    const posed = figures(shown, moment, (person) => person.pose(moment), paint);
    find("absent").hidden = drawScene(
      scene, view, posed, skeleton, colours, severalPeople, camerasShown());
    find("nobody").hidden = people.some((person) => person.picture(moment));
    find("trouble").textContent = pictures?.trouble ?? "";
  }

  // === Size and colours ===
  function fit() {
    for (const { canvas } of [scene, image]) {
      canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
      canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    }
    view.resize(scene.canvas.clientWidth, scene.canvas.clientHeight);
    state.stale = true;
  }

  function setTheme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    const style = getComputedStyle(document.documentElement);
    const names = ["panel", "text", "faint", "floor", "grid", "shadow", "left", "right", "middle"];
    colours = Object.fromEntries(
      names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const paints = new Map(people.map((person) => [person, paintOf(person, colours, dark)]));
    paint = (person) => paints.get(person);
    people.forEach((person) => { person.swatch?.style.setProperty("--own", paint(person).middle); });
    state.stale = true;
  }

  const toggleTheme = () => setTheme(document.documentElement.dataset.theme !== "dark");

  // === The pointer in the 3D view ===
  const pointers = new Map();
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };

  scene.canvas.addEventListener("pointerdown", (event) => {
    scene.canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  scene.canvas.addEventListener("pointermove", (event) => {
    const from = pointers.get(event.pointerId);
    if (!from) return;
    const [right, down] = [event.clientX - from.x, event.clientY - from.y];
    const apart = pointers.size === 2 ? spread() : 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (apart) view.magnify(spread() / apart);
    else if (event.shiftKey || event.buttons & 6) view.move(right, down);
    else view.turn(-right * 0.008, down * 0.008);
    state.stale = true;
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    scene.canvas.addEventListener(kind, (event) => pointers.delete(event.pointerId));
  }
  scene.canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    view.magnify(Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : 0.0012)));
    state.stale = true;
  }, { passive: false });
  scene.canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  scene.canvas.addEventListener("dblclick", () => lookFrom());

  function lookFrom(...angles) {
    view.reset(...angles);
    view.fit();
    state.stale = true;
  }

  // === Keys ===
  const sceneKeys = {
    ArrowLeft: () => view.turn(-0.1, 0), ArrowRight: () => view.turn(0.1, 0),
    ArrowUp: () => view.turn(0, 0.1), ArrowDown: () => view.turn(0, -0.1),
    "+": () => view.magnify(1.15), "=": () => view.magnify(1.15), "-": () => view.magnify(1 / 1.15),
    0: () => lookFrom(),
  };
  const pageKeys = {
    " ": () => play(!state.playing), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    Home: () => seek(0), End: () => seek(last), l: toggleTheme, t: () => turn(!state.turning),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inScene = event.target === scene.canvas && sceneKeys[event.key];
    const plays = event.key === " " && event.target.type === "range"; // A slider has no use for it.
    const ownKeys = /^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName) && !plays;
    const action = inScene || (!ownKeys && pageKeys[event.key]);
    if (!action) return;
    event.preventDefault();
    action();
    state.stale = true;
  });

  function step(by) {
    play(false);
    seek(state.moment + by);
  }

  // === Controls ===
  find("play").addEventListener("click", () => play(!state.playing));
  find("back").addEventListener("click", () => step(-1));
  find("forward").addEventListener("click", () => step(1));
  find("scrub").addEventListener("input", () => seek(Number(find("scrub").value)));
  find("speed").addEventListener("change", () => { state.speed = Number(find("speed").value); });
  find("theme").addEventListener("click", toggleTheme);
  find("turn").addEventListener("click", () => turn(!state.turning));
  find("follow").addEventListener("click", () => follow(!state.following));
  find("cameras-shown").addEventListener("change", () => follow(state.following));
  for (const button of document.querySelectorAll("[data-azimuth]")) {
    const angles = [button.dataset.azimuth, button.dataset.elevation];
    button.addEventListener("click", () =>
      lookFrom(...angles.map((degrees) => (degrees * Math.PI) / 180)));
  }
  for (const person of people) {
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      person.shown = box.checked;
      state.stale = true;
    });
    const name = document.createElement("bdi");
    name.textContent = person.name; // text, whatever it holds
    const item = document.createElement("label");
    person.swatch = document.createElement("i");
    item.append(box, person.swatch, name);
    find("people").append(item);
  }

  // === Start ===
  find("people").hidden = !severalPeople;
  find("cameras").hidden = data.cameras.length === 0;
  find("legend").classList.toggle("shades", severalPeople);
  document.querySelector("main").classList.toggle("wide", Boolean(pictures) && size[0] > size[1]);
  find("image").parentElement.classList.toggle("pictured", Boolean(pictures));
  find("transport").hidden = last === 0;
  find("scrub").max = last;
  find("summary").textContent = data.summary;
  const media = (query) => matchMedia(query).matches;
  setTheme(media("(prefers-color-scheme: dark)"));
  find("follow").hidden = !canFollow;
  seek(0);
  follow(Boolean(canFollow) && data.cameras.length === 0);
  new ResizeObserver(fit).observe(document.querySelector("main"));
  play(!media("(prefers-reduced-motion: reduce)"));
  requestAnimationFrame(tick);
})();
