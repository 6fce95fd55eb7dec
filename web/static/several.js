// Answers for several concepts on one page of pictures. The keyboard goes from group to group.
import {cellOf, draw, focusOn, idOf, press, say} from './answer-cells.js';
import {commentElsewhere, drawRemark} from './comment-box.js';
import {afterChanges} from './dom.js';
import {elsewhere} from './elsewhere.js';

const KEYS = {y: 'yes', n: 'no', u: 'unsure'};
const list = () => document.querySelector('[data-several]');
const cells = () => [...document.querySelectorAll('[data-several] .cell')];

function tell(words) {
  const said = document.querySelector('[data-part=several-said]');
  if (said) said.textContent = words;
}

function progress() {
  const all = cells();
  return `${all.filter((cell) => cell.dataset.said).length} of ${all.length} answered on this page.`;
}

function undo() {
  const last = elsewhere.undo();
  tell(last ? `${last.concept}: taken back. ${progress()}` : 'There is nothing to take back.');
}

function comment(cell) {
  const path = cell.closest('[data-picture]').querySelector('img').alt;
  commentElsewhere(cell.dataset.concept, [{id: idOf(cell), path}], tell);
}

function drawAll() {
  draw(cells());
  for (const cell of cells()) drawRemark(cell, elsewhere.remark(cell.dataset.concept, idOf(cell)));
}

elsewhere.watch({draw: drawAll, tell});

async function settle() {
  const area = list();
  if (!area || area.dataset.ready) return;
  area.dataset.ready = 'loading';
  const ids = [...area.querySelectorAll('[data-picture]')].map((tile) => tile.dataset.picture);
  await Promise.all(JSON.parse(area.dataset.several).map((concept) => elsewhere.load(concept, ids).catch((error) => {
    tell(`What you answered for “${concept}” can’t be shown: ${error.message}`);
  })));
  drawAll();
  area.dataset.ready = 'yes';
}

function go(cell, by) {
  const all = cells();
  focusOn(all[all.indexOf(cell) + by]);
}

afterChanges(settle);

document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-several-undo]')) { undo(); return; }
  const writes = event.target.closest?.('[data-several] [data-comment]');
  if (writes) { comment(cellOf(writes)); return; }
  const button = event.target.closest?.('[data-several] [data-answer]');
  if (button) tell(`${press(cellOf(button), button.dataset.answer)} ${progress()}`);
});

document.addEventListener('keydown', (event) => {
  if (!list() || document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches('input, textarea, select')) return;
  const key = event.key.toLowerCase();
  const cell = cellOf(event.target);
  const width = JSON.parse(list().dataset.several).length;
  const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width}[event.key];
  if (key === 'z') {
    event.preventDefault();
    undo();
  } else if (cell && step) {
    event.preventDefault();
    go(cell, step);
  } else if (key === 'c' && cell) {
    event.preventDefault();
    comment(cell);
  } else if (KEYS[key]) {
    event.preventDefault();
    const meant = cell || cells().find((one) => !one.dataset.said) || cells()[0];
    if (!meant) return;
    tell(`${say(meant, KEYS[key])} ${progress()}`);
    if (cells().at(-1) === meant) focusOn(meant);
    else go(meant, 1);
  }
});
