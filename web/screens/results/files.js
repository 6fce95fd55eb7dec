// Results: labels from a file of another tool. First what is in it, with a choice for each of its words; then
// the same file again, with what was chosen.
import {elsewhere, ofPage} from '/web/components/elsewhere.js';
import {element} from '/web/components/elements.js';

const OTHER_MEANINGS = [['unsure', 'unsure'], ['leave-out', 'leave out']];
const MANY = 4; // words, from which on all others can be given one meaning
const ROWS = 5; // that can't be used, as they are told
const UNKNOWN = 'no picture of the library'; // of which there may be many: they are counted

// “1 row is …”, “3 rows are …”
const rows = (n, verb, many) => `${number(n, 'row')} ${n === 1 ? verb : many}`;
const number = (n, one, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

// A row of a table, of texts and elements; [what, style] where a cell has one.
function rowOf(tag, cells) {
  const made = element('tr');
  for (const [content, style] of cells.map((one) => [one].flat())) {
    const cell = element(tag, style);
    if (tag === 'th') cell.scope = 'col';
    cell.append(content);
    made.append(cell);
  }
  return made;
}

function choiceOf(id, options, chosen = '') {
  const made = element('select');
  made.id = id;
  for (const [value, said] of options) made.append(new Option(said, value, false, value === chosen));
  return made;
}

function labelOf(choice, said) {
  const made = element('label', '', said);
  made.htmlFor = choice.id;
  return made;
}

function buttons(...made) {
  const row = element('div', 'row');
  row.append(...made);
  return row;
}

function say(kind, lines) {
  const notice = element('div', `notice ${kind}`);
  for (const line of lines.filter(Boolean)) notice.append(element('p', '', line));
  document.getElementById('files-said').replaceChildren(notice);
}

async function send(what, file, meanings = [], columns = [], random = false) {
  const concept = ofPage();
  const query = new URLSearchParams(random ? { file: file.name, random } : { file: file.name });
  for (const [word, meaning] of meanings) query.append('as', `${word}=${meaning}`);
  for (const [ours, heading] of columns) query.append('column', `${ours}=${heading}`);
  const address = `/api/v1/concepts/${encodeURIComponent(concept)}/labels/${what}?${query}`;
  const answer = await fetch(address, { method: 'POST', body: file });
  const body = await answer.json();
  if (!answer.ok) {
    const error = new Error(body.detail || answer.statusText);
    error.headings = body.type?.endsWith('#unknown-columns') ? body.errors : null;
    throw error;
  }
  return body;
}

// Which column is what: asked where the headings of a table don't say it.
const COLUMNS = [
  ['', 'ignore'], ['path', 'path'], ['id', 'picture id'], ['label', 'label'],
  ['author', 'annotator'], ['comment', 'comment'],
];

function askColumns(file, headings) {
  const table = element('table', 'figures');
  table.append(rowOf('th', ['Column', 'begins with', 'is']), ...headings.map(({ where, what }, index) => {
    const choice = choiceOf(`files-column-${index}`, COLUMNS);
    choice.dataset.heading = where;
    return rowOf('td', [labelOf(choice, where), [what.slice(0, 80), 'soft'], choice]);
  }));
  const go = element('button', 'btn', 'Continue');
  const chosen = () => [...table.querySelectorAll('select')].filter((choice) => choice.value).map((choice) => [choice.value, choice.dataset.heading]);
  const look = () => {
    const ours = chosen().map(([value]) => value);
    go.disabled = !ours.includes('label') || !(ours.includes('path') || ours.includes('id')) || new Set(ours).size < ours.length;
  };
  table.addEventListener('change', look);
  look();
  go.addEventListener('click', () => preview(file, chosen()));
  words().replaceChildren(table, buttons(go));
  table.querySelector('select')?.focus();
}

// The first rows as they are read, so that one sees whether the columns are what they seem.
function firstRows(found) {
  const rows = found.first_rows || [];
  const names = [...new Set(rows.flatMap((one) => Object.keys(one)))].slice(0, 6);
  if (!names.length) return [];
  const fold = element('details', 'fold');
  fold.append(element('summary', '', rows.length === 1 ? 'The first row' : `The first ${rows.length} rows`));
  const table = element('table', 'figures');
  table.append(rowOf('th', names), ...rows.map((one) => rowOf('td', names.map((name) => (one[name] || '').slice(-60)))));
  const wide = element('div', 'wide');
  wide.tabIndex = 0;
  wide.setAttribute('role', 'region');
  wide.setAttribute('aria-label', 'The first rows');
  wide.append(table);
  fold.append(wide);
  return [fold];
}

function left(found) {
  const other = found.bad - found.unknown_pictures;
  const named = found.bad_rows.filter((row) => !row.reason.startsWith(UNKNOWN)).slice(0, ROWS);
  const reasons = named.map((row) => `row ${row.row}: ${row.reason}`).join('; ');
  return [
    found.unknown_pictures ? `${rows(found.unknown_pictures, 'is', 'are')} of no picture in this library.` : '',
    found.unanswered ? `${rows(found.unanswered, 'has', 'have')} no label.` : '',
    other ? `${number(other, 'row')} can’t be used: ${reasons}${other > named.length ? '; …' : ''}.` : '',
  ];
}

// What a word may mean where there are grades or classes too: one of these, or that it counts and no more.
function labelsMeant() {
  const scale = elsewhere.scale(ofPage());
  const own = scale.own ? scale.values.map((value) => [value, scale.name(value)]) : [];
  if (scale.kind === 'classes') return [...own, ['yes', 'one of these, unclear which']];
  const more = scale.own ? ', any grade' : '';
  return [...own, ['yes', `yes${more}`], ['no', `no${more}`]];
}

function choices(id, meant) {
  const skip = meant === 'skip' ? [['skip', 'skip']] : [];
  return choiceOf(id, [['', 'choose …'], ...labelsMeant(), ...OTHER_MEANINGS, ...skip], meant);
}

function row(word, index) {
  const choice = choices(`files-word-${index}`, word.means === 'leave out' ? 'leave-out' : word.means);
  choice.dataset.word = word.word;
  return rowOf('td', [labelOf(choice, word.word), [word.rows.toLocaleString('en'), 'num'], choice]);
}

function ask(file, found, columns) {
  const table = element('table', 'figures');
  table.append(rowOf('th', ['In the file', ['rows', 'num'], 'means']), ...found.words.map(row));
  const take = element('button', 'btn', 'Import labels'), cancel = element('button', 'btn', 'Cancel');
  const chosen = () => [...table.querySelectorAll('select[data-word]')];
  const look = () => { take.disabled = chosen().some((choice) => !choice.value); };
  if (chosen().filter((choice) => !choice.value).length >= MANY) {
    const others = choices('files-others', '');
    table.append(rowOf('td', [labelOf(others, 'All others'), '', others]));
    others.addEventListener('change', () => {
      for (const choice of chosen()) choice.value ||= others.value;
      look();
    });
  }
  table.addEventListener('change', look);
  look();
  const random = Object.assign(element('input'), { type: 'checkbox' }), sample = element('label', 'check');
  sample.append(random, ' A random sample of the library: use for testing');
  cancel.addEventListener('click', () => {
    words().replaceChildren();
    say('', ['Nothing was imported.']);
  });
  take.addEventListener('click', () => {
    const others = table.querySelector('#files-others')?.value; // of words that are too many to be listed, too
    const meanings = chosen().map((choice) => [choice.dataset.word, choice.value]);
    takeIn(file, others ? [...meanings, ['*', others]] : meanings, columns, random.checked, take);
  });
  words().replaceChildren(...firstRows(found), ...(found.words.length ? [table, sample, buttons(take, cancel)] : []));
  table.querySelector('select')?.focus();
}

const words = () => document.getElementById('files-words');

async function preview(file, columns = []) {
  words().replaceChildren();
  say('', [`Reading ${file.name} …`]);
  try {
    const found = await send('preview', file, [], columns);
    const open = found.words.filter((word) => !word.means).length;
    say(open ? 'warn' : '', [
      `${file.name}: labels for ${number(found.pictures, 'picture')} of this library.`,
      open ? `${number(open, 'word')} ${open === 1 ? 'needs' : 'need'} a meaning. Nothing is imported before you choose.` : '',
      ...left(found),
    ]);
    ask(file, found, columns);
  } catch (error) {
    if (error.headings) {
      say('warn', [`Which column of ${file.name} is what? Nothing is imported before you choose.`]);
      askColumns(file, error.headings);
      return;
    }
    say('bad', [`${error.message} Nothing was imported.`]);
  }
}

async function takeIn(file, meanings, columns, random, button) {
  button.disabled = true;
  try {
    const done = await send('import', file, meanings, columns, random);
    words().replaceChildren();
    say('good', [
      `${number(done.imported, 'label')} imported, ${done.unchanged.toLocaleString('en')} unchanged.`,
      done.left_out ? `${rows(done.left_out, 'was', 'were')} left out, as you chose.` : '',
      done.kept_for_evaluation ? `Of these, ${number(done.kept_for_evaluation, 'label')} for the test set only.` : '',
      done.sample || (done.kept_for_training ? `Of these, ${number(done.kept_for_training, 'label')} for training: only a random sample tests.` : ''),
      ...left(done),
    ]);
  } catch (error) {
    button.disabled = false;
    say('bad', [error.message]);
  }
}

document.addEventListener('change', (event) => {
  if (event.target.id !== 'files-file' || !event.target.files.length) return;
  preview(event.target.files[0]);
  event.target.value = '';
});
