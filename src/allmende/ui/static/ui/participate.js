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
