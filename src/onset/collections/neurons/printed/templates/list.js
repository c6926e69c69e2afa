// Rows that hold all words typed and are of the kind, the study and the size asked for. Without scripts all are there.
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
  show();
  function show() {
    const words = field("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const order = field("order").value;
    let n = 0;
    for (const row of rows) {
      const its = row.dataset;
      row.hidden = !(
        (!field("study").value || its.study === field("study").value) &&
        (!field("kind").value || its.kind === field("kind").value) &&
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
