// Labels wherever tiles of pictures are: Y, N and U label the selected ones, or the one that is pointed at. Where a page
// does something else with selected pictures (put them into an album, remove them), they can be selected without a
// concept. C writes a comment on what is meant. The pill at the foot of the window says what is selected and what was done.
// The concept is the page's own, or chosen once in the pill and remembered while the tab is open. A page may have several
// lists, each with a pill: that of the list one is at shows.
import {commentElsewhere, drawRemark} from './comment-box.js';
import {afterChanges, element} from './dom.js';
import {elsewhere} from './elsewhere.js';
import {Scale} from './scale.js';

const KEYS = {z: 'undo', c: 'comment', a: 'collect', delete: 'remove'};
const OF_SELECTED = ['remove', 'collect'];
const REMEMBERED = 'discern:answer-for';
const DRAG = 6; // pixels, after which a press is a rectangle and no click
const HOLD = 500; // milliseconds of a long press, which selects
const TOLD = 6000; // milliseconds that it is said what was done
const CORNER = 36; // pixels of a tile that select it

const bars = () => [...document.querySelectorAll('.answering')];
const bar = () => document.querySelector('.answering');
const choice = () => document.getElementById('answering-concept');
const tiles = () => [...document.querySelectorAll('[data-answering] .pictures .tile[data-value]')];
const selects = () => Boolean(document.querySelector('.answering[data-selects]'));
const fixed = () => bar()?.dataset.concept; // where a page is about one concept, and shows its labels itself
const idOf = (tile) => tile.dataset.value;
const hovered = () => document.querySelector('[data-answering] .pictures .tile:hover');
const tileOf = (target) => (target.closest?.('[data-answering]') ? target.closest('.pictures .tile[data-value]') : null);
const besideTile = (target) => tileOf(target) || target.closest?.('[data-answering] .pictures > li')?.querySelector('.tile[data-value]'); // its caption

class AnswerAnywhere {
  constructor() {
    this.scale = new Scale();
    this.chosen = new Set();
    this.anchor = null;
    this.choosing = false;
    this.asking = false; // for which concept
    this.list = null; // that of the tile or the pill that was used last
  }

  // The pill of the list one is at; the first where that is gone.
  get bar() {
    return (this.list?.isConnected && this.list.querySelector('.answering')) || bar();
  }

  at(target) {
    this.list = target.closest?.('[data-answering]') || this.list;
  }

  get concept() {
    if (fixed()) return fixed();
    if (choice()?.options.length === 1) return choice().value;
    return sessionStorage.getItem(REMEMBERED) ?? (bar()?.dataset.beginsWith || '');
  }

  // Whether pictures can be selected at all.
  get open() {
    return Boolean(bar()) && (Boolean(this.concept) || selects());
  }

  // After the page's content changed: what is selected, and the labels of the tiles that are there now.
  async settle() {
    if (bars().every((one) => one.dataset.ready === this.shown())) return;
    for (const one of bars()) one.dataset.ready = this.shown();
    const select = choice();
    if (select && ![...select.options].some((option) => option.value === this.concept)) sessionStorage.removeItem(REMEMBERED);
    if (select) {
      select.value = this.concept;
      bar().querySelector('.acts').hidden = !this.concept;
      this.offer(select.selectedOptions[0]?.dataset.scale);
    } else if (fixed()) {
      this.offer(bar().dataset.scale);
    }
    const there = new Set(tiles().map(idOf));
    this.chosen = new Set([...this.chosen].filter((id) => there.has(id)));
    this.count();
    await this.load();
  }

  // The buttons of what the concept is labelled with.
  offer(text) {
    this.scale = new Scale(text);
    for (const one of bars()) this.fill(one);
  }

  fill(one) {
    for (const say of ['yes', 'no']) one.querySelector(`[data-say=${say}]`).hidden = this.scale.own;
    const own = one.querySelector('[data-part=answering-scale]');
    const graded = this.scale.kind === 'graded';
    own.hidden = !this.scale.own;
    own.replaceChildren(...(this.scale.own ? this.scale.values : []).map((value) => {
      const key = this.scale.key(value);
      const name = graded ? value : this.scale.name(value);
      const made = element('button', `btn small ${this.scale.tone(value)}`, name === key ? '' : `${name} `);
      made.dataset.answer = value;
      if (graded) made.title = this.scale.name(value);
      made.append(element('kbd', '', key));
      return made;
    }));
  }

