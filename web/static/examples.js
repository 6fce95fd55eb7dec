// Example pictures from outside the library: dropped or chosen on Describe, chosen with a new concept on Home.
import { dropZone } from "./dom.js";

const NO_FILE = "What was dropped is no picture file. Save the picture first, then drop the file or choose it.";

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
    return `${file.name}: the connection was lost. Give it again.`;
  }
}

// The screen is drawn anew by a press, which also carries what could not be taken.
async function giveAll(zone, files) {
  const done = document.getElementById("examples-given");
  if (!done || zone.getAttribute("aria-busy")) return;
  zone.setAttribute("aria-busy", "true");
  zone.querySelector("b").textContent = "Looking at it…";
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

// Start: the concept is begun first, then the picture is given to it, then Describe opens.
let chosen = null;
document.addEventListener("change", (event) => {
  if (event.target.id === "begin-example") chosen = event.target.files[0] || null;
});
document.addEventListener("going", async (event) => {
  if (!chosen) return;
  event.preventDefault();
  const link = event.target;
  const refused = await give(link.dataset.concept, chosen, "true");
  chosen = null;
  if (!refused) return location.assign(link.href);
  const notice = document.createElement("div");
  notice.className = "notice bad";
  notice.setAttribute("role", "alert");
  notice.textContent = `The picture was not taken. ${refused}`;
  link.before(notice);
});
// A form that comes back, because the name is taken say, still has the picture.
new MutationObserver(() => {
  const input = document.getElementById("begin-example");
  if (!chosen || !input || input.files.length) return;
  const held = new DataTransfer();
  held.items.add(chosen);
  input.files = held.files;
}).observe(document.documentElement, { childList: true, subtree: true });
