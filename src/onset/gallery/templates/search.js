// Entries that hold all words typed, in the order of the site.
(() => {
  const entries = JSON.parse(document.getElementById("entries").textContent);
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  input.parentElement.hidden = false; // without scripts there is no search
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? entries.filter((its) => words.every((word) => its.words.includes(word))) : [];
    list.replaceChildren(...found.map(item));
    if (words.length && !found.length) list.append(Object.assign(document.createElement("li"), { textContent: "Nothing is called that." }));
  });
  function item(entry) {
    const kind = Object.assign(document.createElement("small"), { textContent: entry.kind });
    const link = Object.assign(document.createElement("a"), { href: entry.address, textContent: entry.text });
    const line = document.createElement("li");
    line.append(kind, link);
    return line;
  }
})();
