// How long a study's jobs took differs from one call to the next, so it stands apart from the pages.
const many = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
for (const place of document.querySelectorAll("[data-time]")) {
  const its = (window.onsetTimes || {})[place.dataset.time];
  if (its && its.jobs) place.textContent = ` · ${many(its.jobs, "job")}, ${many(Math.max(1, Math.round(its.seconds / 60)), "core-minute")}`;
}
