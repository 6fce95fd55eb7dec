// Pictures in justified rows, and the one way to select them. What a picture is called is set as text or as an
// attribute; nothing of it is ever HTML.

const DRAG = 6; // pixels, after which a press is a rectangle and no click
const HOLD = 500; // milliseconds of a long press
const TELL = 150; // milliseconds without a change, after which a selection is told
const FAR = 1200; // pixels below what is in view: so early the next page is fetched

export const begin = (element, gradio) => {
  element.grid = new PictureGrid(element, gradio);
  element.dispatchEvent(new CustomEvent('begun', {bubbles: true})); // another script may wait for the grid
};

export class PictureGrid {
  // `gradio`: what the component's script is given: {props, watch, trigger}.
  constructor(element, {props, watch, trigger}) {
    Object.assign(this, {element, props, trigger});
    this.box = element.querySelector('.picture-grid');
    this.box.setAttribute('aria-label', props.name);
    this.tiles = new Map(); // id → its element, in the order shown
    this.selected = new Set();
    this.seen = new Set(); // ids of those that were in view
    this.keys = props.keys || {}; // key → what it marks pictures as
    this.toggles = Boolean(props.toggles); // whether a click adds, as Ctrl and a click do
    this.looks = new IntersectionObserver((entries) => {
      for (const {target, isIntersecting} of entries) if (isIntersecting) this.seen.add(target.dataset.id);
    }, {threshold: 0.5});
    this.anchor = null;
    this.end = document.createElement('div');
    this.box.after(this.end);
    const ends = new AbortController();
    const on = (target, name, act, how = {}) => target.addEventListener(name, (event) => {
      if (!element.isConnected) return ends.abort();
      act(event);
    }, {signal: ends.signal, ...how});
    on(this.box, 'click', (event) => this.click(event));
    on(this.box, 'dblclick', (event) => this.open(tileOf(event.target)));
    on(this.box, 'dragstart', (event) => event.preventDefault());
    on(this.box, 'focusin', (event) => this.rove(tileOf(event.target)));
    on(this.box, 'pointerdown', (event) => this.press(event));
    on(document, 'pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) on(document, name, () => this.release());
    on(document, 'contextmenu', (event) => { if (this.held) event.preventDefault(); });
    on(document, 'keydown', (event) => { if (element.checkVisibility()) this.key(event); });
    new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) this.more(); }, {rootMargin: `${FAR}px`}).observe(this.end);
    watch('value', () => this.show());
    this.show();
  }

  // What is shown

  show() {
    const {pictures, source} = this.props.value || {};
    this.cursor = source ? '' : null; // null: there is no more
    this.source = source;
    this.asked = Symbol('this value');
    if (!source) {
      this.draw(pictures || []);
      this.element.dispatchEvent(new CustomEvent('shown', {bubbles: true, detail: {pictures: pictures || []}}));
      return;
    }
    this.draw(pictures || []); // those that come before what the source has
    this.more();
  }

  async more() {
    if (this.cursor === null || this.asking === this.asked) return;
    const asked = this.asking = this.asked;
    const address = new URL(this.source, location.href);
    if (this.cursor) address.searchParams.set(this.props.value.pages || 'cursor', this.cursor);
    this.box.setAttribute('aria-busy', 'true');
    try {
      const reply = await fetch(address);
      const answer = await reply.json();
      if (asked !== this.asked) return; // another value came meanwhile
      if (!reply.ok) throw new Error(answer.detail);
      const found = this.page(answer);
      this.cursor = found.older || null;
      this.add(found.pictures);
      this.element.dispatchEvent(new CustomEvent('shown', {bubbles: true, detail: found}));
    } catch (error) {
      if (asked === this.asked) this.element.dispatchEvent(new CustomEvent('failed', {bubbles: true, detail: error.message}));
    } finally {
      if (asked === this.asking) this.asking = null;
      this.box.removeAttribute('aria-busy');
    }
    if (this.end.getBoundingClientRect().top < innerHeight + FAR && this.box.checkVisibility() && asked === this.asked) this.more();
  }

  // A page as the source answers it.
  page(answer) {
    return answer;
  }

  // The same elements stay for the same pictures: focus, scroll and selection stay with them.
  draw(pictures) {
    const before = this.tiles;
    this.tiles = new Map(pictures.map((one) => [one.id, before.get(one.id) || this.tile(one)]));
    for (const [id, tile] of before) if (!this.tiles.has(id)) { this.looks.unobserve(tile); this.seen.delete(id); tile.remove(); }
    let at = this.box.firstElementChild;
    for (const [id, tile] of this.tiles) {
      this.describe(tile, pictures.find((one) => one.id === id));
      if (tile === at) at = at.nextElementSibling;
      else this.box.insertBefore(tile, at);
    }
    this.select([...this.selected].filter((id) => this.tiles.has(id)));
    this.rove(null);
  }

  add(pictures) {
    for (const one of pictures) {
      if (this.tiles.has(one.id)) continue;
      const tile = this.tile(one);
      this.describe(tile, one);
      this.tiles.set(one.id, tile);
      this.box.append(tile);
    }
    this.rove(null);
  }

  // Those that are there no more. The focus goes to the next one.
  remove(ids) {
    const gone = new Set(ids), all = [...this.tiles.keys()], at = all.findIndex((id) => this.tiles.get(id) === document.activeElement);
    for (const id of gone) {
      this.tiles.get(id)?.remove();
      this.tiles.delete(id);
      this.seen.delete(id);
    }
    const next = all.slice(Math.max(at, 0)).find((id) => this.tiles.has(id));
    if (at >= 0 && next) this.tiles.get(next).focus({preventScroll: true});
    this.select([...this.selected].filter((id) => this.tiles.has(id)));
    this.rove(null);
  }

  tile({id, src, width, height}) {
    const tile = document.createElement('div'), image = new Image();
    tile.className = 'tile';
    tile.dataset.id = id;
    tile.setAttribute('role', 'option');
    tile.tabIndex = -1;
    tile.style.setProperty('--ratio', String(Math.min(3, Math.max(0.4, (width || 4) / (height || 3)))));
    image.loading = 'lazy';
    image.decoding = 'async';
    image.draggable = false;
    image.alt = '';
    image.dataset.picture = id;
    image.src = src || (this.props.thumbnails || '/media/thumbnail/') + id + (this.props.value?.shown || '');
    tile.append(image);
    this.looks.observe(tile);
    return tile;
  }

  describe(tile, {name = '', path = '', caption = '', mark = '', tone = ''}) {
    tile.dataset.name = name || path.split('/').pop();
    line(tile, 'caption', caption);
    this.mark(tile.dataset.id, mark, tone, tile);
  }

  // Says something over a picture: `tone` is yes, no, unsure or ''.
  mark(id, words, tone = '', tile = this.tiles.get(id)) {
    if (!tile) return;
    line(tile, 'mark', words)?.setAttribute('class', `mark ${tone}`);
    tile.setAttribute('aria-label', [tile.dataset.name || 'Picture', words].filter(Boolean).join(': '));
  }

  // Selecting

  select(ids) {
    this.selected = new Set(ids);
    for (const [id, tile] of this.tiles) tile.setAttribute('aria-selected', String(this.selected.has(id)));
    this.element.dispatchEvent(new CustomEvent('selected', {bubbles: true, detail: [...this.selected]}));
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (!this.selected.size && !this.told) return; // nobody selected anything
      this.told = this.selected.size;
      this.trigger('select', {ids: [...this.selected]});
    }, TELL);
  }

  toggle(id) {
    const now = new Set(this.selected);
    if (!now.delete(id)) now.add(id);
    this.anchor = id;
    this.select(now);
  }

  upTo(id) {
    const all = [...this.tiles.keys()];
    const [from, to] = [Math.max(0, all.indexOf(this.anchor)), all.indexOf(id)];
    this.select([...this.selected, ...all.slice(Math.min(from, to), Math.max(from, to) + 1)]);
  }

  click(event) {
    if (this.held || this.drawn) { this.held = false; return; }
    const tile = tileOf(event.target), id = tile?.dataset.id;
    if (!id) return this.toggles || this.select([]);
    tile.focus({preventScroll: true});
    if (event.shiftKey) this.upTo(id);
    else if (event.ctrlKey || event.metaKey || this.choosing || this.toggles) this.toggle(id);
    else { this.anchor = id; this.select([id]); }
  }

  open(tile) {
    if (!tile) return;
    this.element.dispatchEvent(new CustomEvent('open', {bubbles: true, detail: {id: tile.dataset.id}}));
    this.trigger('open', {id: tile.dataset.id});
  }

  press(event) {
    this.held = this.drawn = false;
    const tile = tileOf(event.target);
    if (event.pointerType === 'mouse') {
      if (!event.button) this.from = {x: event.pageX, y: event.pageY, before: event.shiftKey || event.ctrlKey ? [...this.selected] : []};
    } else if (tile && !tile.querySelector('img').src.includes('?shown=')) { // a finger that rests shows a protected one
      this.resting = setTimeout(() => { this.held = this.choosing = true; this.toggle(tile.dataset.id); }, HOLD);
    }
  }

  drag(event) {
    if (!this.from) {
      if (event.pointerType !== 'mouse' && (event.movementX || event.movementY)) clearTimeout(this.resting);
      return;
    }
    const {x, y, before} = this.from;
    const [left, top, width, height] = [Math.min(x, event.pageX), Math.min(y, event.pageY), Math.abs(x - event.pageX), Math.abs(y - event.pageY)];
    if (!this.drawn) {
      if (Math.max(width, height) < DRAG) return;
      document.body.append(this.drawn = document.createElement('div'));
      this.drawn.className = 'rectangle';
    }
    Object.assign(this.drawn.style, {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`});
    const box = this.drawn.getBoundingClientRect();
    const inside = [...this.tiles].filter(([, tile]) => meet(tile.getBoundingClientRect(), box)).map(([id]) => id);
    this.select([...before, ...inside]);
  }

  release() {
    clearTimeout(this.resting);
    this.drawn?.remove?.();
    this.from = null;
    if (this.drawn) setTimeout(() => { this.drawn = false; }); // after the click that ends a rectangle
  }

  // Keys: where the ring is, or nowhere.

  key(event) {
    if (event.altKey || event.target.closest('input, textarea, select, [contenteditable], dialog')) return;
    const tile = tileOf(event.target), here = this.box.contains(event.target);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.ctrlKey || event.metaKey) {
      if (key !== 'a' || !here) return;
      event.preventDefault();
      return this.select(this.tiles.keys());
    }
    if (key === 'Escape' && this.selected.size) { this.choosing = false; return this.select([]); }
    if (!tile) return;
    if (key.startsWith('Arrow')) this.move(tile, key, event.shiftKey);
    else if (key === 'Enter') this.open(tile);
    else if (key === 'x' || key === ' ') { this.choosing = true; this.toggle(tile.dataset.id); }
    else if (key in this.keys && !event.shiftKey && !event.repeat) this.say(tile, this.keys[key]);
    else return;
    event.preventDefault();
  }

  // What is selected, else the picture that has the focus.
  say(tile, value) {
    const ids = this.selected.size ? [...this.selected] : [tile.dataset.id];
    this.element.dispatchEvent(new CustomEvent('mark', {bubbles: true, detail: {ids, value}}));
    this.trigger('mark', {ids, value});
  }

  move(tile, key, extend) {
    const all = [...this.tiles.values()], at = all.indexOf(tile);
    const to = key === 'ArrowLeft' ? all[at - 1] : key === 'ArrowRight' ? all[at + 1] : below(all, tile, key === 'ArrowDown');
    if (!to) return;
    if (extend) {
      if (!this.selected.size) this.anchor = tile.dataset.id;
      this.upTo(to.dataset.id);
    } else if (!this.choosing && !this.toggles) {
      this.anchor = to.dataset.id;
      this.select([to.dataset.id]);
    }
    to.focus();
  }

  // Tab reaches one tile: the one that had the focus last, or the first.
  rove(tile) {
    const now = tile || [...this.tiles.values()].find((one) => one.tabIndex === 0) || this.tiles.values().next().value;
    for (const one of this.tiles.values()) if (one.tabIndex === 0 && one !== now) one.tabIndex = -1;
    if (now) now.tabIndex = 0;
  }
}

const tileOf = (target) => target?.closest?.('.picture-grid .tile');
const meet = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

// A line of text in a tile; none where there is nothing to say.
function line(tile, style, words) {
  let found = tile.querySelector(`.${style}`);
  if (!words) { found?.remove(); return null; }
  if (!found) {
    found = document.createElement('span');
    found.className = style;
    tile.append(found);
  }
  found.textContent = words;
  return found;
}

// In the next row, up or down, the tile whose middle is nearest.
function below(all, tile, down) {
  const {top, left, width} = rect(tile), middle = left + width / 2;
  const rows = [...new Set(all.map((one) => rect(one).top))].sort((a, b) => a - b);
  const row = rows[rows.indexOf(top) + (down ? 1 : -1)];
  const distance = (one) => Math.abs(rect(one).left + rect(one).width / 2 - middle);
  return all.filter((one) => rect(one).top === row).sort((a, b) => distance(a) - distance(b))[0];
}

const rect = ({offsetTop: top, offsetLeft: left, offsetWidth: width}) => ({top, left, width});
