// The reader's choices: sequence, checkpoint, head or neuron. Last of the parts, which are one script.
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
