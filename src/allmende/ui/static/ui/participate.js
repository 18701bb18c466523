// Computes the small sum that keeps mass submissions away. Without this script a message waits for moderation.
const encoder = new TextEncoder();
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve(address) {
  const challenge = await (await fetch(address, { credentials: "omit" })).json();
  const { nonce, salt, keyPrefix } = challenge.parameters;
  const start = performance.now();
  const data = new Uint8Array([...bytes(salt), ...bytes(nonce), 0, 0, 0, 0]);
  const view = new DataView(data.buffer);
  for (let counter = 0; ; counter += 1) {
    view.setUint32(data.length - 4, counter);
    const derivedKey = hex(await crypto.subtle.digest("SHA-256", data));
    if (derivedKey.startsWith(keyPrefix)) {
      const solution = { counter, derivedKey, time: performance.now() - start };
      return btoa(String.fromCharCode(...encoder.encode(JSON.stringify({ challenge, solution }))));
    }
  }
}

for (const form of document.querySelectorAll("form[data-proof]")) {
  const field = form.querySelector("input[name=nachweis]");
  let solving = null;
  const begin = () => {
    solving ??= solve(form.dataset.proof).then((word) => { field.value = word; }).catch(() => {});
    return solving;
  };
  form.addEventListener("focusin", begin, { once: true });
  form.addEventListener("submit", async (event) => {
    if (field.value || !globalThis.crypto?.subtle || form.dataset.waited) return;
    event.preventDefault();
    const button = event.submitter;
    form.dataset.waited = "1";
    await Promise.race([begin(), new Promise((done) => setTimeout(done, 8000))]);
    form.requestSubmit(button);
  });
}

// Only who ticks the box keeps a draft on their own device; names and addresses are never in it.
const DAYS = 30;
const PRIVATE = new Set(["author", "email", "website", "nachweis", "karte", "foto_behalten"]);
const TYPED = new Set(["text", "textarea", "select-one", "radio", "checkbox"]);
const TICKED = new Set(["radio", "checkbox"]);
const place = (path) => `allmende-entwurf:${path.replace(/^\/en\//, "/")}`;

function kept(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key) ?? "null");
    if (found && Date.now() - found.at < DAYS * 86400000) return found.values;
    localStorage.removeItem(key);
  } catch { /* A device that keeps nothing works all the same. */ }
  return null;
}

function keepDrafts(box) {
  const form = box.closest("form");
  const key = place(new URL(form.action).pathname);
  const tick = box.querySelector("input");
  const fields = () => Array.from(form.elements).filter((one) => one !== tick && one.name && TYPED.has(one.type) && !PRIVATE.has(one.name));
  const stored = kept(key);
  box.hidden = false;
  tick.checked = Boolean(stored);
  if (stored && !("typed" in form.dataset)) {
    for (const one of fields()) {
      if (!(one.name in stored)) continue;
      if (TICKED.has(one.type)) one.checked = [stored[one.name]].flat().includes(one.value);
      else one.value = stored[one.name];
    }
    box.querySelector("[role=status]").hidden = false;
    box.closest("details")?.setAttribute("open", "");
  }
  const save = () => {
    if (!tick.checked) { localStorage.removeItem(key); return; }
    const values = {};
    for (const one of fields()) {
      // A box that is not ticked is kept, too, as a list without it.
      if (one.type === "checkbox") values[one.name] = [...(values[one.name] ?? []), ...(one.checked ? [one.value] : [])];
      else if (one.type !== "radio" || one.checked) values[one.name] = one.value;
    }
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), values }));
  };
  tick.addEventListener("change", save);
  form.addEventListener("input", save);
}

// Says what was said before while somebody still types; without this script the same list comes before sending.
function lookAlike(box) {
  const form = box.closest("form");
  const title = form.elements.title;
  title.closest(".kern-form-input").after(box);
  let waiting = 0;
  let newest = 0;
  const look = async () => {
    const turn = (newest += 1);
    const words = new URLSearchParams({ titel: title.value, ort: form.elements.place?.value ?? "" });
    const answer = await fetch(`${box.dataset.alike}?${words}`, { credentials: "omit" }).catch(() => null);
    if (!answer?.ok || turn !== newest) return;
    box.innerHTML = await answer.text();
    box.hidden = !box.querySelector("li");
  };
  const later = () => { clearTimeout(waiting); waiting = setTimeout(look, 400); };
  title.addEventListener("input", later);
  form.elements.place?.addEventListener("change", later);
}

// Addresses come from the city's own list; the names that the page brought stay where nothing fits.
function offerPlaces(list) {
  const field = document.querySelector(`input[list="${list.id}"]`);
  const first = list.innerHTML;
  let waiting = 0;
  field?.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const words = new URLSearchParams({ ort: field.value });
      const answer = await fetch(`${list.dataset.places}?${words}`, { credentials: "omit" }).catch(() => null);
      const found = answer?.ok ? await answer.text() : "";
      list.innerHTML = found.trim() ? found : first;
    }, 250);
  });
}

for (const one of document.querySelectorAll("[data-places]")) offerPlaces(one);
for (const one of document.querySelectorAll("[data-sent]")) localStorage.removeItem(place(one.dataset.sent));
for (const one of document.querySelectorAll("[data-draft]")) keepDrafts(one);
for (const one of document.querySelectorAll("[data-alike]")) lookAlike(one);
