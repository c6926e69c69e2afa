// What the model would say after each layer.
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
