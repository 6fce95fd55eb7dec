// Library: uploads one file after the other, with progress, and turning the pages of the large picture.
import { dropZone } from "./dom.js";

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
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const { batch } = await (await fetch("/uploads", { method: "POST" })).json();
  const refused = [];
  let sent = 0;
  const bar = document.createElement("progress");
  bar.max = Math.max(total, 1);
  bar.setAttribute("aria-label", "Uploading");
  const line = document.createElement("p");
  const panel = document.createElement("div");
  panel.className = "panel job";
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
    const notice = document.createElement("div");
    notice.className = "notice warn";
    const more = refused.length > LONGEST ? ` And ${refused.length - LONGEST} more.` : "";
    notice.textContent = `${refused.length} of ${files.length} files were not taken. ` +
      refused.slice(0, LONGEST).join(" ") + more;
    status.append(notice);
  }
  if (refused.length < files.length) {
    const done = document.getElementById("upload-done");
    done.dataset.value = batch;
    done.click();
  }
}

dropZone("[data-drop]", async (_zone, transfer) => upload(await filesOf(transfer)));
function chosen(input) {
  if (!input?.files.length) return;
  upload([...input.files]);
  input.value = "";
}
document.addEventListener("change", (event) => {
  if (event.target.id === "upload-files") chosen(event.target);
});
chosen(document.getElementById("upload-files")); // before this script came

// The large picture: arrows go through the pictures behind it.
let opened = "";
document.addEventListener("click", (event) => {
  const tile = event.target.closest("[data-action=open]");
  if (tile) opened = tile.dataset.value;
  const turn = event.target.closest("[data-turn]");
  if (turn) turnTo(Number(turn.dataset.turn));
});
document.addEventListener("keydown", (event) => {
  if (!document.querySelector("#library-dialog dialog[open]") || event.target.matches("input, textarea, select")) return;
  if (document.querySelector("dialog.comment-box")) return; // written about the picture below it
  if (event.key === "ArrowLeft") turnTo(-1);
  if (event.key === "ArrowRight") turnTo(1);
});
function turnTo(step) {
  const tiles = [...document.querySelectorAll("#library-main [data-action=open]")];
  const at = tiles.findIndex((tile) => tile.dataset.value === opened);
  tiles[at + step]?.click();
}
