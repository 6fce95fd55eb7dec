// Labels given outside of Label, and the pill at the foot of the window that says what is selected and what can be
// done with it. All that labels shares one `elsewhere`, so that what was said in one place is known in the others.
import {drawRemark, writeComment} from './comments.js';
import {element} from './elements.js';
import {Outbox, get} from './outbox.js';
import {Scale} from './scale.js';

const MOST = 200; // pictures of one request
const TOLD = 6000; // milliseconds that it is said what was done
const REMEMBERED = 'discern:answer-for'; // the concept that was chosen last, while the tab is open
const DOUBLE = 500; // milliseconds between the presses of a double-click, at most
const TYPED = 'input, textarea, select, [contenteditable], dialog[open]';
const slot = (concept, id) => `${id} ${concept}`;
const api = (concept) => `/api/v1/concepts/${encodeURIComponent(concept)}`;
export const ofPage = () => new URLSearchParams(location.search).get('concept') || '';
export const number = (n, one) => (n === 1 ? `1 ${one}` : `${n.toLocaleString('en')} ${one}s`);

// This person's labels of pictures: what stands, what is on its way, and undoing it.
class Elsewhere {
  constructor() {
    this.own = new Map(); // picture and concept → [value, key]
    this.remarks = new Map(); // picture and concept → what this person wrote of it
    this.done = []; // what Z takes back, one press each
    this.seen = new Set(); // pictures and concepts of which the machine's verdict was shown
    this.turns = new Map(); // picture and concept → when something was said here, as a count
    this.turn = 0;
    this.watchers = new Set();
    // Of the page, as `Viewer` says it: the concepts by name, with their scales, and what this person may do.
    this.page = {concepts: {}, may: {label: true, trash: true, album: true}};
    this.outbox = new Outbox({
      saved: (item) => this.saved(item),
      refused: (item, reason) => this.refused(item, reason),
      changed: (count, failure) => this.changed(count, failure),
    }, 'discern:elsewhere:');
    for (const {body, about, key} of this.outbox.items) {
      if (about.picture) this.remarks.set(slot(about.concept, about.picture), body.text);
      for (const {picture, value} of body.answers || []) this.own.set(slot(about.concept, picture), [value, key]);
    }
  }

  // {draw(), tell(words)}: what shows labels.
  watch(watcher) {
    this.watchers.add(watcher);
  }

  draw() {
    for (const watcher of this.watchers) watcher.draw();
  }

  tell(words) {
    pill.tell(words);
    for (const watcher of this.watchers) watcher.tell?.(words);
  }

  scale(concept) {
    const scale = this.page.concepts[concept];
    return new Scale(scale ? JSON.stringify(scale) : '');
  }

  said(concept, id) {
    return this.own.get(slot(concept, id))?.[0] || '';
  }

  remark(concept, id) {
    return this.remarks.get(slot(concept, id)) || '';
  }

  // Asks what this person says of pictures; what was said meanwhile is newer than the answer.
  async load(concept, ids) {
    const began = this.turn;
    for (let i = 0; i < ids.length; i += 60) { // as long as an address may be
      const some = ids.slice(i, i + 60), query = new URLSearchParams(some.map((id) => ['picture', id]));
      const found = await get(`${api(concept)}/own-labels?${query}`);
      for (const id of some) this.take(concept, id, found[id], began);
    }
  }

  // What the server said of a picture when `began` was the turn.
  take(concept, id, {value = '', key = '', comment = ''} = {}, began = this.turn) {
    const at = slot(concept, id), waiting = this.outbox.items.filter(({about}) => about.concept === concept);
    if (!waiting.some(({about}) => about.picture === id)) this.remarks.set(at, comment);
    if ((this.turns.get(at) || 0) > began || waiting.some(({body}) => body.answers?.some(({picture}) => picture === id))) return;
    if (value) this.own.set(at, [value, key]);
    else this.own.delete(at);
  }

  // `inView`: whether the machine's verdict stands beside them, or a function that says so of one.
  say(concept, ids, value, inView = false) {
    this.turn += 1;
    const entry = {concept, ids: [], before: [], keys: []};
    const isSeen = (id) => this.seen.has(slot(concept, id)) || (typeof inView === 'function' ? inView(id) : inView);
    for (const seen of [false, true]) {
      const some = ids.filter((id) => Boolean(isSeen(id)) === seen);
      for (let i = 0; i < some.length; i += MOST) this.send(entry, some.slice(i, i + MOST), value, seen);
    }
    this.done.push(entry);
    this.draw();
  }

