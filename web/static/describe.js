// Describe: a description that is edited in place, searches that show what they find while they are typed, and pictures
// from outside the library as examples.
import { dropZone } from "./dom.js";

const NO_FILE = "This is no picture file. Save the picture first, then drop or choose the file.";
const PAUSE = 300; // milliseconds without a key until it is searched

// Empty where it was taken, else why not.
async function give(concept, file, counts) {
  const body = new FormData();
  body.append("picture", file);
  body.append("counts", counts);
  try {
    const answer = await fetch(`/api/v1/concepts/${encodeURIComponent(concept)}/examples`, { method: "POST", body });
    if (answer.ok) return "";
    return `${file.name}: ${(await answer.json()).detail || answer.statusText}`;
  } catch {
    return `${file.name}: the connection was lost. Try again.`;
  }
}

// The screen is drawn anew by a press, which also carries what could not be taken.
async function giveAll(zone, files) {
  const done = document.getElementById("examples-given");
  if (!done || zone.getAttribute("aria-busy")) return;
  zone.setAttribute("aria-busy", "true");
  zone.querySelector("b").textContent = "Adding…";
  const refused = files.length ? [] : [NO_FILE];
  for (const file of files) refused.push(await give(done.dataset.concept, file, zone.dataset.example));
  done.dataset.value += refused.filter(Boolean).join(" ");
  done.click();
}

dropZone("[data-example]", (zone, transfer) => giveAll(zone, [...transfer.files]));
document.addEventListener("change", (event) => {
  const zone = event.target.closest?.("[data-example]");
  if (zone && event.target.files.length) giveAll(zone, [...event.target.files]);
});

// A changed description is saved by Enter, by its button, and before anything else is done that draws it anew.
const changed = () => document.querySelector(".sentence[data-changed]");
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-action]:not(form, #try-query)")) changed()?.requestSubmit();
}, true);
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".sentence")) target.removeAttribute("data-changed");
  else changed()?.requestSubmit();
}, true);
window.addEventListener("beforeunload", (event) => { if (changed()) event.preventDefault(); });

let waiting = 0;
document.addEventListener("input", ({ target }) => {
  if (target.id === "sentence-text") target.form.toggleAttribute("data-changed", target.value !== target.defaultValue);
  if (target.id !== "new-query") return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const look = document.getElementById("try-query");
    look.dataset.value = target.value.trim();
    look.click();
  }, PAUSE);
});
document.addEventListener("submit", () => clearTimeout(waiting));
