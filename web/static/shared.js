// A stranger's own pictures, one after the other, on the page that is shared by a link.

const answers = document.getElementById("answers");
const status = document.getElementById("status");
const input = document.getElementById("files");
const zone = document.getElementById("drop");
const waiting = [];
let working = false;

function told(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

async function asked(file) {
  const body = new FormData();
  body.append("picture", file, "picture"); // its name is nobody's business
  const answer = await fetch(`${location.pathname}/classify`, { method: "POST", body });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || "It could not be looked at.");
  if (said.error) throw new Error(said.error);
  return said;
}

function row(file) {
  const made = document.createElement("tr");
  const small = document.createElement("td");
  const image = document.createElement("img");
  image.alt = "";
  image.src = URL.createObjectURL(file);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  image.addEventListener("error", () => image.remove()); // a kind that browsers can't show
  small.append(image);
  const name = told("th", file.name);
  name.scope = "row";
  made.append(small, name);
  return made;
}

async function look(files) {
  waiting.push(...files);
  if (working) return;
  working = true;
  for (let file; (file = waiting.shift()); ) {
    status.textContent = "Looking …";
    const made = row(file);
    const cell = document.createElement("td");
    try {
      const said = await asked(file);
      const share = (100 * said.probability).toFixed(said.probability > 0.005 && said.probability < 0.995 ? 0 : 1);
      cell.append(told("b", said.words, said.zone), told("span", `${share} % sure`));
      status.textContent = waiting.length ? `${waiting.length} to go.` : "Done.";
    } catch (error) {
      cell.append(told("span", error.message, "bad"));
      status.textContent = error.message;
    }
    made.append(cell);
    answers.prepend(made);
    document.getElementById("table").hidden = false;
  }
  working = false;
}

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