  send(entry, ids, value, inView) {
    const answers = ids.map((picture) => ({picture, value}));
    const key = this.outbox.add('POST', `${api(entry.concept)}/labels`, {answers, in_view: inView}, {concept: entry.concept});
    entry.keys.push(key);
    for (const id of ids) {
      const at = slot(entry.concept, id);
      entry.ids.push(id);
      entry.before.push(this.own.get(at));
      this.put(at, [value, key]);
    }
  }

  put(at, said) {
    if (said) this.own.set(at, said);
    else this.own.delete(at);
    this.turns.set(at, this.turn);
  }

  // The last press; nothing where there is none.
  undo() {
    const last = this.done.pop();
    if (!last) return undefined;
    this.turn += 1;
    this.outbox.add('POST', `${api(last.concept)}/labels/undo`, {only: last.keys}, {concept: last.concept});
    last.ids.forEach((id, i) => this.put(slot(last.concept, id), last.before[i]));
    this.draw();
    return last;
  }

  // What stands of one picture, whenever it was said. What was said before stands again.
  async takeBack(concept, id) {
    const at = slot(concept, id);
    if (!this.own.has(at)) return;
    this.put(at, undefined);
    this.draw();
    await this.settled();
    const found = await get(`${api(concept)}/own-labels?picture=${id}`);
    if (!found[id]?.key) return;
    this.turn += 1;
    this.outbox.add('POST', `${api(concept)}/labels/undo`, {only: [found[id].key]}, {concept});
    await this.settled();
    await this.load(concept, [id]);
    this.draw();
  }

  settled() {
    return this.outbox.items.length ? new Promise((resolve) => { this.waiters = [...(this.waiters || []), resolve]; }) : Promise.resolve();
  }

  // In the place of what this person wrote before, which an empty text takes back; or beside it. It changes no label.
  comment(concept, id, text, beside = false) {
    const before = beside ? this.remark(concept, id) : '';
    this.remarks.set(slot(concept, id), [before, text].filter(Boolean).join('\n'));
    this.outbox.add('PUT', `${api(concept)}/comments/${id}`, {text, beside}, {concept, picture: id});
    this.draw();
  }

  // Of one picture, or the same on each of several. `src`: of the one that is shown.
  async writes(concept, ids, src) {
    const [id] = ids, several = ids.length > 1;
    try { await this.load(concept, ids); } catch { /* what was written before is not known */ }
    writeComment({
      concept, picture: {id, src}, of: ids.length, before: several ? '' : this.remark(concept, id), tell: (words) => this.tell(words),
      keep: (text) => {
        for (const one of ids) this.comment(concept, one, text, several);
        this.tell(text ? 'Comment saved.' : 'Comment removed.');
      },
    });
  }

  changed(count, failure) {
    if (!failure) return;
    this.failed = true;
    this.tell(`${failure} ${number(count, 'label')} wait${count === 1 ? 's' : ''} here, and will be saved when it is back.`);
  }

  saved({body, about}) {
    if (body.answers) dispatchEvent(new CustomEvent('labelled', {detail: {concept: about.concept, ids: body.answers.map(({picture}) => picture)}}));
    if (this.outbox.items.length) return;
    for (const resolve of this.waiters?.splice(0) || []) resolve();
    if (this.failed) this.tell('Saved.');
    this.failed = false;
  }

  refused({body, about}, reason) {
    for (const {picture} of body.answers || []) this.own.delete(slot(about.concept, picture));
    if (about.picture) this.remarks.delete(slot(about.concept, about.picture));
    else this.done = [];
    this.draw();
    this.tell(`Not saved. ${reason}`);
  }
}

async function send(method, address, body) {
  const headers = {'Content-Type': 'application/json'};
  const reply = await fetch(`/api/v1${address}`, {method, headers, body: JSON.stringify(body)});
  const found = reply.status === 204 ? null : await reply.json();
  if (!reply.ok) throw new Error(found.detail || `The server answered ${reply.status}.`);
  return found;
}

