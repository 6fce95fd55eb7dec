// Rows of buttons, one a concept and picture; the pressed one is this person's label. Side by side has many pictures with
// a few concepts, a picture's own page one picture with all of them, where those chosen beyond what is shown stay while
// the tab is open. The keyboard goes by concept (up, down) and by picture (left, right).
import {commentElsewhere, drawRemark} from './comment-box.js';
import {afterChanges, element} from './dom.js';
import {elsewhere} from './elsewhere.js';
import {Scale} from './scale.js';

const FURTHER = 'discern:further-concepts';
const SIGNS = {yes: '✓', no: '✗', unsure: '?'};
const STYLES = {yes: 'yes', no: 'no', unsure: 'maybe'};

const list = () => document.querySelector('dialog[open] [data-concepts]') || document.querySelector('.page > .area [data-concepts]');
const cells = () => [...(list()?.querySelectorAll('.cell') || [])];
const cellOf = (target) => target.closest?.('.cell[data-concept]');
const placeOf = (cell) => cell.closest('[data-picture]');
const about = (cell) => [cell.dataset.concept, placeOf(cell).dataset.picture];
const scaleOf = (cell) => new Scale(cell.dataset.scale);
const further = () => JSON.parse(sessionStorage.getItem(FURTHER) || '[]');
let last = ''; // the concept that has the focus, or had it on the picture before

function tell(words) {
  for (const one of document.querySelectorAll('[data-part=cells-said]')) one.textContent = words;
}

// A row can be reached by Tab once; where nothing is pressed, at its first button.
function draw() {
  for (const cell of document.querySelectorAll('.cell[data-concept]')) {
    const value = elsewhere.said(...about(cell));
    const buttons = [...cell.querySelectorAll('[data-answer]')];
    const pressed = buttons.find((button) => button.dataset.answer === value);
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button === pressed));
      button.tabIndex = button === (pressed || buttons[0]) ? 0 : -1;
    }
    cell.dataset.said = value;
    drawRemark(cell, elsewhere.remark(...about(cell)));
  }
}

elsewhere.watch({draw, tell});

function button(name, scale, value) {
  const own = scale.own && value !== 'unsure';
  const made = element('button', `btn small ${STYLES[scale.tone(value)]}`, !own ? SIGNS[value] : scale.kind === 'graded' ? value : scale.name(value));
  made.dataset.answer = value;
  made.setAttribute('aria-label', `${name}: ${scale.said(value)}`);
  if (own && scale.kind === 'classes') made.append(' ', element('kbd', '', scale.key(value)));
  made.title = own ? `${scale.name(value)} (${scale.key(value)})` : scale.said(value);
  return made;
}

function writes(name) {
  const made = element('button', 'btn small quiet', '✎');
  made.tabIndex = -1;
  made.dataset.comment = '';
  made.setAttribute('aria-label', `${name}: comment`);
  made.title = 'Comment (C)';
  return made;
}

function addRow(place, {name, scale: text}) {
  const scale = new Scale(text);
  const made = element('div', scale.kind === 'classes' ? 'cell wide' : 'cell');
  made.setAttribute('role', 'group');
  made.setAttribute('aria-label', name);
  Object.assign(made.dataset, {concept: name, scale: text});
  const title = element('span', 'name', name);
  title.setAttribute('aria-hidden', 'true');
  const buttons = element('span', 'row');
  buttons.append(...[...scale.values, 'unsure'].map((value) => button(name, scale, value)));
  made.append(title, writes(name), buttons);
  place.append(made);
  return made;
}

// A row for a concept of the choice below a picture; nothing where that has it no more.
function another(area, name) {
  const option = [...area.querySelectorAll('[data-another] option')].find((one) => one.value === name);
  if (!option?.value) return undefined;
  const place = area.querySelector('[data-picture]');
  const made = addRow(place, {name, scale: option.dataset.scale});
  option.remove();
  elsewhere.load(name, [place.dataset.picture]).then(draw, (error) => tell(`Your labels for “${name}” can’t be shown: ${error.message}`));
  return made;
}

