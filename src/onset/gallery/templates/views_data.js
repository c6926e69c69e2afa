// Follows a model along its training. What it shows, and how arrays are packed, is told in onset/views/__init__.py.
const TOP_TOKENS = 3, SMALL = 64, FRAME = 700; // of the lens; pixels of a small pattern; milliseconds of a step that plays
const root = document.getElementById("looking-inside");
const view = JSON.parse(document.getElementById("views").textContent);
const find = (name) => root.querySelector(`.views-${name}`);
const dark = matchMedia("(prefers-color-scheme: dark)");
const state = { example: 0, time: view.steps.length - 1, kept: [0, 0], pointed: null, cell: null };

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function unpacked(example) {
  const low = bytes(example.lens);
  return {
    ...example,
    attention: bytes(example.attention),
    lens: (i) => low[2 * i] + 256 * low[2 * i + 1],
    lens_shares: bytes(example.lens_shares),
    right_shares: bytes(example.right_shares),
  };
}

const examples = view.examples.map(unpacked);
const current = () => examples[state.example];
const name = (token) => view.vocabulary[token];
const names = (tokens) => tokens.map(name);
const percent = (byte) => (byte && byte < 2.5 ? "<1%" : `${Math.round(byte / 2.55)}%`);

/** The attention, 0 to 255, that a position pays to another at the checkpoint that is shown. */
function paid(layer, head, query, key) {
  const its = current(), n = its.tokens.length, cells = (n * (n + 1)) / 2;
  const map = (state.time * its.n_layers + layer) * view.n_heads + head;
  return its.attention[map * cells + (query * (query + 1)) / 2 + key];
}

// ---- building blocks -----------------------------------------------------------------------------

/** An element with text and children; names reach the page as text alone, never as HTML. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "share") made.style.setProperty("--share", value);
    else if (key.includes("-")) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

/** A canvas of so many CSS pixels, sharp on any screen. */
function sized(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

function drawPattern(context, layer, head, left, top, size) {
  const ink = getComputedStyle(root).getPropertyValue("--views-ink").trim();
  const n = current().tokens.length;
  context.fillStyle = "rgb(128 128 128 / .12)";
  context.fillRect(left, top, n * size, n * size);
  for (let query = 0; query < n; query++)
    for (let key = 0; key <= query; key++) {
      context.fillStyle = `rgb(${ink} / ${paid(layer, head, query, key) / 255})`;
      context.fillRect(left + key * size, top + query * size, size, size);
    }
}