// Out of use, everywhere, until it is taken back. Every grid hears of it: `pictures-gone`, `pictures-back`.
export async function trash(ids) {
  try {
    for (let i = 0; i < ids.length; i += 1000) await send('POST', '/trash', {pictures: ids.slice(i, i + 1000)});
  } catch (error) {
    return elsewhere.tell(`Nothing was moved. ${error.message}`);
  }
  dispatchEvent(new CustomEvent('pictures-gone', {detail: ids}));
  return pill.tell(`${number(ids.length, 'picture')} moved to the trash.`, async () => {
    for (let i = 0; i < ids.length; i += 1000) await send('POST', '/trash/restore', {pictures: ids.slice(i, i + 1000)});
    dispatchEvent(new CustomEvent('pictures-back', {detail: ids}));
    pill.tell(`${number(ids.length, 'picture')} restored.`);
  });
}

// Puts pictures into an album, a new one where it has no `id`, or takes them out. `change`: how often it was changed.
export async function album(ids, {id, name, change}, takes = false) {
  try {
    if (!id) {
      await send('POST', '/collections', {name, pictures: ids});
      pill.tell(`“${name}” created with ${number(ids.length, 'picture')}.`);
    } else {
      const {change: now, changes: [last]} = await send('PATCH', `/collections/${id}`, {[takes ? 'take' : 'put']: ids});
      if (now === change) return pill.tell(takes ? `None of them is in “${name}”.` : `All of them are in “${name}” already.`);
      pill.tell(takes ? `${number(last.pictures, 'picture')} taken out of “${name}”, still in the library.` : `${number(last.pictures, 'picture')} added to “${name}”.`, async () => {
        await send('PATCH', `/collections/${id}`, {undo: last.number});
        dispatchEvent(new CustomEvent('albums-changed'));
        pill.tell('Undone.');
      });
    }
  } catch (error) {
    return pill.tell(`Nothing was ${takes ? 'taken out' : 'added'}. ${error.message}`);
  }
  return dispatchEvent(new CustomEvent('albums-changed'));
}

// Listens to what a PictureGrid says, and draws what was said on its tiles. `root` is the grid's element.
//   inView: whether a machine's verdict stands beside the pictures (or a function that says so of one id)
//   concept: which the labels are for; without, that of the address, or one that is chosen in the pill
//   actions: [{words, key, title, when(), act(ids)}]: what else the pill offers
//   choose: whether another concept than that of the address can be chosen
export function labels(root, options = {}) {
  root.labels ||= new GridLabels(root, options);
  Object.assign(root.labels, options);
  return root.labels;
}

class GridLabels {
  constructor(root, options) {
    Object.assign(this, {root, inView: false, concept: '', choose: false, actions: [], ...options});
    root.addEventListener('mark', ({detail: {ids, value}}) => this.say(ids, value));
    root.addEventListener('selected', () => pill.of(this));
    root.addEventListener('shown', () => this.load());
    root.addEventListener('focusin', () => pill.of(this));
    addEventListener('pictures-gone', ({detail}) => root.grid?.remove(detail));
    elsewhere.watch({draw: () => this.draw()});
    document.addEventListener('keydown', (event) => this.key(event));
    this.load();
  }

  get about() {
    if (this.concept) return this.concept;
    const chosen = this.choose ? sessionStorage.getItem(REMEMBERED) : null, names = Object.keys(elsewhere.page.concepts);
    return (chosen !== null && (chosen === '' || names.includes(chosen)) ? chosen : ofPage()) || (this.choose && names.length === 1 ? names[0] : '');
  }

  get ids() {
    return [...(this.root.grid?.tiles.keys() || [])];
  }

  // What is selected, else the picture with the ring.
  get meant() {
    const {selected} = this.root.grid;
    const tile = document.activeElement?.closest('.picture-grid .tile');
    return selected.size ? [...selected] : tile && this.root.contains(tile) ? [tile.dataset.id] : [];
  }

  async load() {
    const {about, ids} = this;
    this.offer();
    const known = this.knows === about ? this.known : new Set();
    const asked = ids.filter((id) => !known.has(id));
    Object.assign(this, {knows: about, known: new Set(ids)});
    if (!about || !asked.length) return this.draw();
    try {
      await elsewhere.load(about, asked);
    } catch { this.known = known; /* marks come with the next page */ }
    this.draw();
  }

