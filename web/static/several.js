// Answers for several concepts on one page of pictures: one group of three buttons a concept and picture. The
// keyboard goes from group to group; what is answered goes through an outbox, as everywhere.
import {Outbox, get} from './outbox.js';
import {MARKS} from './dom.js';

const KEYS = {y: 'yes', n: 'no', u: 'unsure'};
const list = () => document.querySelector('[data-several]');
const cells = () => [...document.querySelectorAll('[data-several] .cell')];
const cellOf = (target) => target.closest?.('[data-several] .cell');
const idOf = (cell) => cell.closest('[data-picture]').dataset.picture;
const nameOf = (cell) => cell.dataset.concept;
const slot = (concept, id) => `${id} ${concept}`;

class Several {
  constructor() {
    this.own = new Map(); // picture and concept → [value, key]
    this.done = []; // what can be taken back
    this.outbox = new Outbox({
      have: () => [],
      saved: () => this.saved(),
      refused: (item, reason) => this.refused(item, reason),
      changed: (count, failure) => this.changed(count, failure),
    }, 'discern:unsaved-several:');
  }

  async settle() {
    const area = list();
    if (!area || area.dataset.ready) return;
    area.dataset.ready = 'loading';
    const ids = [...area.querySelectorAll('[data-picture]')].map((tile) => tile.dataset.picture);
    await Promise.all(JSON.parse(area.dataset.several).map((concept) => this.load(concept, ids)));
    this.draw();
    area.dataset.ready = 'yes';
  }

  async load(concept, ids) {
    const query = new URLSearchParams({concept});
    for (const id of ids) query.append('picture', id);
    try {
      const {answers} = await get(`/app/answers/own?${query}`);
      for (const [id, said] of Object.entries(answers)) if (!this.own.has(slot(concept, id))) this.own.set(slot(concept, id), said);
    } catch (error) {
      this.tell(`What you answered for “${concept}” can’t be shown: ${error.message}`);
    }
  }

  draw() {
    for (const cell of cells()) {
      const value = this.own.get(slot(nameOf(cell), idOf(cell)))?.[0] || '';
      const buttons = [...cell.querySelectorAll('[data-answer]')];
      const pressed = buttons.find((button) => button.dataset.answer === value);
      for (const button of buttons) {
        button.setAttribute('aria-pressed', String(button === pressed));
        button.tabIndex = button === (pressed || buttons[0]) ? 0 : -1;
      }
      cell.dataset.said = value;
    }
  }

  tell(words) {
    const said = document.querySelector('[data-part=several-said]');
    if (said) said.textContent = words;
  }

  progress() {
    const all = cells();
    const answered = all.filter((cell) => cell.dataset.said).length;
    return `${answered} of ${all.length} answered on this page.`;
  }

  say(cell, value) {
    const [concept, id] = [nameOf(cell), idOf(cell)];
    const at = slot(concept, id);
    const before = this.own.get(at);
    const key = this.outbox.add('/elsewhere', {concept, answers: [[id, value]]});
    this.own.set(at, [value, `${key}.0`]);
    this.done.push({concept, at, before, key: `${key}.0`});
    this.draw();
    this.tell(`${concept}: ${MARKS[value].slice(2)}. ${this.progress()}`);
  }

  // Pressing what is pressed takes it back.
  press(cell, value) {
    const at = slot(nameOf(cell), idOf(cell));
    const said = this.own.get(at);
    if (said?.[0] !== value) return this.say(cell, value);
    this.outbox.add('/elsewhere', {concept: nameOf(cell), answers: [], undoes: [said[1]]});
    this.done = this.done.filter((one) => one.key !== said[1]);
    this.own.delete(at);
    this.draw();
    this.tell(`${nameOf(cell)}: taken back. ${this.progress()}`);
    return undefined;
  }

  undo() {
    const last = this.done.pop();
    if (!last) return this.tell('There is nothing to take back.');
    this.outbox.add('/elsewhere', {concept: last.concept, answers: [], undoes: [last.key]});
    if (last.before) this.own.set(last.at, last.before);
    else this.own.delete(last.at);
    this.draw();
    return this.tell(`${last.concept}: taken back. ${this.progress()}`);
  }

  changed(count, failure) {
    if (!failure) return;
    this.failed = true;
    this.tell(`Not saved yet: ${count}. ${failure} It is tried again.`);
  }

  saved() {
    if (this.outbox.items.length) return;
    if (this.failed) this.tell('Saved.');
    this.failed = false;
  }

  refused(item, reason) {
    for (const [id] of item.body.answers || []) this.own.delete(slot(item.body.concept, id));
    this.done = [];
    this.draw();
    this.tell(`Not saved, and it does not count: ${reason}`);
  }
}

const several = new Several();

function focusOn(cell) {
  const target = cell?.querySelector('[tabindex="0"]') || cell?.querySelector('[data-answer]');
  target?.focus();
}

function go(cell, by) {
  const all = cells();
  focusOn(all[all.indexOf(cell) + by]);
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; several.settle(); });
}).observe(document.documentElement, {childList: true, subtree: true});

document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-several-undo]')) { several.undo(); return; }
  const button = event.target.closest?.('[data-several] [data-answer]');
  if (button) several.press(cellOf(button), button.dataset.answer);
});

document.addEventListener('keydown', (event) => {
  if (!list() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches('input, textarea, select')) return;
  const key = event.key.toLowerCase();
  const cell = cellOf(event.target);
  const width = JSON.parse(list().dataset.several).length;
  const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width}[event.key];
  if (key === 'z') {
    event.preventDefault();
    several.undo();
  } else if (cell && step) {
    event.preventDefault();
    go(cell, step);
  } else if (KEYS[key]) {
    event.preventDefault();
    const meant = cell || cells().find((one) => !one.dataset.said) || cells()[0];
    several.say(meant, KEYS[key]);
    if (cells().at(-1) === meant) focusOn(meant);
    else go(meant, 1);
  }
});
