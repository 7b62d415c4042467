// Runs before the first paint, so that a dark page never flashes white. Kept apart because the page allows no inline scripts.
(() => {
  const chosen = localStorage.getItem("annotator.theme");
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