function settle() {
  for (const area of document.querySelectorAll('[data-concepts]:not([data-ready])')) {
    area.dataset.ready = 'rows';
    for (const place of area.querySelectorAll('[data-picture]')) {
      const own = JSON.parse(place.dataset.own);
      for (const concept of JSON.parse(area.dataset.concepts)) {
        addRow(place, concept);
        elsewhere.take(concept.name, place.dataset.picture, own[concept.name] || ['', '', '']);
      }
    }
    const chosen = document.getElementById('answering-concept')?.value;
    for (const name of new Set([...further(), chosen])) another(area, name);
    last ||= chosen || '';
    draw();
  }
  const opened = document.querySelector('dialog[open] [data-concepts][data-ready=rows]'); // which moved the focus
  if (!opened) return;
  opened.dataset.ready = 'yes';
  focusOn(cells().find((cell) => cell.dataset.concept === last), {preventScroll: true});
}

afterChanges(settle);

function focusOn(cell, options) {
  (cell?.querySelector('[tabindex="0"]') || cell?.querySelector('[data-answer]'))?.focus(options);
}

function progress() {
  const all = cells();
  return all.length && !all[0].closest('dialog') ? ` ${all.filter((cell) => cell.dataset.said).length} of ${all.length} labelled.` : '';
}

function say(cell, value) {
  const [name, id] = about(cell);
  elsewhere.say(name, [id], value);
  tell(`${name}: ${scaleOf(cell).words(value)}.${progress()}`);
}

// Pressing what is pressed takes it back.
function press(cell, value) {
  const [name, id] = about(cell);
  if (elsewhere.said(name, id) !== value) return say(cell, value);
  elsewhere.takeBack(name, id);
  tell(`${name}: undone.${progress()}`);
}

function undo() {
  const undone = elsewhere.undo();
  tell(undone ? `${undone.concept}: undone.${progress()}` : 'Nothing to undo.');
}

function comment(cell) {
  const [name, id] = about(cell);
  commentElsewhere(name, [{id, path: ''}], tell);
}

document.addEventListener('focusin', (event) => {
  const cell = cellOf(event.target);
  if (cell?.closest('dialog')) last = cell.dataset.concept;
});

document.addEventListener('close', (event) => {
  if (event.target.querySelector?.('[data-concepts]')) last = '';
}, true);

document.addEventListener('click', (event) => {
  const cell = cellOf(event.target);
  const pressed = cell && event.target.closest('[data-answer]');
  if (pressed) press(cell, pressed.dataset.answer);
  else if (cell && event.target.closest('[data-comment]')) comment(cell);
  else if (event.target.closest?.('[data-cells-undo]')) undo();
});

document.addEventListener('change', (event) => {
  if (!event.target.matches?.('[data-another]') || !event.target.value) return;
  const name = event.target.value;
  sessionStorage.setItem(FURTHER, JSON.stringify([...new Set([...further(), name])]));
  focusOn(another(event.target.closest('[data-concepts]'), name));
});

document.addEventListener('keydown', (event) => {
  const all = cells();
  if (!all.length || event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea, select')) return;
  const cell = cellOf(event.target), key = event.key.toLowerCase(), isOpened = all[0].closest('dialog');
  const width = placeOf(all[0]).children.length;
  const sideways = isOpened ? {} : {ArrowLeft: -width, ArrowRight: width}; // an opened picture turns to the next by itself
  const step = {ArrowUp: -1, ArrowDown: 1, ...sideways}[event.key];
  const meant = cell || (isOpened ? all[0] : all.find((one) => !one.dataset.said) || all[0]);
  const value = scaleOf(meant).keys[key];
  if (!(cell && step) && !value && key !== 'z' && key !== 'c') return;
  event.preventDefault();
  if (cell && step) focusOn(all[all.indexOf(cell) + step]);
  else if (key === 'z') undo();
  else if (!cell && isOpened) {
    focusOn(meant);
    tell(`${meant.dataset.concept} has the focus: press again, or choose another with ↑ ↓.`);
  } else if (key === 'c') comment(meant);
  else {
    say(meant, value);
    focusOn(isOpened ? meant : all[all.indexOf(meant) + 1] || meant, {preventScroll: Boolean(isOpened)});
  }
});