  shown() {
    return [this.concept, ...tiles().map(idOf)].join(' ');
  }

  async load() {
    const {concept} = this;
    const ids = [...new Set(tiles().map(idOf))];
    if (!concept || fixed() || !choice() || !ids.length) return;
    try {
      await elsewhere.load(concept, ids);
      this.draw();
    } catch (error) {
      this.tell(`Your labels can’t be shown: ${error.message}`);
    }
  }

  draw() {
    for (const tile of tiles()) {
      const value = this.concept ? elsewhere.said(this.concept, idOf(tile)) : '';
      const selected = this.chosen.has(idOf(tile));
      tile.classList.toggle('chosen', selected);
      let mark = tile.querySelector('.said');
      if (!mark) tile.append(mark = element('span'));
      mark.className = `said ${value ? this.scale.tone(value) : 'visually-hidden'}`;
      mark.replaceChildren(this.scale.mark(value), ...(selected ? [element('span', 'visually-hidden', ' selected')] : []));
      mark.dataset.of = value && !fixed() ? this.concept : '';
      drawRemark(tile, this.concept ? elsewhere.remark(this.concept, idOf(tile)) : '');
    }
    const finds = document.querySelector('[data-finds]'); // as many as the server knew of
    const said = (tile) => elsewhere.said(this.concept, idOf(tile));
    if (finds) finds.textContent = (finds.dataset.finds - [...document.querySelectorAll('[data-find]')].filter(said).length).toLocaleString('en');
    for (const one of document.querySelectorAll('[data-say=choose]')) one.setAttribute('aria-pressed', String(this.choosing));
    for (const one of bars()) this.drawPill(one);
  }

  drawPill(one) {
    const here = one === this.bar;
    const said = one.querySelector('[data-part=answering-said]').textContent;
    one.closest('[data-answering]').classList.toggle('choosing', this.choosing || this.chosen.size > 1);
    one.querySelector('[data-part=of-selected]').hidden = !here || !(this.chosen.size || this.asking);
    one.querySelector('[data-part=undo]').hidden = !here || !said || !elsewhere.done.length;
    one.querySelector('[data-part=selection]').classList.toggle('off', !said);
  }

  // What is selected, or for a while what was done.
  tell(words) {
    clearTimeout(this.timer);
    for (const one of bars()) one.querySelector('[data-part=answering-said]').textContent = one === this.bar ? words : '';
    if (words && !this.chosen.size && !this.asking) this.timer = setTimeout(() => this.tell(''), TOLD);
    this.draw();
  }

  // What is labelled: the selected ones; else where the keyboard is; else what the mouse points at.
  meant() {
    if (this.chosen.size) return [...this.chosen];
    const one = this.focused() || hovered();
    if (one) this.at(one);
    return one ? [idOf(one)] : [];
  }

  act(what) {
    if (what === 'choose' && this.open) return this.choose();
    if (what === 'remove') return this.remove();
    if (what === 'collect') return this.collect();
    if (what === 'none') return this.clear();
    if (what === 'flagged') return this.all('[data-flagged]');
    if (what === 'undo') return this.undo();
    if (!this.concept) return this.ask();
    if (what === 'comment') return this.comment();
    this.answer(what);
  }

  ask() {
    this.asking = true;
    this.tell(choice() ? 'Label for which concept?' : 'Describe a concept first.');
  }

  // Of what a label would be about: on each of several that are selected.
  comment() {
    const ids = this.meant();
    if (!ids.length) return this.tell('Point at a picture, or select some.');
    const pictures = ids.map((id) => ({id, path: tiles().find((one) => idOf(one) === id)?.querySelector('img')?.alt}));
    commentElsewhere(this.concept, pictures, (words) => this.tell(words));
  }

  collect() {
    if (!this.chosen.size) return this.tell('Select pictures first.');
    document.getElementById('put-into')?.click();
  }

  // What a form of the page does with the selected ones. It is sent behind this.
  hand(form) {
    form.elements.pictures.value = [...this.chosen].join(' ');
    this.clear();
  }

