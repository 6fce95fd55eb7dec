// What every screen needs in the browser. A live area is replaced as a whole when its content changes:
// the focus goes back to the control it was on, dialogs open, and the address says what is shown.
import { afterChanges } from "./dom.js";
import { savedMeanwhile } from "./outbox.js";

if (savedMeanwhile) location.reload();

const here = () => location.pathname + location.search;
let at = here();

let lastFocus = "";
document.addEventListener("focusin", (event) => { lastFocus = event.target.id || ""; });

// What was folded out stays so when its area is filled anew.
const unfolded = new Set();
document.addEventListener("click", (event) => { // the event of the fold itself comes later, maybe too late
  const fold = event.target.closest("summary")?.closest("details.fold[id]");
  if (fold) unfolded[fold.open ? "delete" : "add"](fold.id);
});

// On a phone the steps are a strip: the one that is open is in the middle of it.
function placeRail(rail) {
  rail.dataset.placed = "";
  const here = rail.querySelector("[aria-current]:not([popover] *)")?.getBoundingClientRect(), box = rail.getBoundingClientRect();
  if (here) rail.scrollLeft += here.left + here.width / 2 - box.left - box.width / 2;
}

let arrived = false; // another address for what is shown first takes that one's place, or Back would lead nowhere

function settle() {
  for (const fold of document.querySelectorAll("details.fold[id]")) fold.open ||= unfolded.has(fold.id);
  const rail = document.querySelector(".rail:not([data-placed])");
  if (rail) placeRail(rail);
  if (lastFocus && document.activeElement === document.body) {
    document.getElementById(lastFocus)?.focus({ preventScroll: true });
  }
  for (const dialog of document.querySelectorAll("dialog[data-open]")) {
    dialog.removeAttribute("data-open");
    dialog.showModal();
  }
  const place = document.querySelector("[data-arrive]"); // what an address with a # leads to comes later than it
  if (place && location.hash === `#${place.id}`) place.scrollIntoView();
  place?.removeAttribute("data-arrive");
  const next = document.querySelector("a[data-go]");
  if (next) {
    next.removeAttribute("data-go");
    location.assign(next.href);
  }
  const shown = document.querySelector("[data-address]");
  if (shown && shown.dataset.address !== here()) {
    history[arrived ? "pushState" : "replaceState"](null, "", shown.dataset.address);
    at = here();
  }
  arrived = true;
  shown?.removeAttribute("data-address");
  const pictures = document.querySelector("[data-now-in-library]");
  const told = document.getElementById("rail-pictures");
  if (pictures && told && told.textContent !== pictures.dataset.nowInLibrary) {
    told.textContent = pictures.dataset.nowInLibrary;
  }
}

afterChanges(settle);

// Back and Forward come to other content. What is behind the # a screen follows itself.
window.addEventListener("popstate", () => { if (here() !== at) location.reload(); });

// Enter sends a form off from its text area too; Shift+Enter makes a new line.
document.addEventListener("keydown", (event) => {
  const area = event.target.closest?.("textarea[data-enter]");
  if (!area || event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  area.form.requestSubmit();
});

// A choice that is a form of its own is sent as it is made.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[data-submit]")) event.target.form.requestSubmit();
});

// A menu that opens gives the focus to its first field; the browser gives it back as the menu closes.
document.addEventListener("beforetoggle", ({ target, newState }) => {
  const field = target.popover && newState === "open" && target.querySelector("input:not([type=hidden], .visually-hidden), select, textarea");
  if (field) field.autofocus = true;
  if (field) setTimeout(() => { field.autofocus = false; }); // or its area would count as changed
}, true);

// While a menu is open or a comment is written, keys never reach the pictures.
addEventListener("keydown", (event) => {
  if (!event.target.matches("input, textarea, select") && document.querySelector(":popover-open, dialog.comment-box")) event.stopPropagation();
}, true);

// A menu closes once something of it is pressed or sent.
document.addEventListener("submit", (event) => event.target.closest?.("[popover]")?.hidePopover());

// A click on the backdrop, or on a close button, closes the dialog.
document.addEventListener("click", (event) => {
  if (event.target.closest("[popover] [data-action]:not(form)")) event.target.closest("[popover]").hidePopover();
  if (event.target.closest("[data-close]") || event.target.matches?.("dialog")) {
    event.target.closest("dialog")?.close();
  }
});
