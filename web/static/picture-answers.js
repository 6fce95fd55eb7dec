// One picture with all concepts: a row of answers each, by click and by key. The concept that had the focus has it on
// the next picture too, and those chosen beyond what is shown stay while the tab is open.
import {cellOf, draw, focusOn, press, say, scaleOf, takeBack} from './answer-cells.js';
import {commentElsewhere, drawRemark} from './comment-box.js';
import {afterChanges, element} from './dom.js';
import {elsewhere} from './elsewhere.js';
import {Scale} from './scale.js';

const FURTHER = 'discern:further-concepts';
const SIGNS = {yes: '✓', no: '✗', unsure: '?'};
const STYLES = {yes: 'yes', no: 'no', unsure: 'maybe'};

const area = () => document.querySelector('dialog[open] .picture-answers');
const cells = () => [...document.querySelectorAll('.picture-answers .cell')];
const further = () => JSON.parse(sessionStorage.getItem(FURTHER) || '[]');
let last = ''; // the concept that has the focus, or had it on the picture before

function tell(words) {
  const said = document.querySelector('[data-part=picture-said]');
  if (said) said.textContent = words;
}

// An own answer that the list below was made with, and that is another by now, stands in its row alone.
function show() {
  const place = document.querySelector('.picture-answers[data-ready]');
  if (!place) return;
  draw(cells());
  drawRemarks(place);
  const listed = Object.fromEntries(JSON.parse(place.dataset.concepts).map(({name, said}) => [name, said?.[1]]));
  for (const item of place.closest('dialog').querySelectorAll('[data-own]')) {
    if (elsewhere.key(item.dataset.own, place.dataset.picture) !== listed[item.dataset.own]) item.remove();
  }
}

// What was written since the page below was made: it stands in its row, no longer there.
function drawRemarks(place) {
  const id = place.dataset.picture;
  for (const cell of cells()) {
    const concept = cell.dataset.concept;
    if (!elsewhere.knowsRemark(concept, id)) continue;
    const text = elsewhere.remark(concept, id);
    const below = [...place.closest('dialog').querySelectorAll('[data-own-remark]')].filter((one) => one.dataset.ownRemark === concept);
    if (below.map((one) => one.dataset.text).join('\n') === text) continue;
    for (const one of below) one.remove();
    drawRemark(cell, text);
  }
}

elsewhere.watch({draw: show, tell});

function button(name, scale, value) {
  const own = scale.own && value !== 'unsure';
  const made = element('button', `btn small ${STYLES[scale.tone(value)]}`, !own ? SIGNS[value] : scale.kind === 'graded' ? value : scale.name(value));
  made.type = 'button';
  made.dataset.answer = value;
  made.setAttribute('aria-label', `${name}: ${scale.said(value)}`);
  if (own && scale.kind === 'classes') made.append(' ', element('kbd', '', scale.key(value)));
  made.title = own ? `${scale.name(value)} (${scale.key(value)})` : scale.said(value);
  return made;
}

function row(name, text) {
  const scale = new Scale(text);
  const made = element('div', scale.kind === 'classes' ? 'cell wide' : 'cell');
  made.setAttribute('role', 'group');
  made.setAttribute('aria-label', name);
  made.dataset.concept = name;
  if (text) made.dataset.scale = text;
  const title = element('span', 'name', name);
  title.setAttribute('aria-hidden', 'true');
  const buttons = element('span', 'row');
  buttons.append(...[...scale.values, 'unsure'].map((value) => button(name, scale, value)));
  made.append(title, buttons);
  return made;
}

// A row for a concept of the choice; nothing where that has it no more.
function another(place, name) {
  const option = [...document.querySelectorAll('[data-another] option')].find((one) => one.value === name);
  if (!option?.value) return undefined;
  const made = row(name, option.dataset.scale);
  place.append(made);
  option.remove();
  elsewhere.load(name, [place.dataset.picture]).then(show, (error) => tell(`What you answered for “${name}” can’t be shown: ${error.message}`));
  return made;
}

function fill(place) {
  place.dataset.ready = 'rows';
  for (const {name, scale, said} of JSON.parse(place.dataset.concepts)) {
    place.append(row(name, scale));
    elsewhere.take(name, place.dataset.picture, said || undefined);
  }
  const chosen = document.getElementById('answering-concept')?.value;
  for (const name of new Set([...further(), chosen])) another(place, name);
  show();
  if (chosen && !last) last = chosen;
}

// Once the dialog is open, which moves the focus.
function settle() {
  const made = document.querySelector('.picture-answers:not([data-ready])');
  if (made) fill(made);
  const place = area();
  if (place?.dataset.ready !== 'rows') return;
  place.dataset.ready = 'yes';
  focusOn(cells().find((cell) => cell.dataset.concept === last), {preventScroll: true});
}

afterChanges(settle);

document.addEventListener('focusin', (event) => {
  if (!event.target.closest?.('dialog')?.querySelector('.picture-answers')) return;
  const cell = cellOf(event.target);
  if (cell) last = cell.dataset.concept;
});

document.addEventListener('close', (event) => {
  if (event.target.querySelector?.('.picture-answers')) last = '';
}, true);

document.addEventListener('click', (event) => {
  const pressed = event.target.closest?.('.picture-answers [data-answer]');
  if (pressed) tell(press(cellOf(pressed), pressed.dataset.answer));
});

document.addEventListener('change', (event) => {
  if (!event.target.matches?.('[data-another]') || !event.target.value) return;
  const name = event.target.value;
  sessionStorage.setItem(FURTHER, JSON.stringify([...new Set([...further(), name])]));
  const made = another(document.querySelector('.picture-answers'), name);
  show();
  focusOn(made);
});

document.addEventListener('keydown', (event) => {
  if (!area() || document.querySelector('dialog.comment-box') || event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, textarea, select')) return;
  const all = cells();
  const cell = cellOf(event.target);
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
  const key = event.key.toLowerCase();
  if (cell && step) {
    event.preventDefault();
    focusOn(all[all.indexOf(cell) + step]);
  } else if (!cell && all.length && ['y', 'n', 'u', 'z', 'c'].includes(key)) {
    event.preventDefault();
    focusOn(all[0]);
    tell(`${all[0].dataset.concept} has the focus: press again, or go to another with the arrows.`);
  } else if (cell && key === 'c') {
    event.preventDefault();
    commentElsewhere(cell.dataset.concept, [{id: area().dataset.picture, path: ''}], tell);
  } else if (cell && key === 'z') {
    event.preventDefault();
    tell(takeBack(cell));
  } else if (cell && scaleOf(cell).keys[key]) {
    event.preventDefault();
    tell(say(cell, scaleOf(cell).keys[key]));
    focusOn(cell, {preventScroll: true});
  }
});
