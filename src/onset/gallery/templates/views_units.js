// What excites heads and neurons.
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