  offer() {
    const {grid} = this.root;
    if (!grid || this.offered === this.about) return;
    this.offered = this.about;
    this.scale = elsewhere.scale(this.about);
    grid.keys = elsewhere.page.may.label ? this.scale.keys : {};
  }

  draw() {
    const {grid} = this.root, {about} = this;
    if (!grid || !this.root.isConnected) return;
    this.offer();
    this.drawn ||= new Set();
    for (const [id, tile] of grid.tiles) {
      const value = about ? elsewhere.said(about, id) : '';
      if (value || this.drawn.has(id)) grid.mark(id, this.scale.mark(value), this.scale.tone(value), tile);
      if (value) this.drawn.add(id);
      drawRemark(tile, about ? elsewhere.remark(about, id) : '', 'remark');
    }
    if (pill.list === this) pill.draw();
  }

  say(ids, value) {
    const {about} = this;
    if (!about) return pill.ask(this);
    elsewhere.say(about, ids, value, this.inView);
    this.root.grid.select([]);
    pill.of(this);
    return pill.tell(`${number(ids.length, 'picture')}: ${this.scale.words(value)}.`, () => this.undo());
  }

  undo() {
    const last = elsewhere.undo();
    if (!last) return pill.tell('Nothing to undo.');
    return pill.tell(`${number(last.ids.length, 'label')}${last.concept === this.about ? '' : ` for “${last.concept}”`} undone.`);
  }

  comment() {
    const ids = this.meant;
    if (!ids.length) return pill.tell('Select pictures first.');
    if (!this.about) return pill.ask(this);
    return elsewhere.writes(this.about, ids, this.root.grid.tiles.get(ids[0])?.querySelector('img')?.src);
  }

  // What the pill offers for the selected, apart from labels.
  get offers() {
    const {may} = elsewhere.page;
    const {grid} = this.root, [one] = grid.selected;
    return [
      ...(grid.selected.size === 1 ? [{words: 'Open', hint: 'Enter', title: 'A double-click opens it, too', act: () => grid.open(grid.tiles.get(one))}] : []),
      ...(may.album ? [{words: 'Album', key: 'a', act: (ids) => pill.albums(ids)}] : []),
      ...this.actions.filter(({when}) => !when || when()),
      ...(may.trash ? [{words: 'Move to trash', key: 'Delete', act: (ids) => { this.root.grid.select([]); trash(ids); }}] : []),
    ];
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !this.root.checkVisibility()) return;
    if (event.target.closest(TYPED) || document.querySelector('dialog[open]')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'z' && elsewhere.done.length) { event.preventDefault(); this.undo(); return; }
    const ids = this.root.grid ? this.meant : [];
    if (!ids.length) return;
    const offer = this.root.grid.selected.size ? this.offers.find((one) => one.key === key) : null;
    if (offer) offer.act(ids);
    else if (key === 'c' && elsewhere.page.may.label) this.comment();
    else return;
    event.preventDefault();
  }
}

