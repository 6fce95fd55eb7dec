// Many pictures at once: every tile is a button that flips, and one press saves them together.
import {get} from './outbox.js';
import {element, image} from './dom.js';

const FLIP = {'': 'yes', yes: 'no', no: ''};
const MARKS = {yes: '✓ counts', no: '✗ doesn’t', unsure: '? unsure', '': ''};
const SAID = {yes: 'counts', no: 'doesn’t count', unsure: 'unsure', '': 'no answer yet'};
const WALL = 60; // pictures of one
const ASK_AGAIN = 300; // milliseconds, while the first pictures of an order are found
const ANSWER_KEYS = {y: 'yes', n: 'no', u: 'unsure', Backspace: '', Delete: ''};

export class Grid {
  constructor(labeller) {
    this.labeller = labeller;
    this.part = labeller.part;
    this.pictures = [];
    this.values = [];
    this.at = 0;
    this.anchor = 0;
    this.part('order').addEventListener('change', () => this.reload());
    this.part('size').addEventListener('change', () => this.reload());
    this.part('tiles').addEventListener('click', (event) => {
      const tile = event.target.closest('button');
      if (tile) this.click([...this.tiles()].indexOf(tile), event.shiftKey);
    });
  }

  get isOpen() {
    return !this.part('grid').hidden;
  }

  toggle() {
    if (this.isOpen) this.close(); else this.open();
  }

  // With the first yes still to be found, the wall is where it is found soonest.
  open(order) {
    if (order) this.part('order').value = order;
    this.part('one').hidden = true;
    this.part('grid').hidden = false;
    this.reload();
  }

  close() {
    this.part('grid').hidden = true;
    this.part('one').hidden = false;
    history.replaceState(null, '', location.pathname + location.search);
    this.labeller.show();
  }

