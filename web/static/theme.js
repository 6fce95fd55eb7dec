// Light, dark, or as the system: chosen by a person and kept in this browser. It runs before anything is
// painted. Gradio follows the system alone, so what it marks the body with is set right again at once.
(() => {
  const KEY = "discern-theme";
  const GROUNDS = { light: ["#f7f7f5", "#1b1c1a"], dark: ["#141513", "#ecede8"] }; // as in style.css
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  let choice = kept();

  function kept() {
    try {
      const found = localStorage.getItem(KEY);
      return found in GROUNDS ? found : "system";
    } catch { // in a frame of another site some browsers keep nothing
      return "system";
    }
  }

  function keep(chosen) {
    choice = chosen;
    try {
      if (chosen === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, chosen);
    } catch {
      // it holds for this page
    }
    show();
  }

  const isDark = () => (choice === "system" ? system.matches : choice === "dark");

  // Until the style sheet is there a page has these colours; the names with -dark are for a dark system.
  function show() {
    const [ground, ink] = GROUNDS[isDark() ? "dark" : "light"];
    const early = { "--bg": ground, "--bg-dark": ground, "--col": ink, "--col-dark": ink };
    for (const [name, value] of Object.entries(early)) root.style.setProperty(name, value);
    root.dataset.theme = isDark() ? "dark" : "light";
    mark();
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", button.dataset.themeChoice === choice);
  }

  function mark() {
    const body = document.body;
    if (body && body.classList.contains("dark") !== isDark()) body.classList.toggle("dark", isDark());
  }

  // What a person may press comes and goes with the screens.
  new MutationObserver((changes) => {
    mark();
    if (changes.some((change) => change.addedNodes.length) && document.querySelector("[data-theme-choice]:not([aria-pressed])"))
      show();
  }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  system.addEventListener("change", show);
  addEventListener("storage", (event) => { // another tab of this browser
    if (event.key !== KEY && event.key !== null) return;
    choice = kept();
    show();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (button) keep(button.dataset.themeChoice);
  });
  show();
})();