  clear() {
    this.choosing = this.asking = false;
    this.chosen.clear();
    this.count();
  }

  answer(what) {
    const ids = this.meant();
    if (!ids.length) return this.tell('Point at a picture, or select some.');
    elsewhere.say(this.concept, ids, what);
    const picture = ids.length === 1 ? 'One picture' : `${ids.length} pictures`;
    this.clear();
    this.tell(`${picture}: ${this.scale.words(what)}.`);
  }

  // The page's own form takes them out of the library, and says how to put them back.
  remove() {
    const form = document.getElementById('remove-chosen');
    if (!form) return;
    if (!this.chosen.size) return this.tell('Select pictures first.');
    form.requestSubmit();
  }

  undo() {
    const last = elsewhere.undo();
    if (!last) return this.tell('Nothing to undo.');
    const what = last.concept === this.concept ? '' : ` for “${last.concept}”`;
    this.tell(`${last.ids.length === 1 ? 'One label' : `${last.ids.length} labels`}${what} undone.`);
  }

  // Selecting: X, Ctrl and a click, or the corner one by one; Shift and a click up to it; a rectangle.
  choose() {
    this.choosing = !this.choosing;
    this.draw();
  }

  // With nothing pointed at, the first one that is in sight.
  chooseOne() {
    const one = this.focused() || hovered() || tiles().find((tile) => tile.checkVisibility());
    if (!one) return;
    one.focus();
    this.choosing = true;
    this.toggle(one);
  }

  focused() {
    return besideTile(document.activeElement || document.body);
  }

  // This one alone.
  pick(tile) {
    this.chosen.clear();
    this.toggle(tile);
  }

  all(which = '*') {
    for (const tile of tiles()) if (tile.matches(which) && tile.checkVisibility()) this.chosen.add(idOf(tile)); // none in a fold
    this.count();
  }

  toggle(tile) {
    const id = idOf(tile);
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.anchor = id;
    this.count();
  }

  upTo(tile) {
    const all = tiles(); // from one list to the other, too
    const from = Math.max(0, all.findIndex((other) => idOf(other) === this.anchor));
    const to = all.indexOf(tile);
    for (const other of all.slice(Math.min(from, to), Math.max(from, to) + 1)) this.chosen.add(idOf(other));
    this.count();
  }

  count() {
    this.tell(this.chosen.size ? `${this.chosen.size} selected` : '');
  }

  // Arrows move by row and column. After a click the selection follows the focus; while selecting with X it stays.
  move(tile, key, extend) {
    const all = tiles().filter((other) => other.closest('[data-answering]') === tile.closest('[data-answering]'));
    const at = all.indexOf(tile);
    const columns = Math.max(1, all.filter((other) => other.offsetTop === all[0].offsetTop).length);
    const to = all[at + {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[key]];
    if (!to) return;
    if (extend) {
      if (!this.chosen.size) this.anchor = idOf(tile);
      this.upTo(to);
    } else if (this.chosen.size && !this.choosing) {
      this.pick(to);
    }
    to.focus();
  }
}

const answers = new AnswerAnywhere();
elsewhere.watch({draw: () => answers.draw(), tell: (words) => answers.tell(words)});
afterChanges(() => answers.settle());

document.addEventListener('change', (event) => {
  if (event.target !== choice()) return;
  sessionStorage.setItem(REMEMBERED, event.target.value);
  answers.asking = false;
  event.target.blur(); // the next key is for the pictures
  answers.settle();
});

// Side by side begins with the concept that is labelled here, and has the selected pictures.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-side-by-side]');
  if (!link) return;
  const address = new URL(link.href);
  if (answers.concept) address.searchParams.set('of', answers.concept);
  if (link.dataset.sideBySide) address.searchParams.set('pictures', [...answers.chosen].join(' '));
  link.href = address;
}, true);

