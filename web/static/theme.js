// Light, dark or system. The choice is in a cookie, so that the server can write it on the first element and no frame
// shows the wrong theme. style.css follows it, or the system if there is none. The size of tiles is set as early.
(() => {
  const NAME = "discern-theme";
  const root = document.documentElement;
  const tile = localStorage.getItem("discern-tile");
  if (tile) root.style.setProperty("--tile", `${tile}px`);
  const tabs = new BroadcastChannel("discern:theme");

  function show(choice) {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    mark();
  }

  function mark() {
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", button.dataset.themeChoice === (root.dataset.theme || "system"));
  }

  function keep(choice) {
    document.cookie = `${NAME}=${choice}; path=/; max-age=${choice === "system" ? 0 : 31536000}; samesite=lax`;
    show(choice);
    tabs.postMessage(choice);
  }

  tabs.addEventListener("message", (event) => show(event.data)); // another tab of this browser
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (button) keep(button.dataset.themeChoice);
  });
  new MutationObserver(() => { // the buttons come and go with what a screen shows
    if (document.querySelector("[data-theme-choice]:not([aria-pressed])")) mark();
  }).observe(root, { childList: true, subtree: true });
})();
