// The patterns of all heads, and one of them enlarged.
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
