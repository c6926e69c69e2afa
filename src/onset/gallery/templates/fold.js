// Long texts of a card are cut after a few lines until they are asked for. They stay on the page as they are, so
// that the browser's own search and screen readers find all of them; without scripts, nothing is cut.
(() => {
  const cards = [...document.querySelectorAll(".card")];
  for (const card of cards) {
    const button = card.querySelector("button");
    card.classList.add("folded");
    button.addEventListener("click", () => {
      const folded = card.classList.toggle("folded");
      button.textContent = folded ? "More" : "Less";
      button.setAttribute("aria-expanded", !folded);
    });
  }
  // How much fits depends on the width, and on fonts: an open card keeps its button.
  const offer = () => {
    const folded = cards.filter((card) => card.classList.contains("folded"));
    const cut = folded.map((card) => [...card.querySelectorAll("p")].some((text) => text.scrollHeight > text.clientHeight + 1));
    folded.forEach((card, place) => { card.querySelector("button").hidden = !cut[place]; });
  };
  new ResizeObserver(offer).observe(document.querySelector("main"));
})();
