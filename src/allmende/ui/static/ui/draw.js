// Setting a point, or the corners of a line or an area, on the schematic map: by tap, by keyboard, or by address.
// Nothing is dragged. What counts are the fields of the form; the map only writes into them and shows what they say.
const SVG = "http://www.w3.org/2000/svg";
const METRES = 111195;
const MOST = 200;
const COORDINATES = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/;
const WAYS = { west: [-1, 0], east: [1, 0], north: [0, -1], south: [0, 1] };
const KEYS = { ArrowLeft: "west", ArrowRight: "east", ArrowUp: "north", ArrowDown: "south" };

function begin(box) {
  const form = box.closest("form");
  const svg = box.querySelector("svg");
  const words = box.dataset;
  const [west, south, east, north] = words.frame.split(" ").map(Number);
  const { width, height } = svg.viewBox.baseVal;
  const choices = document.getElementById("orte");
  const search = form.querySelector(".draw-search");
  const told = form.querySelector(".draw-told");
  const at = box.querySelector("[data-at]");
  const { place, corners } = form.elements;
  const found = new Map();
  const view = { x: 0, y: 0, zoom: 1 };
  const cross = { x: width / 2, y: height / 2 };
  let done = false;
  let newest = 0;
  let spots = [];

  const kind = () => form.querySelector("[name=shape]:checked")?.value || "point";
  const field = () => (kind() === "point" ? place : corners);
  const lines = () => field().value.split("\n").map((line) => line.trim()).filter(Boolean);
  const toPicture = ({ lat, lon }) => ({ x: ((lon - west) / (east - west)) * width, y: ((north - lat) / (north - south)) * height });
  const toWorld = ({ x, y }) => ({ lat: north - (y / height) * (north - south), lon: west + (x / width) * (east - west) });
  const written = ({ lat, lon }) => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  const named = (key, value) => value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: key });

  const layer = svg.appendChild(document.createElementNS(SVG, "g"));
  layer.setAttribute("aria-hidden", "true");
  function put(name, values) {
    const one = layer.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(values)) one.setAttribute(key, value);
    return one;
  }

  function known(text) {
    const pair = COORDINATES.exec(text);
    if (pair) return { lat: Number(pair[1]), lon: Number(pair[2]) };
    if (found.has(text)) return found.get(text);
    for (const one of choices?.options ?? []) {
      if (one.value === text && one.dataset.point) {
        const [lat, lon] = one.dataset.point.split(",").map(Number);
        found.set(text, { lat, lon });
        return found.get(text);
      }
    }
    return null;
  }

  async function look(text) {
    const address = choices?.dataset.places;
    if (known(text) || !address) return known(text);
    const answer = await fetch(`${address}?${new URLSearchParams({ ort: text })}`, { credentials: "omit" }).catch(() => null);
    const part = document.createElement("datalist");
    part.innerHTML = answer?.ok ? await answer.text() : "";
    for (const one of part.options) {
      const [lat, lon] = one.dataset.point.split(",").map(Number);
      found.set(one.value, { lat, lon });
    }
    return known(text);
  }

  function size() {
    const across = METRES * Math.cos((spots[0].lat * Math.PI) / 180);
    const flat = spots.map(({ lat, lon }) => [(lon - spots[0].lon) * across, (lat - spots[0].lat) * METRES]);
    if (kind() === "line") {
      const metres = flat.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - flat[i][0], y - flat[i][1]), 0);
      return metres < 1000 ? `${named(0, metres)} m` : `${named(1, metres / 1000)} km`;
    }
    const twice = flat.reduce((sum, [x, y], i) => {
      const [otherX, otherY] = flat[(i + 1) % flat.length];
      return sum + x * otherY - otherX * y;
    }, 0);
    const area = Math.abs(twice) / 2;
    return area < 1000 ? `${named(0, area)} m²` : `${named(1, area / 10000)} ha`;
  }

  // Names that the search knows, and a bar of a round length, so that one finds one's way on an enlarged map.
  const labels = new Set(Array.from(svg.querySelectorAll("text.place"), (one) => one.textContent));
  const marks = Array.from(choices?.options ?? [], (one) => one.value).filter((name) => !labels.has(name));
  function landmarks() {
    const letters = (window.innerWidth < 700 ? 26 : 15) / view.zoom;
    const taken = [];
    for (const name of marks) {
      const spot = known(name);
      if (!spot) continue;
      const { x, y } = toPicture(spot);
      put("circle", { cx: x, cy: y, class: "landmark" }).style.setProperty("r", `${letters / 6}px`);
      const long = name.length * letters * 0.55;
      if (taken.some((one) => Math.abs(one.y - y) < letters && one.x < x + long && x < one.x + one.long)) continue;
      taken.push({ x, y, long });
      put("text", { x: x + letters / 3, y: y + letters / 3, "font-size": letters, class: "landmark" }).textContent = name;
    }
    const unit = height / ((north - south) * METRES);
    const length = [10, 20, 50, 100, 200, 500, 1000, 2000].findLast((metres) => metres * unit * view.zoom < width / 4) ?? 10;
    const [x, y] = [view.x + letters, view.y + height / view.zoom - letters];
    put("path", { d: `M${x} ${y - letters / 2}v${letters / 2}h${length * unit}v${-letters / 2}`, class: "scale" });
    put("text", { x: x + letters / 3, y: y - letters / 4, "font-size": letters, class: "landmark" }).textContent = length < 1000 ? `${length} m` : `${length / 1000} km`;
  }

  function show() {
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${width / view.zoom} ${height / view.zoom}`);
    svg.style.setProperty("--zoom", view.zoom);
    layer.replaceChildren();
    landmarks();
    const places = spots.map(toPicture);
    const radius = (window.innerWidth < 700 ? 20 : 11) / view.zoom;
    const least = kind() === "area" ? 3 : 2;
    if (kind() !== "point" && places.length > 1) {
      const closed = kind() === "area" && places.length > 2;
      put("path", { d: `M${places.map(({ x, y }) => `${x} ${y}`).join("L")}${closed ? "Z" : ""}`, class: `course drawn${closed ? " area" : ""}` });
    }
    const arm = radius * 1.6;
    put("path", { d: `M${cross.x - arm} ${cross.y}h${2 * arm}M${cross.x} ${cross.y - arm}v${2 * arm}`, class: "cross" });
    places.forEach(({ x, y }, number) => {
      put("circle", { cx: x, cy: y, class: "corner" }).style.setProperty("r", `${radius}px`);
      if (kind() !== "point") put("text", { x, y: y + radius * 0.4, "font-size": radius * 1.15, class: "corner-number" }).textContent = number + 1;
    });
    const parts = [];
    if (kind() === "point") parts.push(places.length ? words.point : "");
    else parts.push(places.length ? `${words[kind()]}: ${places.length} ${words.corners}${places.length >= least ? `, ${size()}` : ""}.` : words.none);
    if (done) parts.unshift(words.done);
    told.textContent = parts.join(" ");
  }

  async function read() {
    const turn = (newest += 1);
    const texts = lines();
    const places = await Promise.all(texts.map(look));
    if (turn !== newest) return;
    spots = places.filter(Boolean);
    show();
    const lost = texts.find((text, number) => !places[number]);
    if (lost && kind() !== "point" && !/^[{[]|\(/.test(texts[0])) told.textContent += ` ${words.unknown} ${lost.slice(0, 60)}`;
  }

  function write(texts) {
    field().value = texts.join("\n");
    for (const name of ["input", "change"]) field().dispatchEvent(new Event(name, { bubbles: true }));
  }

  function add(text) {
    if (done) return;
    if (kind() === "point") write([text]);
    else if (lines().length < MOST) write([...lines(), text]);
    else told.textContent = words.most;
  }

  function within() {
    const [wide, high] = [width / view.zoom, height / view.zoom];
    const near = 0.08;
    view.x = Math.min(Math.max(view.x, cross.x - wide * (1 - near)), cross.x - wide * near);
    view.y = Math.min(Math.max(view.y, cross.y - high * (1 - near)), cross.y - high * near);
    view.x = Math.min(Math.max(view.x, 0), width - wide);
    view.y = Math.min(Math.max(view.y, 0), height - high);
  }

  function zoom(by) {
    view.zoom = Math.min(64, Math.max(1, view.zoom * by));
    view.x = cross.x - width / view.zoom / 2;
    view.y = cross.y - height / view.zoom / 2;
    within();
    show();
  }

  function move(way, share) {
    const [x, y] = WAYS[way];
    cross.x = Math.min(width, Math.max(0, cross.x + (x * share * width) / view.zoom));
    cross.y = Math.min(height, Math.max(0, cross.y + (y * share * width) / view.zoom));
    within();
    show();
  }

  function pan(way) {
    const [x, y] = WAYS[way];
    view.x += (x * width) / view.zoom / 3;
    view.y += (y * height) / view.zoom / 3;
    view.x = Math.min(Math.max(view.x, 0), width - width / view.zoom);
    view.y = Math.min(Math.max(view.y, 0), height - height / view.zoom);
    cross.x = view.x + width / view.zoom / 2;
    cross.y = view.y + height / view.zoom / 2;
    show();
  }

  function tell() {
    const here = toWorld(cross);
    const far = ({ lat, lon }) => Math.hypot(lat - here.lat, (lon - here.lon) * Math.cos((lat * Math.PI) / 180));
    const near = Array.from(choices?.options ?? [], (one) => ({ name: one.value, ...known(one.value) })).sort((one, other) => far(one) - far(other))[0];
    at.textContent = `${words.cross} ${written(here)}${near ? `, ${words.near} ${near.name}` : ""}`;
  }

  const finish = box.querySelector("[data-do=finish]");
  const label = finish.textContent;
  function setDone(value) {
    done = value;
    finish.textContent = done ? finish.dataset.again : label;
    svg.classList.toggle("closed", done);
    show();
  }

  async function addAddress() {
    const input = search.querySelector("input");
    const text = input.value.trim();
    if (!text) { input.focus(); return; }
    setDone(false);
    const spot = await look(text);
    if (!spot) { told.textContent = `${words.unknown} ${text}`; return; }
    add(text);
    Object.assign(cross, toPicture(spot));
    input.value = "";
    input.focus();
    if (view.zoom < 8) zoom(8 / view.zoom);
    else { within(); show(); }
  }

  const deeds = {
    in: () => zoom(2),
    out: () => zoom(0.5),
    undo: () => { setDone(false); write(lines().slice(0, -1)); },
    clear: () => { setDone(false); write([]); },
    finish: () => setDone(!done),
    add: addAddress,
  };
  const press = (event) => {
    const name = event.target.closest("[data-do]")?.dataset.do;
    if (name in WAYS) pan(name);
    else if (name) deeds[name]();
  };
  box.addEventListener("click", press);
  search.addEventListener("click", press);
  search.querySelector("input").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    addAddress();
  });

  svg.addEventListener("click", (event) => {
    const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    cross.x = spot.x;
    cross.y = spot.y;
    add(written(toWorld(cross)));
    show();
  });
  svg.addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) { move(way, event.shiftKey ? 0.1 : 0.02); tell(); }
    else if (event.key === "Enter" || event.key === " ") add(written(toWorld(cross)));
    else if (event.key === "Backspace" || event.key === "Delete") deeds.undo();
    else if (event.key === "+" || event.key === "=") zoom(2);
    else if (event.key === "-") zoom(0.5);
    else return;
    event.preventDefault();
  });

  function choose() {
    const point = kind() === "point";
    if (corners) {
      corners.closest(".kern-form-input").hidden = point;
      corners.disabled = point;
      search.hidden = point;
      place.closest(".kern-form-input").hidden = !point;
    }
    finish.hidden = point;
    box.querySelector("[data-do=undo]").hidden = point;
    if (!point) box.closest("details").open = true;
    setDone(false);
    return read();
  }

  // Shows what was there from the first; the cross waits at its last corner.
  function fit() {
    if (!spots.length) return;
    const places = spots.map(toPicture);
    const span = (axis) => Math.max(...places.map((one) => one[axis])) - Math.min(...places.map((one) => one[axis]));
    const middle = (axis) => places.reduce((sum, one) => sum + one[axis], 0) / places.length;
    view.zoom = Math.max(1, Math.min(16, (0.5 * width) / Math.max(1, span("x")), (0.5 * height) / Math.max(1, span("y"))));
    Object.assign(cross, { x: middle("x"), y: middle("y") });
    zoom(1);
    Object.assign(cross, places.at(-1));
    show();
  }
  for (const one of form.querySelectorAll("[name=shape]")) one.addEventListener("change", choose);
  for (const one of [place, corners]) one?.addEventListener("input", read);

  box.querySelector(".fields")?.remove();
  for (const one of box.querySelectorAll(".draw-tools, [data-help]")) one.hidden = false;
  for (const one of box.closest("details").querySelectorAll(".without-script")) one.remove();
  for (const [name, value] of [["tabindex", "0"], ["role", "application"], ["aria-describedby", "zeichnen"]]) svg.setAttribute(name, value);
  choose().then(fit);
}

for (const one of document.querySelectorAll(".draw[data-frame]")) begin(one);
