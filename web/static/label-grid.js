// Many pictures at once: every tile is a button that flips, and one press saves them together.
import {get} from './outbox.js';
import {drawRemark, writeComment} from './comment-box.js';
import {element, image} from './dom.js';
import {Unsaved} from './label-unsaved.js';

const FLIP = {'': 'yes', yes: 'no', no: ''};
const SHEET = 60; // pictures of one
const ASK_AGAIN = 300; // milliseconds, while the first pictures of an order are found
const EMPTYING = {Backspace: '', Delete: ''};

export class Grid {
  constructor(labeller) {
    this.labeller = labeller;
    this.part = labeller.part;
    this.scale = labeller.scale;
    this.keys = {...this.scale.keys, ...EMPTYING};
    this.pictures = [];
    this.values = [];
    this.at = 0;
    this.anchor = 0;
    this.unsaved = new Unsaved(this);
    this.choices = [this.part('order'), this.part('size')];
    [this.shownOrder, this.shownSize] = this.choices.map((choice) => choice.value);
    for (const choice of this.choices) choice.addEventListener('change', () => this.choose(choice));
    this.part('tiles').addEventListener('click', (event) => {
      const tile = event.target.closest('button');
      if (tile) this.click([...this.tiles()].indexOf(tile), event.shiftKey);
    });
  }

  get isOpen() {
    return this.labeller.mode !== 'single';
  }

  // A sheet shows pictures of every kind. What counts is marked, and the rest has been seen.
  get isSheet() {
    return this.labeller.mode === 'sheet';
  }

  enter() {
    this.part('orders').hidden = this.isSheet; // which has as many as it has
    const kept = this.unsaved.recall();
    if (kept && !this.pictures.length) this.restore(kept); else this.reload();
  }

  restore({order, size, pictures, values}) {
    if (order !== 'wall') this.part('order').value = order;
    if (!this.part('order').value) this.part('order').value = 'likely'; // its search is gone from the description
    this.part('size').value = size;
    for (const {id, said} of pictures) if (said) this.labeller.comments.setOwn(id, said);
    this.asked = this.query();
    const n = values.filter(Boolean).length;
    this.note = `${n === 1 ? '1 mark' : `${n} marks`} not saved yet. `;
    this.fill(pictures, values);
  }

  leave() {
    this.asked = null;
    this.pictures = [];
    this.values = [];
    this.part('tiles').replaceChildren();
    this.words(this.note || '');
    this.note = '';
  }

  // Another order or number of pictures; whoever stays with their marks has the old one again.
  choose(choice) {
    const wanted = choice.value;
    choice.value = choice === this.part('order') ? this.shownOrder : this.shownSize;
    this.unsaved.ask(() => {
      choice.value = wanted;
      this.reload();
    });
  }

  get order() {
    return this.isSheet ? 'wall' : this.part('order').value;
  }

  query() {
    const [order, ...query] = this.order.split(':');
    return new URLSearchParams({concept: this.labeller.concept, order, query: query.join(':'), n: this.isSheet ? SHEET : this.part('size').value});
  }

