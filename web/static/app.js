// What every screen needs in the browser. A live area is replaced as a whole when its content changes:
// the focus goes back to the control it was on, dialogs open, and the address says what is shown.

let lastFocus = "";
document.addEventListener("focusin", (event) => { lastFocus = event.target.id || ""; });

function settle() {
  const wanted = document.querySelector("[data-autofocus]");
  if (wanted) {
    wanted.removeAttribute("data-autofocus");
    wanted.focus();
  } else if (lastFocus && document.activeElement === document.body) {
    document.getElementById(lastFocus)?.focus({ preventScroll: true });
  }
  for (const dialog of document.querySelectorAll("dialog[data-open]")) {
    dialog.removeAttribute("data-open");
    dialog.showModal();
  }
  const next = document.querySelector("a[data-go]");
  if (next) {
    next.removeAttribute("data-go");
    const going = new CustomEvent("going", { bubbles: true, cancelable: true });
    if (next.dispatchEvent(going)) location.assign(next.href);
  }
  const shown = document.querySelector("[data-address]");
  if (shown && shown.dataset.address !== location.pathname + location.search) {
    history.pushState(null, "", shown.dataset.address);
  }
  shown?.removeAttribute("data-address");
  const pictures = document.querySelector("[data-now-in-library]");
  const rail = document.getElementById("rail-pictures");
  if (pictures && rail && rail.textContent !== pictures.dataset.nowInLibrary) {
    rail.textContent = pictures.dataset.nowInLibrary;
  }
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; settle(); });
}).observe(document.documentElement, { childList: true, subtree: true });

// A screen that has several addresses itself says so, and shows what is at this one.
window.addEventListener("popstate", () => {
  if (window.dispatchEvent(new CustomEvent("turned", { cancelable: true }))) location.reload();
});

// Enter sends a form off from its text area too; Shift+Enter makes a new line.
document.addEventListener("keydown", (event) => {
  const area = event.target.closest?.("textarea[data-enter]");
  if (!area || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  area.form.requestSubmit();
});

// A click on the backdrop, or on a close button, closes the dialog.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]") || event.target.matches?.("dialog")) {
    event.target.closest("dialog")?.close();
  }
});