  async reload() {
    const [order, ...query] = this.part('order').value.split(':');
    const asked = new URLSearchParams({concept: this.labeller.concept, order, query: query.join(':'), n: order === 'wall' ? WALL : this.part('size').value});
    this.asked = asked;
    const hash = order === 'wall' ? '#wall' : '#grid';
    // The page has a base address, which a hash alone would be added to.
    if (location.hash !== hash) history.replaceState(null, '', location.pathname + location.search + hash);
    this.words('Looking through the library…');
    try {
      let found = await get(`/app/answers/grid?${asked}`);
      while (found.thinking && !found.problem && !found.pictures.length && this.asked === asked && this.isOpen) {
        await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN); });
        found = await get(`/app/answers/grid?${asked}`);
      }
      if (this.asked !== asked) return; // another order was chosen meanwhile
      if (found.problem && !found.pictures.length) throw new Error(found.problem);
      this.byLookAlikes = found.by_look_alikes;
      this.fill(found.pictures);
    } catch (error) {
      this.words(`The pictures can’t be shown: ${error.message} Your answers are kept.`);
    }
  }

  fill(pictures) {
    this.pictures = pictures;
    this.values = pictures.map(() => '');
    // A wall shows pictures of every kind. What counts on it is clicked, and what is left has been seen.
    this.isWall = this.asked.get('order') === 'wall';
    this.at = this.anchor = 0;
    this.part('tiles').replaceChildren(...pictures.map((picture) => {
      const tile = element('button', 'tile');
      tile.type = 'button';
      tile.append(image(`/media/thumbnail/${picture.id}`, picture), element('span', 'mark'));
      tile.firstChild.alt = '';
      return tile;
    }));
    this.paint();
    if (pictures.length) this.tiles()[0].focus({preventScroll: true});
    else if (this.isWall) this.words(`${this.note || ''}You have looked through pictures of every kind. Choose another order, or press G for single questions.`);
    else this.words('Every picture found this way has an answer. Choose another order, or go on to Review.');
  }

  // True where the key was for the grid.
  key(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.shiftKey && (key === 'n' || key === 'y')) return this.act(`rest-${key === 'n' ? 'no' : 'yes'}`);
    if (key in ANSWER_KEYS) return this.set(this.range(), ANSWER_KEYS[key]);
    if (key === 'Enter') return event.target.closest('.tile') || event.target === document.body ? this.act('save') : false;
    if (key.startsWith('Arrow')) return this.move(key, event.shiftKey);
    return ['s', 'c'].includes(key); // of one picture only
  }

  act(action) {
    const open = this.values.flatMap((value, i) => (value ? [] : [i]));
    if (action === 'rest-no') this.set(open, 'no');
    if (action === 'rest-yes') this.set(open, 'yes');
    if (action === 'clear') this.set(this.values.map((_, i) => i), '');
    if (action === 'save') this.save();
    return true;
  }

  click(index, extends_) {
    this.at = index;
    if (extends_) return this.set(this.range(), this.values[this.anchor] || 'yes');
    this.anchor = index;
    this.set([index], FLIP[this.values[index]] ?? '');
  }

  move(key, extends_) {
    const columns = getComputedStyle(this.part('tiles')).gridTemplateColumns.split(' ').length;
    const by = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[key];
    if (this.pictures[this.at + by]) this.at += by;
    if (!extends_) this.anchor = this.at;
    this.paint();
    this.tiles()[this.at]?.focus();
    return true;
  }

  range() {
    const [first, last] = [Math.min(this.at, this.anchor), Math.max(this.at, this.anchor)];
    return this.pictures.slice(first, last + 1).map((_, i) => first + i);
  }

  set(indices, value) {
    for (const index of indices) this.values[index] = value;
    this.paint();
    return true;
  }

  // One request, one transaction, one undo.
  save() {
    const answers = this.pictures.flatMap((p, i) => (this.values[i] ? [[p.id, this.values[i]]] : []));
    const wall = this.isWall ? this.pictures.map((p) => p.id) : [];
    if ((!answers.length && !wall.length) || this.pending) return;
    const {labeller} = this;
    this.pending = labeller.outbox.add('/batch', {concept: labeller.concept, answers, wall});
    this.words(answers.length ? `Saving ${answers.length} answers…` : 'Laying out the next wall…');
    if (!answers.length) return;
    const batch = answers.map(([id, value], i) => ({id, value, key: `${this.pending}.${i}`}));
    labeller.history.push({key: this.pending, batch});
    labeller.last = labeller.history.at(-1);
    const answered = new Set(answers.map(([id]) => id));
    labeller.pictures = labeller.pictures.filter((p) => !answered.has(p.id));
  }

  saved(item) {
    if (item.body.key !== this.pending) return;
    this.pending = null;
    const count = item.body.answers.length;
    const what = count === 1 ? '1 answer' : `${count} answers`;
    this.labeller.say(count ? `Saved: ${what}.` : 'None of them; the next wall comes.');
    this.note = count ? `${what} saved at once. Z takes ${count === 1 ? 'it' : 'them all'} back. ` : '';
    if (this.isOpen) this.reload();
  }

  tiles() {
    return this.part('tiles').children;
  }

  paint() {
    const marked = new Set(this.range());
    [...this.tiles()].forEach((tile, i) => {
      tile.className = `tile ${this.values[i]}${marked.size > 1 && marked.has(i) ? ' marked' : ''}`;
      tile.lastChild.textContent = MARKS[this.values[i]];
      tile.tabIndex = i === this.at ? 0 : -1;
      tile.setAttribute('aria-label', `${(this.pictures[i].path || 'picture').split('/').pop()}: ${SAID[this.values[i]]}`);
    });
    const set = this.values.filter(Boolean).length;
    const save = this.labeller.root.querySelector('[data-do="save"]');
    save.disabled = this.isWall ? !this.pictures.length : !set;
    if (this.isWall) {
      save.firstChild.textContent = set ? `Save ${set}, next wall ` : 'None of these, next wall ';
      if (this.pictures.length) this.words(`${this.note || ''}Click every picture that counts. What you leave stays without an answer, and is on no other wall.`);
      return;
    }
    save.firstChild.textContent = set ? `Save ${set} ` : 'Save ';
    if (this.pictures.length) this.words(`${this.note || ''}${set} of ${this.pictures.length} have an answer. Those without one stay as they are.${this.byLookAlikes ? ' This order also uses your answers to pictures that look alike.' : ''}`);
    if (set) this.note = '';
  }

  words(text) {
    this.part('grid-words').textContent = text;
  }
}
