// Pictures, each with a row of buttons for each concept; the pressed one is this person's label. The keyboard goes by
// concept (up, down) and by picture (left, right), and acts where the focus is.
import {writeComment, drawRemark} from '../../components/comments.js';
import {element as make} from '../../components/elements.js';
import {Outbox, get} from '../../components/outbox.js';
import {Scale} from '../../components/scale.js';
import {drawn} from '../../components/view/view.js';

const SIGNS = {yes: '✓', no: '✗', unsure: '?'};
const STYLES = {yes: 'yes', no: 'no', unsure: 'maybe'};
const TYPED = 'input, textarea, select, [contenteditable], dialog';
const slot = (concept, id) => `${id} ${concept}`;
const api = (concept) => `/api/v1/concepts/${encodeURIComponent(concept)}`;

export const begin = (element, gradio) => { element.several = new SideBySide(element, gradio); };

export class SideBySide {
  constructor(element, {props, watch}) {
    Object.assign(this, {element, props});
    this.template = element.querySelector('template');
    this.place = element.querySelector('[data-drawn]');
    this.own = new Map(); // picture and concept → {value, key}
    this.remarks = new Map(); // picture and concept → what this person wrote of it
    this.done = []; // what Z takes back, one press each
    this.outbox = new Outbox({
      saved: (item) => this.saved(item),
      refused: (item, reason) => this.refused(item, reason),
      changed: (count, failure) => this.changed(count, failure),
    }, 'discern:unsaved-beside:');
    const ends = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, (event) => {
      if (element.isConnected) act(event);
      else ends.abort();
    }, {signal: ends.signal});
    on(this.place, 'click', (event) => this.click(event));
    on(document, 'click', (event) => { if (event.target.closest('#several-head [data-part=undo]')) this.undo(); });
    on(document, 'keydown', (event) => { if (element.checkVisibility()) this.key(event); });
    watch('value', () => this.show());
    this.show();
  }

  // What is shown

  show() {
    const {value} = this.props;
    this.place.replaceChildren(value ? drawn(this.template.content, value) : '');
    const list = this.place.querySelector('[data-part=pictures]');
    if (!list) return;
    this.scales = new Map(value.concepts.map(({name, scale}) => [name, new Scale(JSON.stringify(scale))]));
    this.inView = new Set(value.in_view);
    this.done = [];
    for (const picture of value.pictures) {
      for (const {name} of value.concepts) this.take(name, picture.id, picture.own[name] || {});
    }
    for (const item of this.outbox.items) this.recall(item);
    list.append(...value.pictures.map((picture) => this.tile(picture, value.concepts)));
    this.draw();
    if (document.activeElement === document.body) this.focus(this.cells().find((cell) => !cell.dataset.said), {preventScroll: true});
  }

  take(concept, id, {value, key, comment}) {
    const at = slot(concept, id);
    if (value) this.own.set(at, {value, key});
    else this.own.delete(at);
    this.remarks.set(at, comment || '');
  }

  // What isn't saved yet is known here alone.
  recall({key, about: {kind, concept, id, value, text}}) {
    if (kind === 'label') this.own.set(slot(concept, id), {value, key});
    else if (kind === 'comment') this.remarks.set(slot(concept, id), text);
    else this.own.delete(slot(concept, id));
  }

  tile({id, src, name}, concepts) {
    const tile = make('li', 'panel'), image = new Image(), cells = make('div', 'cells');
    Object.assign(image, {src, alt: name, decoding: 'async', loading: 'lazy'});
    image.dataset.picture = id;
    Object.assign(cells.dataset, {picture: id, src});
    cells.append(...concepts.map((concept) => this.row(concept.name)));
    tile.append(image, cells);
    return tile;
  }

  row(name) {
    const scale = this.scales.get(name);
    const row = make('div', scale.kind === 'classes' ? 'cell wide' : 'cell');
    row.setAttribute('role', 'group');
    row.setAttribute('aria-label', name);
    row.dataset.concept = name;
    const title = make('span', 'name', name), writes = make('button', 'btn small quiet', '✎'), buttons = make('span', 'row');
    title.setAttribute('aria-hidden', 'true');
    writes.dataset.comment = '';
    writes.setAttribute('aria-label', `${name}: comment`);
    writes.title = 'Comment (C)';
    buttons.append(...[...scale.values, 'unsure'].map((value) => button(name, scale, value)));
    row.append(title, writes, buttons);
    return row;
  }

  cells() {
    return [...this.place.querySelectorAll('.cell')];
  }

  // A row can be reached by Tab once; where nothing is pressed, at its first button.
  draw() {
    for (const cell of this.cells()) {
      const at = slot(...about(cell)), value = this.own.get(at)?.value || '';
      const buttons = [...cell.querySelectorAll('[data-answer]')];
      const pressed = buttons.find((one) => one.dataset.answer === value);
      for (const one of buttons) {
        one.setAttribute('aria-pressed', String(one === pressed));
        one.tabIndex = one === (pressed || buttons[0]) ? 0 : -1;
      }
      cell.dataset.said = value;
      drawRemark(cell, this.remarks.get(at));
    }
  }

  tell(words) {
    const said = document.querySelector('#several-head [data-part=said]');
    if (said) said.textContent = words;
  }

  focus(cell, options) {
    (cell?.querySelector('[tabindex="0"]') || cell?.querySelector('[data-answer]'))?.focus(options);
  }

  progress() {
    const all = this.cells();
    return ` ${all.filter((cell) => cell.dataset.said).length} of ${all.length} labelled.`;
  }

  // Labelling

  say(cell, value) {
    const [concept, id] = about(cell), at = slot(concept, id), before = this.own.get(at);
    const body = {answers: [{picture: id, value}], in_view: this.inView.has(concept)};
    const key = this.outbox.add('POST', `${api(concept)}/labels`, body, {kind: 'label', concept, id, value});
    this.own.set(at, {value, key});
    this.done.push({concept, id, before, key});
    this.draw();
    this.tell(`${concept}: ${this.scales.get(concept).words(value)}.${this.progress()}`);
  }

  // Pressing what is pressed takes it back. What was said before it may stand again: that is asked for.
  press(cell, value) {
    const [concept, id] = about(cell), at = slot(concept, id), now = this.own.get(at);
    if (now?.value !== value) return this.say(cell, value);
    this.own.delete(at);
    this.done = this.done.filter(({key}) => key !== now.key);
    this.takeBack(concept, id, now.key, true);
    this.draw();
    this.tell(`${concept}: undone.${this.progress()}`);
  }

  undo() {
    const last = this.done.pop();
    if (!last) return this.tell('Nothing to undo.');
    const {concept, id, before, key} = last;
    if (before) this.own.set(slot(concept, id), before);
    else this.own.delete(slot(concept, id));
    this.takeBack(concept, id, key, false);
    this.draw();
    this.tell(`${concept}: undone.${this.progress()}`);
  }

  takeBack(concept, id, key, asks) {
    this.outbox.add('POST', `${api(concept)}/labels/undo`, {only: [key]}, {kind: 'undo', concept, id, asks});
  }

  comment(cell) {
    const [concept, id] = about(cell), at = slot(concept, id);
    const keep = (text) => {
      this.remarks.set(at, text);
      this.outbox.add('PUT', `${api(concept)}/comments/${id}`, {text, beside: false}, {kind: 'comment', concept, id, text});
      this.draw();
    };
    const picture = {id, src: cell.closest('.cells').dataset.src};
    writeComment({concept, picture, before: this.remarks.get(at) || '', keep, tell: (words) => this.tell(words)});
  }

  // Saving

  changed(count, failure) {
    if (!failure) return;
    this.failed = true;
    this.tell(`Not saved yet: ${count}. ${failure} Trying again.`);
  }

  async saved({about: {concept, id, asks}}) {
    if (!this.outbox.items.length) {
      if (this.failed) this.tell('Saved.');
      this.failed = false;
    }
    if (!asks) return;
    const found = await get(`${api(concept)}/own-labels?${new URLSearchParams({picture: id})}`);
    if (this.outbox.items.some(({about: other}) => other.concept === concept && other.id === id)) return;
    this.take(concept, id, found[id] || {});
    this.draw();
  }

  refused({about: {kind, concept, id}}, reason) {
    if (kind === 'comment') this.remarks.delete(slot(concept, id));
    else this.own.delete(slot(concept, id));
    this.done = [];
    this.draw();
    this.tell(`Not saved: ${reason}`);
  }

  // Mouse and keys

  click(event) {
    const cell = event.target.closest('.cell'), pressed = event.target.closest('[data-answer]');
    if (pressed) this.press(cell, pressed.dataset.answer);
    else if (event.target.closest('[data-comment]')) this.comment(cell);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPED)) return;
    const key = event.key.toLowerCase(), cell = event.target.closest('.cell');
    if (key === 'z') {
      event.preventDefault();
      return this.undo();
    }
    if (!cell || !this.place.contains(cell)) return;
    const all = this.cells(), width = cell.parentElement.children.length;
    const step = {ArrowUp: -1, ArrowDown: 1, ArrowLeft: -width, ArrowRight: width}[event.key];
    const value = this.scales.get(cell.dataset.concept).keys[key];
    if (step) this.focus(all[all.indexOf(cell) + step]);
    else if (key === 'c') this.comment(cell);
    else if (value) {
      this.say(cell, value);
      this.focus(all[all.indexOf(cell) + 1] || cell);
    } else return;
    event.preventDefault();
  }
}

const about = (cell) => [cell.dataset.concept, cell.closest('.cells').dataset.picture];

function button(name, scale, value) {
  const own = scale.own && value !== 'unsure';
  const words = !own ? SIGNS[value] : scale.kind === 'graded' ? value : scale.name(value);
  const made = make('button', `btn small ${STYLES[scale.tone(value)]}`, words);
  made.dataset.answer = value;
  made.setAttribute('aria-label', `${name}: ${scale.said(value)}`);
  if (own && scale.kind === 'classes') made.append(' ', make('kbd', '', scale.key(value)));
  made.title = own ? `${scale.name(value)} (${scale.key(value)})` : scale.said(value);
  return made;
}