document.addEventListener('keydown', (event) => {
  if (!bar() || event.altKey) return;
  if (document.querySelector('dialog[open]') || event.target.matches('input, textarea, select')) return;
  if (event.ctrlKey || event.metaKey) {
    if (event.key !== 'a' || !answers.open || !tiles().length) return;
    event.preventDefault(); // which would select the page's text
    return answers.all();
  }
  const tile = besideTile(event.target);
  if (tile && event.key.startsWith('Arrow')) {
    event.preventDefault();
    return answers.move(tile, event.key, event.shiftKey);
  }
  if (event.key === 'Escape') return answers.clear();
  const key = event.key.toLowerCase();
  const said = answers.scale.keys[key];
  if (OF_SELECTED.includes(KEYS[key]) && !(answers.chosen.size && selects())) return;
  if (key === 'x' && answers.open) return answers.chooseOne();
  if ((said || KEYS[key]) && (answers.concept || tile || answers.chosen.size)) {
    event.preventDefault();
    if (said && answers.concept) answers.answer(said);
    else answers.act(KEYS[key] || said);
  }
});

document.addEventListener('submit', (event) => {
  if (event.target.matches?.('form[data-chosen]')) answers.hand(event.target);
}, true);

// Where the ring shows that selects a tile under the mouse. A key's click is nowhere.
function inCorner(tile, event) {
  if (!tile || !event.detail || event.pointerType === 'touch') return false;
  const {right, top} = tile.getBoundingClientRect();
  return event.clientX > right - CORNER && event.clientY < top + CORNER;
}

// Before the tile's own click, which opens the picture.
let drawn = null;
let drawing = false;
document.addEventListener('click', (event) => {
  answers.at(event.target);
  const button = event.target.closest?.('[data-say]');
  if (button && bar()) return answers.act(button.dataset.say);
  const own = event.target.closest?.('.answering [data-answer]');
  if (own) return answers.answer(own.dataset.answer);
  const tile = tileOf(event.target);
  const picks = tile && tile.dataset.action === undefined; // it opens nothing
  const choosing = answers.choosing || picks || event.shiftKey || event.ctrlKey || event.metaKey || inCorner(tile, event);
  if (!tile || !answers.open || !(choosing || drawing)) return;
  event.preventDefault();
  event.stopPropagation();
  if (drawing) { drawing = false; return; }
  if (event.shiftKey) answers.upTo(tile);
  else if (picks && event.pointerType === 'mouse' && !answers.choosing && !event.ctrlKey && !event.metaKey) answers.pick(tile);
  else answers.toggle(tile);
}, true);

document.addEventListener('dragstart', (event) => { if (tileOf(event.target) && answers.open) event.preventDefault(); });
// A long press selects, and taps then add more. Where pictures are protected, a long press shows the picture instead.
let resting = 0;
function rest(tile) {
  drawing = true; // ignore the click that follows
  answers.choosing = true;
  answers.toggle(tile);
}
for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, () => clearTimeout(resting));
document.addEventListener('contextmenu', (event) => { if (drawing) event.preventDefault(); });
document.addEventListener('pointerdown', (event) => {
  drawing = false;
  const under = tileOf(event.target);
  const isProtected = document.documentElement.classList.contains('protected');
  if (event.pointerType === 'touch' && under && answers.open && !isProtected) resting = setTimeout(rest, HOLD, under);
  if (event.pointerType !== 'mouse' || event.button || !answers.open) return;
  const list = event.target.closest?.('[data-answering] .pictures');
  if (!list) return;
  drawn = {x: event.pageX, y: event.pageY, box: null, before: new Set(event.shiftKey || event.ctrlKey ? answers.chosen : [])};
});
document.addEventListener('pointermove', (event) => {
  if (!drawn) return;
  const [left, top] = [Math.min(drawn.x, event.pageX), Math.min(drawn.y, event.pageY)];
  const [width, height] = [Math.abs(event.pageX - drawn.x), Math.abs(event.pageY - drawn.y)];
  if (!drawn.box) {
    if (Math.max(width, height) < DRAG) return;
    document.body.append(drawn.box = element('div', 'rectangle'));
    drawing = true;
  }
  Object.assign(drawn.box.style, {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`});
  const box = drawn.box.getBoundingClientRect();
  answers.chosen = new Set(drawn.before);
  for (const tile of tiles()) {
    const its = tile.getBoundingClientRect();
    if (its.left < box.right && its.right > box.left && its.top < box.bottom && its.bottom > box.top) answers.chosen.add(idOf(tile));
  }
  answers.count();
});
document.addEventListener('pointerup', () => {
  drawn?.box?.remove();
  drawn = null;
});
