(() => {
"use strict";
// Follows a model along its training. What it shows, and how arrays are packed, is told in onset/views/__init__.py.
const TOP_TOKENS = 3, SMALL = 64, FRAME = 700; // of the lens; pixels of a small pattern; milliseconds of a step that plays
const root = document.getElementById("looking-inside");
const view = JSON.parse(document.getElementById("views").textContent);
const find = (name) => root.querySelector(`.views-${name}`);
const dark = matchMedia("(prefers-color-scheme: dark)");
const state = { example: 0, time: view.steps.length - 1, kept: [0, 0], pointed: null, cell: null };

// ---- data ----------------------------------------------------------------------------------------

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

// ---- attention -----------------------------------------------------------------------------------

const shownHead = () => state.pointed ?? state.kept;

function buildHeads() {
  const rows = [];
  for (let layer = 0; layer < current().n_layers; layer++) {
    const row = element("div", { className: "views-layer" }, element("span", {}, `layer ${layer}`));
    for (let head = 0; head < view.n_heads; head++) {
      const label = `layer ${layer}, head ${head}`;
      const button = element("button", { type: "button", title: label, "aria-label": label },
        element("canvas"), `head ${head}`);
      button.dataset.layer = layer;
      button.dataset.head = head;
      const point = (where) => { state.pointed = where; drawLarge(); };
      button.addEventListener("pointerenter", () => point([layer, head]));
      button.addEventListener("pointerleave", () => point(null));
      button.addEventListener("focus", () => point([layer, head]));
      button.addEventListener("blur", () => point(null));
      button.addEventListener("click", () => { state.kept = [layer, head]; drawHeads(); drawLarge(); });
      row.append(button);
    }
    rows.push(row);
  }
  find("heads").replaceChildren(...rows);
  if (state.kept[0] >= current().n_layers) state.kept = [0, 0];
}

function drawHeads() {
  for (const button of find("heads").querySelectorAll("button")) {
    const [layer, head] = [Number(button.dataset.layer), Number(button.dataset.head)];
    const context = sized(button.firstChild, SMALL, SMALL);
    drawPattern(context, layer, head, 0, 0, SMALL / current().tokens.length);
    button.setAttribute("aria-pressed", String(layer === state.kept[0] && head === state.kept[1]));
  }
}

const large = find("large").querySelector("canvas");
let place = null; // where the cells of the enlarged pattern are

function drawLarge() {
  const [layer, head] = shownHead(), words = names(current().tokens), n = words.length;
  const font = n > 16 ? 10 : 12, size = Math.max(12, Math.min(44, Math.floor(260 / n)));
  const context = sized(large, 1, 1);
  context.font = `${font}px system-ui, sans-serif`;
  const margin = Math.ceil(Math.max(...words.map((word) => context.measureText(word).width))) + 8;
  place = { margin, size, n };
  sized(large, margin + n * size + 1, margin + n * size + 1);
  context.font = `${font}px system-ui, sans-serif`;
  drawPattern(context, layer, head, margin, margin, size);
  context.fillStyle = getComputedStyle(root).color;
  context.textBaseline = "middle";
  words.forEach((word, i) => {
    const middle = margin + (i + 0.5) * size;
    context.textAlign = "right";
    context.fillText(word, margin - 4, middle);
    context.save();
    context.translate(middle, margin - 4);
    context.rotate(-Math.PI / 2);
    context.textAlign = "left";
    context.fillText(word, 0, 0);
    context.restore();
  });
  if (size >= 30) {
    context.textAlign = "center";
    for (let query = 0; query < n; query++)
      for (let key = 0; key <= query; key++) {
        const value = paid(layer, head, query, key) / 255;
        context.fillStyle = value > 0.6 ? (dark.matches ? "#000" : "#fff") : getComputedStyle(root).color;
        context.fillText(value.toFixed(2), margin + (key + 0.5) * size, margin + (query + 0.5) * size);
      }
  }
  const label = `layer ${layer}, head ${head}`;
  find("head-name").textContent = label;
  large.setAttribute("aria-label", `Attention of ${label}; arrow keys read it cell by cell`);
  drawCell(context);
}

function drawCell(context) {
  const text = find("cell");
  if (!state.cell || state.cell[0] >= place.n) state.cell = [place.n - 1, place.n - 1];
  const [query, key] = state.cell, words = names(current().tokens);
  const value = (paid(...shownHead(), query, key) / 255).toFixed(2);
  text.textContent = `${words[query]} (position ${query}) looks at ${words[key]} (position ${key}): ${value}`;
  context.strokeStyle = getComputedStyle(root).color;
  context.strokeRect(place.margin + key * place.size + 0.5, place.margin + query * place.size + 0.5,
    place.size - 1, place.size - 1);
}

function toCell(query, key) {
  if (query < 0 || query >= place.n || key < 0 || key > query) return;
  state.cell = [query, key];
  drawLarge();
}

function pointAtCell(event) {
  const box = large.getBoundingClientRect();
  const [key, query] = [event.clientX - box.left, event.clientY - box.top]
    .map((at) => Math.floor((at - place.margin) / place.size));
  toCell(query, key);
}

large.addEventListener("pointermove", pointAtCell);
large.addEventListener("pointerdown", pointAtCell);
large.addEventListener("keydown", (event) => {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  if (!(event.key in moves)) return;
  event.preventDefault();
  const query = state.cell[0] + moves[event.key][0];
  toCell(query, Math.min(query, state.cell[1] + moves[event.key][1]));
});

// ---- logit lens ----------------------------------------------------------------------------------

function drawLens() {
  const its = current(), n = its.tokens.length, scored = new Map(its.scored.map((at, i) => [at, i]));
  const head = element("tr", {}, element("th", {}, "after"),
    ...its.tokens.map((token) => element("th", { scope: "col" }, name(token))));
  const rows = [];
  for (let layer = 0; layer <= its.n_layers; layer++) {
    const row = element("tr", {}, element("th", { scope: "row" }, layer ? `layer ${layer - 1}` : "embedding"));
    for (let at = 0; at < n; at++) {
      const first = ((state.time * (its.n_layers + 1) + layer) * n + at) * TOP_TOKENS;
      const right = scored.has(at) ? its.right[scored.get(at)] : null;
      const said = [];
      for (let i = first; i < first + TOP_TOKENS; i++) {
        const hit = its.lens(i) === right;
        said.push(element("span", { className: hit ? "views-right" : "" },
          `${hit ? "✓ " : ""}${name(its.lens(i))} `, element("small", {}, percent(its.lens_shares[i]))));
      }
      const cell = element("td", { share: its.lens_shares[first] / 255 }, ...said);
      if (right !== null) {
        const known = (state.time * (its.n_layers + 1) + layer) * its.scored.length + scored.get(at);
        cell.title = `right: ${name(right)}, ${percent(its.right_shares[known])}`;
        if (!said.some((one) => one.className))
          cell.append(element("span", {}, `(✓ ${name(right)} ${percent(its.right_shares[known])})`));
      }
      row.append(cell);
    }
    rows.push(row);
  }
  find("lens").replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
}

// ---- heads and neurons ---------------------------------------------------------------------------

function buildUnits() {
  const group = (label, units, word) => element("optgroup", { label }, ...units.map((unit) =>
    element("option", { value: `${word}:${unit.layer}:${unit.number}` }, `layer ${unit.layer}, ${word} ${unit.number}`)));
  const groups = [group("Heads", view.heads, "head")];
  view.layers.forEach(({ neurons, silent }, layer) => {
    const shown = view.neurons.filter((unit) => unit.layer === layer);
    const label = `Layer ${layer}: ${shown.length} of ${neurons} neurons (${silent} silent)`;
    if (shown.length) groups.push(group(label, shown, "neuron"));
  });
  find("unit").replaceChildren(...groups);
}

function drawUnit() {
  const [word, layer, number] = find("unit").value.split(":");
  const units = word === "head" ? view.heads : view.neurons;
  const { top } = units.find((unit) => unit.layer === Number(layer) && unit.number === Number(number));
  const most = Math.max(...top.flatMap((its) => its.values));
  const lists = top.map(({ sequence, values }) => {
    const { split, tokens } = view.sequences[sequence], largest = Math.max(...values);
    const marks = values.map((value, at) => {
      const mark = element("span", { className: "views-token", title: `${name(tokens[at])}: ${value}`,
        share: most > 0 ? Math.max(0, value) / most : 0 }, name(tokens[at]), element("small", {}, String(value)));
      if (value === largest) mark.dataset.top = "";
      return mark;
    });
    return element("li", {}, element("small", {}, split.replaceAll("_", " ")), ...marks);
  });
  const none = element("p", {}, "No question is answered after this layer.");
  find("top").replaceChildren(top.length ? element("ol", {}, ...lists) : none);
}

// ---- all together --------------------------------------------------------------------------------

const slider = find("slider"), play = find("play");
let playing = null;

function showExample() {
  const its = current(), words = names(its.tokens);
  const ends = its.scored.length === 1 ? `${words.join(" ")} → ${name(its.right[0])}`
    : `${words.join(" ")} (right answers follow at ${its.scored.length} positions)`;
  state.cell = null;
  find("question").textContent = `${ends}, ${its.held_out ? "held out" : "trained on"}`;
  buildHeads();
  showTime();
}

function showTime() {
  const step = view.steps[state.time].toLocaleString("en");
  slider.value = state.time;
  slider.setAttribute("aria-valuetext", `step ${step}`);
  find("step").textContent = `step ${step}`;
  drawHeads();
  drawLarge();
  drawLens();
}

function stop() {
  clearInterval(playing);
  playing = null;
  play.textContent = "Play";
  play.setAttribute("aria-pressed", "false");
}

function toTime(time) {
  state.time = time;
  showTime();
}

play.addEventListener("click", () => {
  if (playing !== null) return stop();
  if (state.time === view.steps.length - 1) toTime(0);
  play.textContent = "Stop";
  play.setAttribute("aria-pressed", "true");
  playing = setInterval(() => {
    toTime(state.time + 1);
    if (state.time === view.steps.length - 1) stop();
  }, FRAME);
});
slider.addEventListener("input", () => { stop(); toTime(Number(slider.value)); });
find("example").addEventListener("change", (event) => { state.example = event.target.selectedIndex; showExample(); });
find("unit").addEventListener("change", drawUnit);
dark.addEventListener("change", showTime);

root.hidden = false;
slider.max = view.steps.length - 1;
slider.hidden = play.hidden = view.steps.length === 1;
find("example").append(...examples.map((its) =>
  element("option", {}, `${its.split.replaceAll("_", " ")}: ${names(its.tokens).slice(0, 6).join(" ")}${its.tokens.length > 6 ? " …" : ""}`)));
buildUnits();
showExample();
drawUnit();
})();
