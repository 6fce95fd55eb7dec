// One picture after the other, in this browser alone: the page's rules forbid it to ask for anything.

const about = JSON.parse(document.getElementById("about").textContent);
const body = document.getElementById("answers");
const status = document.getElementById("status");
const waiting = [];
const said = { pictures: 0, bad: 0, yes: about.columns.map(() => 0) };
let ready = null;
let working = false;

async function bytesOf(id) {
  const element = document.getElementById(id);
  const packed = atob(element.textContent.trim());
  element.remove(); // tens of megabytes
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at++) bytes[at] = packed.charCodeAt(at);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
}

async function load() {
  ort.env.wasm.numThreads = 1; // more need a server that isolates the page
  ort.env.wasm.wasmBinary = await bytesOf("wasm");
  const session = await ort.InferenceSession.create(await bytesOf("model"), { executionProviders: ["wasm"] });
  status.textContent = "Ready.";
  return session;
}

async function look(files) {
  waiting.push(...files);
  if (working) return;
  working = true;
  try {
    const session = await ready;
    for (let file; (file = waiting.shift()); ) {
      await one(session, file);
      status.textContent = `${inWords()}${waiting.length ? ` ${waiting.length} to go.` : ""}`;
      await new Promise((shown) => setTimeout(shown)); // so that the page can be used meanwhile
    }
  } catch (error) {
    status.textContent = `The classifier can’t be loaded here: ${error.message}`;
  } finally {
    working = false;
  }
}

function inWords() {
  const yes = about.columns.map(({ name }, i) => `${said.yes[i]} yes${said.yes.length > 1 ? ` ${name}` : ""}`);
  const bad = said.bad ? `, ${said.bad} can’t be read` : "";
  return `${said.pictures} ${said.pictures === 1 ? "picture" : "pictures"}: ${yes.join(", ")}${bad}.`;
}

async function one(session, file) {
  const row = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  row.append(document.createElement("td"), name);
  name.textContent = file.name;
  said.pictures++;
  try {
    const { pixels, small } = await pixelsOf(file, about.pictures);
    small.setAttribute("aria-hidden", "true");
    row.firstChild.append(small);
    row.append(...(await answersOf(session, pixels)));
  } catch (error) {
    said.bad++;
    const cell = document.createElement("td");
    cell.colSpan = about.columns.length;
    cell.className = "bad";
    cell.textContent = error.message;
    row.append(cell);
  }
  body.append(row);
  document.getElementById("table").hidden = false;
}

async function answersOf(session, pixels) {
  const { height, width } = about.pictures;
  const given = new ort.Tensor("uint8", pixels, [1, 3, height, width]);
  const { probability, decision, grade, familiarity } = await session.run({ pictures: given });
  const of = (names, output, name) => (names.includes(name) ? output.data[names.indexOf(name)] : null);
  return about.columns.map((column, i) => {
    const [p, yes] = [probability.data[i], Boolean(decision.data[i])];
    said.yes[i] += yes;
    const near = of(about.familiar, familiarity, column.name);
    return cell(column, p, yes, of(about.graded, grade, column.name), near !== null && near < 0);
  });
}

function cell(column, probability, yes, grade, unlike) {
  const surely = column.yes_from === column.threshold ? yes : probability >= column.yes_from;
  const zone = surely ? "yes" : probability <= column.no_up_to ? "no" : "look";
  const word = unlike ? "look" : about.one_of ? (yes ? "yes" : "no") : zone;
  const cell = document.createElement("td");
  cell.dataset.probability = probability;
  cell.dataset.decision = yes ? "yes" : "no";
  const said = document.createElement("b");
  said.className = word;
  said.textContent = word === "look" ? "look yourself" : word;
  const sure = document.createElement("span");
  const rather = word === "look" ? `, rather ${yes ? "yes" : "no"}` : "";
  const graded = grade === null ? "" : `, grade ${grade.toFixed(1)}`;
  sure.textContent = unlike ? "unlike what it learned from" : `${percent(probability)}${rather}${graded}`;
  cell.append(said, sure);
  return cell;
}

function percent(share) {
  const shown = (100 * share).toFixed(share > 0.005 && share < 0.995 ? 0 : 1);
  return `${shown} %`;
}

const input = document.getElementById("files");
const zone = document.getElementById("drop");
input.addEventListener("change", () => {
  look([...input.files]);
  input.value = "";
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("over");
});
addEventListener("dragleave", () => zone.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  look([...event.dataTransfer.files]);
});

ready = load();
ready.catch((error) => (status.textContent = `The classifier can’t be loaded here: ${error.message}`));
