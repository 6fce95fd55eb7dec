// One picture after the other. The next ones are decoded before they are needed, so that a key shows the next picture
// in the next frame; whatever is done with a label is done behind it.
import {element as make} from '../elements.js';
import {alsoClear} from '../protection.js';

// Where keys are typed and mean no label.
export const TYPED = 'input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable], dialog[open]';
const AHEAD = 5; // pictures loaded before they are needed
const STEPS = {ArrowLeft: 'back', ArrowRight: 'forward', z: 'undo'};

export const begin = (element, gradio) => { element.deck = new PictureDeck(element, gradio); };

export class PictureDeck {
  constructor(element, {props, watch, trigger}) {
    Object.assign(this, {root: element, props, trigger});
    this.part = (name) => element.querySelector(`[data-part="${name}"]`);
    this.labels = {...props.keys}; // key → label
    this.pictures = []; // to label, in order
    this.history = []; // what was labelled, oldest first: pictures with their `value`
    this.at = null; // place in the history that is looked at; null is the picture to label
    this.loaded = new Map();
    const ends = new AbortController();
    document.addEventListener('keydown', (event) => {
      if (!element.isConnected) return ends.abort();
      if (element.checkVisibility()) this.key(event);
    }, {signal: ends.signal});
    element.addEventListener('click', (event) => {
      const button = event.target.closest('[data-do]');
      if (button) this.act(button.dataset.do);
    });
    watch('value', () => this.given());
    this.given();
  }

  given() {
    this.pictures = [...(this.props.value?.pictures || [])];
    this.history = [];
    this.at = null;
    this.drawKeys();
    this.show();
  }

  drawKeys() {
    this.part('keys').replaceChildren(...Object.entries(this.labels).map(([key, value]) => this.button(`say:${value}`, value, key)));
  }

  button(action, words, key = '', style = '') {
    const made = make('button', `btn ${style}`, key ? `${words} ` : words);
    made.dataset.do = action;
    if (key) made.append(make('kbd', '', key.toUpperCase()));
    return made;
  }

  // Keys and buttons

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest(TYPED)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = key in this.labels ? `say:${this.labels[key]}` : STEPS[key];
    if (!action || (event.repeat && !key.startsWith('Arrow'))) return;
    event.preventDefault();
    this.act(action);
  }

  act(action) {
    if (action.startsWith('say:')) return this.label(action.slice(4));
    if (action === 'undo') return this.undo();
    if (action === 'back') return this.step(-1);
    if (action === 'forward') return this.step(1);
  }

  current() {
    return this.at === null ? this.pictures[0] : this.history[this.at];
  }

  label(value) {
    const picture = this.current();
    if (!picture) return;
    const changes = this.at !== null;
    if (changes) this.at = this.next(this.at, 1);
    else this.pictures.shift();
    const given = {...picture, value};
    this.history.push(given);
    this.labelled(given, changes);
    this.show();
  }

  // `changes`: it had a label before.
  labelled({id, value}) {
    this.trigger('labelled', {id, value});
    if (!this.pictures.length) this.trigger('empty');
  }

  undo() {
    const last = this.history.pop();
    if (!last) return this.say('Nothing to undo.');
    this.at = null;
    this.pictures = [last, ...this.pictures.filter((one) => one.id !== last.id)];
    delete last.value;
    this.undone(last);
    this.say('Undone. Label it again.');
    this.show();
  }

  undone({id}) {
    this.trigger('undo', {id});
  }

  // What was labelled in a batch is passed over.
  next(from, step) {
    let at = from + step;
    while (at >= 0 && at < this.history.length && this.history[at].batch) at += step;
    return at >= this.history.length ? null : at;
  }

  step(by) {
    if (by > 0 && this.at === null) return;
    const at = this.next(this.at === null ? this.history.length : this.at, by);
    if (at !== null && at < 0) return this.say('That was the first one.');
    this.at = at;
    this.show();
  }

  // Loading: small ones of all first, then the large ones in order

  load() {
    const soon = this.pictures.slice(0, AHEAD + 1);
    const wanted = new Set([...soon, ...this.history.slice(-3)].map((one) => one.id));
    for (const id of this.loaded.keys()) if (!wanted.has(id)) this.loaded.delete(id);
    for (const picture of soon) this.entry(picture);
    this.loadLarge(soon);
  }

  addresses({src, large}) {
    return {small: src, large: large || ''};
  }

  entry(picture) {
    if (!this.loaded.has(picture.id)) {
      const image = this.image(picture, this.addresses(picture).small);
      this.loaded.set(picture.id, {image, small: image.decode().catch(() => {}), large: null});
    }
    return this.loaded.get(picture.id);
  }

  image(picture, address) {
    const made = new Image();
    made.alt = `Picture ${picture.name || (picture.path || '').split('/').pop()}`.trim();
    made.dataset.picture = picture.id;
    made.draggable = false;
    made.src = address;
    return made;
  }

  async loadLarge(soon) {
    if (this.loading) return;
    this.loading = true;
    await Promise.all(soon.map((picture) => this.entry(picture).small));
    for (const picture of soon) {
      const entry = this.loaded.get(picture.id), address = this.addresses(picture).large;
      if (!entry || entry.tried || !address) continue;
      entry.tried = true;
      const large = this.image(picture, address);
      try {
        await large.decode();
        entry.large = large;
        if (this.current()?.id === picture.id) this.showPicture(picture);
      } catch { /* the small one stays */ }
    }
    this.loading = false;
    const now = this.pictures.slice(0, AHEAD + 1);
    if (now.some((picture) => this.addresses(picture).large && !this.entry(picture).tried)) this.loadLarge(now);
  }

  // Showing

  show() {
    const picture = this.current();
    this.showPicture(picture);
    this.load();
    const before = this.next(this.at === null ? this.history.length : this.at, -1);
    this.disable('back', before !== null && before < 0);
    this.disable('forward', this.at === null);
    this.disable('undo', !this.history.length);
    for (const value of Object.values(this.labels)) this.disable(`say:${value}`, !picture);
  }

  disable(action, off) {
    for (const button of this.root.querySelectorAll(`[data-do="${CSS.escape(action)}"]`)) button.disabled = off;
  }

  showPicture(picture) {
    const stage = this.part('stage');
    stage.setAttribute('aria-busy', String(!picture && this.waits()));
    if (!picture) return stage.replaceChildren(this.nothing());
    const {image, large} = this.entry(picture), shown = large || image;
    if (!shown.isConnected) {
      alsoClear(stage.querySelector('img'), shown);
      stage.replaceChildren(shown, ...this.over(picture, shown));
    }
    if (this.at !== null && !large) this.loadLarge([picture]);
  }

  // What lies over a picture, and stays when its large one comes.
  over() {
    return [];
  }

  // Whether more pictures may come by themselves.
  waits() {
    return false;
  }

  nothing() {
    const box = make('div', 'empty');
    box.append(make('h2', '', 'No more pictures'));
    return box;
  }

  say(words) {
    this.part('said').textContent = words;
  }
}
