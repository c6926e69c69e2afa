// Rows that hold all words typed and are of the study, the condition, the kind and the size asked for. Other pages ask
// by the address: neurons.html#study=stories&condition=GELU. Without scripts all rows are there.
(() => {
  const form = document.querySelector(".neuron-filters");
  const body = document.querySelector(".neurons tbody");
  const rows = [...body.rows];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const field = (name) => document.getElementById(`n-${name}`);
  const number = (text) => (text === "" ? -Infinity : Number(text)); // a loss may fall without a neuron
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  window.addEventListener("hashchange", asked);
  asked();
  function asked() {
    const address = new URLSearchParams(location.hash.slice(1));
    for (const name of ["search", "study", "condition", "kind"]) {
      if (!address.has(name)) continue;
      field(name).value = address.get(name);
      if (field(name).selectedIndex === -1) field(name).value = ""; // nothing in the list has it
    }
    show();
    if (address.has("study")) form.scrollIntoView();
  }
  function show() {
    const study = field("study").value;
    for (const option of field("condition").options) {
      option.hidden = Boolean(study && option.value && !option.dataset.studies.split(" ").includes(study));
      if (option.hidden && option.selected) field("condition").value = "";
    }
    const words = field("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const order = field("order").value;
    let n = 0;
    for (const row of rows) {
      const its = row.dataset;
      row.hidden = !(
        ["study", "condition", "kind"].every((name) => !field(name).value || its[name] === field(name).value) &&
        (!Number(field("clean").value) || number(its.clean) >= Number(field("clean").value)) &&
        (!Number(field("lost").value) || number(its.lost) >= Number(field("lost").value)) &&
        words.every((word) => texts.get(row).includes(word))
      );
      n += !row.hidden;
    }
    const by = (row) => number(row.dataset[order]);
    const sorted = order ? [...rows].sort((one, other) => by(other) - by(one)) : rows;
    body.append(...sorted);
    field("count").textContent = n === 1 ? "1 neuron" : `${n} neurons`;
  }
})();
