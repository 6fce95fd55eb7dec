// Library: uploads one file after the other, with progress; the size of tiles; and going from one opened picture to the next.
import { afterChanges, dropZone, element } from "./dom.js";

const LONGEST = 5; // reasons shown

async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.name.startsWith(".")) return;
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return;
    for (const child of part) await walk(child, found);
  }
}

function put(batch, file, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", `/uploads/${batch}/${encodeURIComponent(file.name)}`);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve("");
      try { resolve(JSON.parse(request.responseText).detail || "refused"); } catch { resolve(request.statusText); }
    });
    request.addEventListener("error", () => resolve(`${file.name}: the connection was lost. Send it again.`));
    request.send(file);
  });
}

async function upload(files) {
  const status = document.getElementById("upload-status");
  if (!files.length || !status) return;
  document.getElementById("library-import")?.hidePopover();
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const { batch } = await (await fetch("/uploads", { method: "POST" })).json();
  const refused = [];
  let sent = 0;
  const line = element("p"), bar = element("progress"), panel = element("div", "panel job");
  bar.max = Math.max(total, 1);
  bar.setAttribute("aria-label", "Uploading");
  panel.append(line, bar);
  status.replaceChildren(panel);
  for (const [index, file] of files.entries()) {
    line.textContent = `Uploading ${index + 1} of ${files.length}: ${file.name}`;
    const reason = await put(batch, file, (loaded) => { bar.value = sent + loaded; });
    if (reason) refused.push(reason);
    sent += file.size;
    bar.value = sent;
  }
  status.replaceChildren();
  if (refused.length) {
    const more = refused.length > LONGEST ? ` And ${refused.length - LONGEST} more.` : "";
    const words = `${refused.length} of ${files.length} files were refused. ${refused.slice(0, LONGEST).join(" ")}${more}`;
    status.append(element("div", "notice warn", words));
  }
  if (refused.length < files.length) {
    const done = document.getElementById("upload-done");
    done.dataset.value = batch;
    done.click();
  }
}

// Anywhere on the page, as long as one may import.
dropZone(".page:has(#upload-status):has([data-drop])", async (_zone, transfer) => upload(await filesOf(transfer)));
function chosen(input) {
  if (!input?.files.length) return;
  upload([...input.files]);
  input.value = "";
}
document.addEventListener("change", (event) => {
  if (event.target.id === "upload-files") chosen(event.target);
});
chosen(document.getElementById("upload-files")); // before this script came

// The size of tiles, which theme.js sets before the page is drawn.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-tile-size]")) return;
  localStorage.setItem("discern-tile", event.target.value);
  document.documentElement.style.setProperty("--tile", `${event.target.value}px`);
});

// An opened picture: arrows go to the one before and after it, on the next page too.
const section = () => document.querySelector("#library-main [data-answering]");
const tiles = () => [...(section()?.querySelectorAll("[data-action=open]") || [])];
const opened = () => document.querySelector("dialog[data-opened]");
let turned = null; // the page that was left, and which way

function turnTo(step) {
  const all = tiles(), at = all.findIndex((tile) => tile.dataset.value === opened().dataset.opened);
  const page = document.querySelector(`[data-page=${step < 0 ? "previous" : "next"}]`);
  if (all[at + step]) all[at + step].click();
  else if (page && at >= 0) {
    turned = { from: section(), step };
    page.click();
  }
}

function settle() {
  for (const slider of document.querySelectorAll("[data-tile-size]:not([data-ready])")) {
    slider.dataset.ready = "";
    slider.value = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--tile"), 10);
  }
  if (turned && section() && section() !== turned.from) {
    const { step } = turned;
    turned = null;
    tiles().at(step < 0 ? -1 : 0)?.click();
  }
  const place = opened()?.querySelector("[data-part=position]:empty");
  const at = place ? [...section().querySelectorAll("[data-grid] .tile")].findIndex((tile) => tile.dataset.value === opened().dataset.opened) : -1;
  if (at < 0) return;
  const total = section().dataset.total ?? document.querySelector("[data-now-in-library]").dataset.nowInLibrary.split(" ")[0];
  const number = (Number(section().dataset.start) + at + 1).toLocaleString("en");
  place.textContent = total ? `${number} of ${total}` : number;
}
afterChanges(settle);

document.addEventListener("click", (event) => {
  const turn = event.target.closest("[data-turn]");
  if (turn) turnTo(Number(turn.dataset.turn));
});
document.addEventListener("keydown", (event) => {
  if (!opened()?.open || event.target.matches("input, textarea, select")) return;
  if (event.key === "ArrowLeft") turnTo(-1);
  if (event.key === "ArrowRight") turnTo(1);
});