// The pill: what is selected and what can be done with it; for a while, what was done.
const pill = {
  list: null,
  words: '',

  make() {
    if (this.box?.isConnected) return;
    this.box = element('div', 'selection pill');
    this.box.setAttribute('role', 'group');
    this.box.setAttribute('aria-label', 'Selected pictures');
    this.said = element('b');
    this.said.setAttribute('role', 'status');
    this.acts = element('span', 'row');
    this.box.append(this.said, this.acts);
    (document.querySelector('.gradio-container') || document.body).append(this.box);
  },

  of(list) {
    if (this.list !== list) this.asking = false;
    this.list = list;
    if (list.root.grid?.selected.size) this.words = '';
    this.draw();
  },

  ask(list) {
    this.list = list;
    this.asking = true;
    this.tell(Object.keys(elsewhere.page.concepts).length ? 'Label for which concept?' : 'Describe a concept first.');
  },

  tell(words, undo = null) {
    Object.assign(this, {words, undo});
    clearTimeout(this.timer);
    if (words) this.timer = setTimeout(() => this.tell(''), TOLD);
    this.draw();
  },

  draw() {
    this.make();
    const {list} = this, count = list?.root.checkVisibility() ? list.root.grid?.selected.size || 0 : 0;
    const words = this.words || (count ? `${count.toLocaleString('en')} selected` : '');
    this.box.hidden = !words;
    if (this.said.textContent !== words) this.said.textContent = words;
    const key = JSON.stringify([count ? list.offers.map(({words: one}) => one) : [], this.asking, list?.about, Boolean(this.undo), elsewhere.page.may, Object.keys(elsewhere.page.concepts)]);
    if (this.key === key && !this.undo) return;
    this.key = key;
    this.box.classList.add('comes'); // the second press of a double-click goes to the picture below
    clearTimeout(this.coming);
    this.coming = setTimeout(() => this.box.classList.remove('comes'), DOUBLE);
    const act = (words_, how, press, hint = '') => {
      const made = element('button', `btn small ${how}`, hint ? `${words_} ` : words_);
      if (hint) made.append(element('kbd', '', hint));
      made.addEventListener('click', press);
      return made;
    };
    const parts = [];
    if (this.undo && this.words) parts.push(act('Undo', '', () => this.undo()));
    if (count || this.asking) {
      const {may} = elsewhere.page, back = () => list.root.querySelector('.tile[tabindex="0"]')?.focus({preventScroll: true});
      if (may.label && (list.choose || this.asking)) parts.push(this.choice());
      if (may.label && list.about) {
        const scale = elsewhere.scale(list.about);
        const names = scale.own ? scale.values.map((value) => [value, scale.kind === 'graded' ? value : scale.name(value)]) : [['yes', 'Counts'], ['no', 'Doesn’t']];
        for (const [value, name] of [...names, ['unsure', 'Unsure']]) {
          const hint = Object.keys(scale.keys).find((one) => scale.keys[one] === value) || '';
          parts.push(act(name, scale.tone(value), () => { list.say(list.meant, value); back(); }, hint.toUpperCase()));
        }
        parts.push(act('Comment', '', () => list.comment(), 'C'));
      }
      if (count) {
        for (const offer of list.offers) {
          const made = act(offer.words, '', () => offer.act(list.meant), offer.hint || {Delete: 'Del'}[offer.key] || offer.key?.toUpperCase());
          if (offer.title) made.title = offer.title;
          parts.push(made);
        }
        parts.push(act('Clear', 'quiet', () => { list.root.grid.select([]); back(); }, 'Esc'));
      }
    }
    this.acts.replaceChildren(...parts);
  },

  choice() {
    const made = document.createElement('select');
    made.setAttribute('aria-label', 'Label for the concept');
    made.append(new Option('Label for…', ''), ...Object.keys(elsewhere.page.concepts).map((name) => new Option(name, name)));
    made.value = this.list.about;
    made.addEventListener('change', () => {
      sessionStorage.setItem(REMEMBERED, made.value);
      this.asking = false;
      this.words = '';
      this.list.drawn?.forEach((id) => this.list.root.grid.mark(id, ''));
      this.list.load();
      this.draw();
      this.list.root.querySelector('.tile[tabindex="0"]')?.focus({preventScroll: true});
    });
    return made;
  },

  async albums(ids) {
    const menu = element('dialog', 'album-menu');
    menu.setAttribute('aria-label', 'Add to an album');
    const name = element('input');
    Object.assign(name, {placeholder: 'New album', maxLength: 120});
    name.setAttribute('aria-label', 'Name of a new album');
    const make = element('button', 'btn small', 'Create'), row = element('form', 'row');
    make.type = 'submit';
    row.append(name, make);
    row.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!name.value.trim()) return;
      menu.close();
      album(ids, {name: name.value.trim()});
    });
    const list = element('div', 'albums');
    menu.append(element('h2', '', `Add ${number(ids.length, 'picture')} to`), list, row);
    menu.addEventListener('close', () => menu.remove());
    menu.addEventListener('click', (event) => { if (event.target === menu) menu.close(); });
    (document.querySelector('.gradio-container') || document.body).append(menu);
    menu.showModal();
    try {
      for (const one of await get('/api/v1/collections?limit=200')) {
        const made = element('button', 'btn quiet', one.name);
        made.addEventListener('click', () => { menu.close(); album(ids, one); });
        list.append(made);
      }
    } catch (error) { list.textContent = error.message; }
    (list.querySelector('button') || name).focus();
  },
};

export const elsewhere = new Elsewhere();
// Where the pictures went out of sight, so does what is said of them.
addEventListener('go', () => setTimeout(() => pill.draw()));
addEventListener('popstate', () => setTimeout(() => pill.draw()));
