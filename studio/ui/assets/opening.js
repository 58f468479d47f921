// Runs before any module: the picture of last time, in the very first paint.
(() => {
  document.documentElement.classList.add("is-studio");
  const key = "reverie:last";
  try {
    const last = sessionStorage.getItem(key) ?? localStorage.getItem(key);
    if (!last || location.hash.startsWith("#work=")) return;
    document.querySelector("#reverie-room .preview").src = JSON.parse(last);
  } catch {
    // Without storage the model's own preview is there.
  }
})();
