// Pictures that are chosen or dropped, scored by the newest version. Nothing of them is kept.
import {ofPage} from '/web/components/elsewhere.js';
import {dropZone, element as make} from '/web/components/elements.js';

const MOST = 50; // megabytes of one request
const ZONES = {yes: 'yes', no: 'no', look: 'maybe'};

async function score(files) {
  const said = document.querySelector('#results-bundle [data-tried]');
  if (!said) return;
  const form = new FormData(), pictures = [...files].filter((one) => !one.type || one.type.startsWith('image/'));
  if (!pictures.length) { said.replaceChildren(make('p', 'notice bad', 'None of these is a picture.')); return; }
  if (pictures.reduce((sum, one) => sum + one.size, 0) > MOST * 2 ** 20) { said.replaceChildren(make('p', 'notice bad', `Choose at most ${MOST} MB at once.`)); return; }
  form.append('concept', ofPage());
  for (const one of pictures) form.append('picture', one, one.name);
  said.replaceChildren(make('p', 'soft', 'Scoring…'));
  try {
    const reply = await fetch('/api/v1/classify', {method: 'POST', body: form}), found = await reply.json();
    if (!reply.ok) throw new Error(found.detail || reply.statusText);
    const list = make('ul', 'files');
    list.append(...found.pictures.map((one) => row(one)));
    said.replaceChildren(list);
  } catch (error) {
    said.replaceChildren(make('p', 'notice bad', error.message));
  }
}

function row({name, said: [said], error}) {
  const item = make('li');
  item.append(make('span', '', name), make('span', 'grow'));
  if (error) item.append(make('span', 'soft', error));
  else item.append(make('span', `chip ${ZONES[said.zone]}`, `${said.decision}, ${Math.round(Math.min(99, Math.max(1, 100 * said.probability)))} %${said.familiarity < 0 ? ', unfamiliar' : said.zone === 'look' ? ', check it' : ''}`));
  return item;
}

document.addEventListener('change', ({target}) => {
  if (target.id !== 'results-try' || !target.files.length) return;
  score(target.files);
});
dropZone('#results-take', (_, transfer) => score(transfer.files));