  async reload() {
    const asked = this.query();
    this.asked = asked;
    this.loading = true;
    this.words(this.note || 'Loading…');
    try {
      let found = await get(`/app/answers/grid?${asked}`);
      while (found.thinking && !found.problem && !found.pictures.length && this.asked === asked) {
        await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN); });
        found = await get(`/app/answers/grid?${asked}`);
      }
      if (this.asked !== asked) return; // another order or mode was chosen meanwhile
      if (found.problem && !found.pictures.length) throw new Error(found.problem);
      this.byLookAlikes = found.by_look_alikes;
      this.labeller.comments.know(found.remarks);
      this.fill(found.pictures);
    } catch (error) {
      this.loading = this.asked !== asked;
      this.words(`No pictures: ${error.message} Your labels are kept.`);
    }
  }

  fill(pictures, values = pictures.map(() => '')) {
    this.pictures = pictures;
    this.values = values;
    this.loading = false;
    [this.shownOrder, this.shownSize] = this.choices.map((choice) => choice.value);
    this.at = this.anchor = 0;
    this.part('tiles').replaceChildren(...pictures.map((picture) => {
      const tile = element('button', 'tile');
      tile.append(image(`/media/thumbnail/${picture.id}`, picture), element('span', 'mark'));
      tile.firstChild.alt = '';
      return tile;
    }));
    this.paint();
    this.keep();
    if (this.part('tiles').getBoundingClientRect().top < 0) scrollTo(0, 0); // where the last page ended
    if (pictures.length) {
      const busy = document.activeElement?.closest('.rail, [popover], dialog'); // the person is somewhere else
      if (!busy) this.tiles()[0].focus({preventScroll: true});
    } else if (!this.labeller.chosen()) this.labeller.turn('single');
    else this.words(`${this.note || ''}${this.isSheet ? 'No more sheets.' : 'All of these are labelled. Choose another order.'}`);
  }

  // True where the key was for the grid.
  key(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.shiftKey && !this.scale.own && (key === 'n' || key === 'y')) return this.act(`rest-${key === 'n' ? 'no' : 'yes'}`);
    if (key in this.keys) return this.set(this.range(), this.keys[key]);
    if (key === 'Enter') return event.target.closest('.tile') || event.target === document.body ? this.act('save') : false;
    if (key.startsWith('Arrow')) return this.move(key, event.shiftKey);
    if (key === 'c') return this.write();
    return key === 's'; // of one picture only
  }

  act(action) {
    const open = this.values.flatMap((value, i) => (value ? [] : [i]));
    if (action === 'rest-no') this.set(open, 'no');
    if (action === 'rest-yes') this.set(open, 'yes');
    if (action.startsWith('mark:')) this.set(this.range(), action.slice('mark:'.length));
    if (action === 'clear') this.set(this.values.map((_, i) => i), '');
    if (action === 'save') this.save();
    if (/^(rest-|mark:|clear)/.test(action)) this.tiles()[this.at]?.focus({preventScroll: true}); // Enter saves them
    if (action === 'comment-tile') this.write();
    if (['save-marks', 'drop-marks', 'stay'].includes(action)) this.unsaved.answer(action);
    return true;
  }

  // A comment on the tile that has the focus. It is kept at once: it is no mark.
  write() {
    const picture = this.pictures[this.at];
    if (!picture || this.pending || this.loading) return true;
    const {labeller} = this;
    const concept = labeller.concept;
    writeComment({
      concept, picture, before: labeller.comments.own(picture.id), tell: (words) => this.words(words),
      keep: (text) => {
        labeller.outbox.add('/comment', {concept, picture: picture.id, text});
        labeller.comments.setOwn(picture.id, text);
        labeller.say(text ? 'Comment saved.' : 'Comment removed.');
        this.paint();
        this.keep();
      },
    });
    return true;
  }

  click(index, extends_) {
    this.at = index;
    if (this.scale.own) { // chosen here, labelled by a key or the buttons above
      if (!extends_) this.anchor = index;
      return this.paint();
    }
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

  // What is marked while the pictures change would be lost with them.
  set(indices, value) {
    if (this.pending || this.loading) return true;
    for (const index of indices) this.values[index] = value;
    this.paint();
    this.keep();
    return true;
  }

  marked() {
    return this.pending ? 0 : this.values.filter(Boolean).length;
  }

  drop() {
    this.values = this.values.map(() => '');
    this.keep();
  }

  keep() {
    const {pictures, values, shownSize: size} = this;
    const order = this.isSheet ? 'wall' : this.shownOrder;
    this.labeller.showSaved();
    this.unsaved.keep({order, size, pictures: pictures.map(({id, path}) => ({id, path, said: this.labeller.comments.own(id)})), values});
  }

  // One request, one transaction, one undo. A sheet that is left halfway has not been looked through as a whole.
  save({whole = true} = {}) {
    const answers = this.pictures.flatMap((p, i) => (this.values[i] ? [[p.id, this.values[i]]] : []));
    const wall = this.isSheet && whole ? this.pictures.map((p) => p.id) : [];
    if ((!answers.length && !wall.length) || this.pending) return;
    const {labeller} = this;
    this.pending = labeller.outbox.add('/batch', {concept: labeller.concept, answers, wall});
    this.keep();
    this.words(answers.length ? `Saving ${answers.length}…` : 'Loading…');
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
    this.note = count ? `${count} saved. ` : '';
    this.values = this.values.map(() => '');
    if (!this.isOpen) return;
    const mode = this.labeller.goOn();
    if (mode === this.labeller.mode) this.reload(); else this.labeller.turn(mode);
  }

  // A batch was taken back. Its pictures come again, but not over marks that are not saved.
  undone() {
    if (this.unsaved.count) this.paint(); else this.reload();
  }

  tiles() {
    return this.part('tiles').children;
  }

  paint() {
    const marked = new Set(this.range());
    [...this.tiles()].forEach((tile, i) => {
      tile.className = `tile ${this.scale.tone(this.values[i])}${(marked.size > 1 || this.scale.own) && marked.has(i) ? ' marked' : ''}`;
      tile.querySelector('.mark').textContent = this.scale.mark(this.values[i]);
      drawRemark(tile, this.labeller.comments.own(this.pictures[i].id), 'said');
      tile.tabIndex = i === this.at ? 0 : -1;
      tile.setAttribute('aria-label', `${(this.pictures[i].path || 'picture').split('/').pop()}: ${this.scale.said(this.values[i])}${this.comment(i)}`);
    });
    const set = this.values.filter(Boolean).length;
    const save = this.labeller.root.querySelector('[data-do="save"]');
    save.disabled = this.isSheet ? !this.pictures.length : !set;
    save.firstChild.textContent = set ? `Save ${set} ` : this.isSheet ? 'Next page ' : 'Save ';
    if (!this.pictures.length) return;
    const how = this.isSheet && this.labeller.sheet ? 'Another sheet: there may be other kinds.' : this.isSheet ? 'Pick what counts; the rest teaches a little.' : set ? `${set} of ${this.pictures.length} marked` : `Mark pictures, then save.${this.byLookAlikes ? ' Similar labelled pictures shape the order.' : ''}`;
    this.words(`${this.note || ''}${how}`);
    if (set) this.note = '';
  }

  comment(index) {
    const said = this.labeller.comments.own(this.pictures[index].id);
    return said ? `; your comment: ${said}` : '';
  }

  words(text) {
    this.labeller.tell(text);
  }
}
