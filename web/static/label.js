// The Label screen: swaps pictures at once, saves behind, shows what is saved and what is not.
import {Outbox, get, savedMeanwhile} from './outbox.js';
import {element, image} from './dom.js';
import {Framer} from './frame.js';
import {Comments} from './label-comments.js';
import {Grid} from './label-grid.js';
import {inClear} from './protection.js';
import {Scale} from './scale.js';

const AHEAD = 5; // pictures loaded before they are needed
const PLAIN = ['yes', 'no', 'unsure', 'skip'];
const SAY = 'say:'; // before a grade or class, as a button or key does it: a class may be called like anything
const KEYS = {s: 'skip', z: 'undo', c: 'comment', f: 'frame', g: 'grid', w: 'sheet', '?': 'help',
  ArrowLeft: 'back', ArrowRight: 'forward'};
const MODES = ['sheet', 'grid', 'single'];
const REASONS = {
  'evaluation set': ['Test picture', 'Drawn at random and never trained on. It shows how good the result is.'],
  again: ['Borderline', 'Your labels so far leave it open.'], // and not that it was labelled before
  borderline: ['Borderline', 'Your labels so far leave it open.'],
  likely: ['Close to your words', 'It looks like what you described.'],
  'like a yes': ['Like one that counts', 'Among the nearest to a picture that counts.'],
  exploration: ['Something different', 'Far from what you have seen, in case what counts hides there.'],
  random: ['Drawn at random', 'So that nothing stays out of sight.'],
  disagreement: ['You and the suggestion differ', 'One of you will learn from it.'],
};

class Labeller {
  constructor(root) {
    this.root = root;
    this.concept = root.dataset.concept;
    this.usual = Number(root.dataset.usual); // labels after which labelling mostly counts as done
    this.scale = new Scale(root.dataset.scale);
    this.keys = {...KEYS, ...Object.fromEntries(Object.entries(this.scale.keys).map(([key, value]) => [key, PLAIN.includes(value) ? value : SAY + value]))};
    if (this.scale.own) for (const key of ['w', 'f']) delete this.keys[key]; // where only what counts is marked
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    const state = JSON.parse(root.dataset.state);
    this.pictures = [];
    this.loaded = new Map();
    this.history = grouped(state.recent); // labels and batches, oldest first
    this.at = null; // place in the history that is looked at; null is the picture to label
    this.last = this.history.at(-1) || null;
    if (this.last) this.last.opinion = state.opinion;
    this.tabs = new BroadcastChannel('discern:answers');
    this.tabs.addEventListener('message', (event) => this.answeredElsewhere(event.data));
    this.outbox = new Outbox({
      have: () => this.pictures.map((p) => p.id),
      saved: (item, response) => this.saved(item, response),
      refused: (item, reason) => this.refused(item, reason),
      changed: () => this.showSaved(),
    });
    this.comments = new Comments(this);
    this.framer = new Framer(this);
    this.comments.know(state.remarks);
    for (const item of this.outbox.items) this.recall(item);
    this.grid = new Grid(this);
    this.know(state);
    this.keptUnder = `discern:mode:${this.concept}`;
    const kept = sessionStorage.getItem(this.keptUnder);
    if (!location.hash && kept) history.replaceState(null, '', `#${kept}`);
    this.sheet = state.upcoming.sheet;
    this.mode = this.grid.unsaved.mode() || this.goOn();
    this.take(state.upcoming);
    this.turn(this.mode);
    root.addEventListener('click', (event) => {
      const button = event.target.closest('[data-do]');
      if (button && button.dataset.mode !== this.mode) this.act(button.dataset.do);
      button?.closest('[popover]')?.hidePopover();
    });
    document.addEventListener('keydown', (event) => this.key(event));
    addEventListener('hashchange', () => this.turned());
  }

  // Modes: the address has the one that was chosen, and the tab keeps it. Until then what fits the labels is shown.

  chosen() {
    const mode = location.hash.slice(1);
    return MODES.includes(mode) && !(mode === 'sheet' && this.scale.own) ? mode : '';
  }

  choose(mode) {
    this.grid.unsaved.ask(() => {
      if (location.hash === `#${mode}`) this.turn(mode); else location.hash = mode;
    });
  }

  // To another address of this screen, by a choice, Back or Forward. Marks that are not saved come first.
  turned() {
    const mode = this.goOn();
    if (mode !== this.mode && this.grid.unsaved.count) {
      history.pushState(null, '', `#${this.mode}`);
      return this.choose(mode);
    }
    if (this.chosen()) sessionStorage.setItem(this.keptUnder, mode); else sessionStorage.removeItem(this.keptUnder);
    if (mode !== this.mode) this.turn(mode);
  }

  turn(mode) {
    const single = mode === 'single';
    this.mode = mode; this.framer?.end();
    this.part('one').hidden = !single;
    for (const name of ['tiles', 'grid-tools', 'batch-undo']) this.part(name).hidden = single;
    for (const tab of this.root.querySelectorAll('[data-mode]')) tab.setAttribute('aria-pressed', String(tab.dataset.mode === mode));
    if (single) this.grid.leave(); else this.grid.enter();
    if (single) this.show();
  }

  // What fits the labels by now, unless somebody has chosen.
  goOn() {
    return this.chosen() || (this.sheet ? 'sheet' : this.advice.mode);
  }

  // From single questions to a sheet, where one is due and nobody has chosen otherwise.
  turnToSheet() {
    if (!this.sheet || this.mode !== 'single' || this.at !== null || this.goOn() !== 'sheet') return;
    this.turn('sheet');
  }

  // Keys and buttons

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.root.isConnected) return;
    if (event.target.closest('input, textarea, select, [contenteditable]') || this.part('help').open) return;
    if (this.grid.unsaved.key(event)) return;
    if (this.framer.key(event)) return event.preventDefault();
    if (this.grid.isOpen && this.grid.key(event)) return event.preventDefault();
    const action = this.keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || (event.shiftKey && event.key !== '?')) return;
    if (event.repeat && action !== 'back' && action !== 'forward') return;
    event.preventDefault();
    this.act(action);
  }

  act(action) {
    if (PLAIN.includes(action)) return this.answer(action);
    if (action.startsWith(SAY)) return this.answer(action.slice(SAY.length));
    const actions = {
      frame: () => this.framer.begin(), undo: () => this.undo(), back: () => this.step(-1), forward: () => this.step(1),
      comment: () => this.comments.open(this.current()), 'close-comment': () => this.comments.close(),
      'comment-last': () => this.comments.open(this.last), 'drop-comment': () => this.comments.keep(''),
      help: () => this.part('help').showModal(),
      'close-help': () => this.part('help').close(), retry: () => this.outbox.retry(),
    };
    if (MODES.includes(action)) this.choose(action === this.mode ? 'single' : action);
    else if (actions[action]) actions[action]();
    else this.grid.act(action);
  }

  current() {
    return this.at === null ? this.pictures[0] : this.history[this.at];
  }

  answer(value) {
    if (this.grid.isOpen) return;
    const picture = this.current();
    if (!picture) return;
    const changes = this.at !== null;
    this.tell('');
    const given = {...picture, value, repeat: !changes && Boolean(picture.repeat)};
    if (changes) this.at = this.next(this.at, 1);
    else this.pictures.shift();
    given.key = this.outbox.add('', {concept: this.concept, picture: picture.id, value, repeat: given.repeat});
    this.history.push(given);
    this.last = given;
    this.tabs.postMessage({concept: this.concept, ids: [given.id]});
    this.show();
  }

  // What this person answers in another tab is asked here no more.
  answeredElsewhere({concept, ids}) {
    if (concept !== this.concept) return;
    const before = this.pictures[0];
    this.pictures = this.pictures.filter((picture) => !ids.includes(picture.id));
    if (before === this.pictures[0]) return;
    if (this.at === null) {
      this.show();
      this.say('You labelled that one in another tab.');
    }
    this.ask();
  }

  undo() {
    const last = this.history.pop();
    if (!last) return this.say('Nothing to undo.');
    const undoes = last.batch ? last.batch.map((answer) => answer.key) : [last.key];
    this.outbox.add('/undo', {concept: this.concept, undoes});
    this.at = null;
    this.last = this.history.at(-1) || null;
    if (last.batch) {
      this.grid.note = `${last.batch.length} undone. `;
      if (!this.grid.isOpen) this.tell(this.grid.note);
    } else {
      this.pictures = [last, ...this.pictures.filter((p) => p.id !== last.id)];
      delete last.value;
      this.say('Undone. Label it again.');
    }
    if (this.grid.isOpen) this.grid.undone();
    this.show();
  }

  // A batch is passed over: its pictures are in the grid.
  next(from, step) {
    let at = from + step;
    while (at >= 0 && at < this.history.length && this.history[at].batch) at += step;
    return at >= this.history.length ? null : at;
  }

  step(by) {
    if (this.grid.isOpen || (by > 0 && this.at === null)) return;
    const at = this.next(this.at === null ? this.history.length : this.at, by);
    if (at !== null && at < 0) return this.say('That was the first one.');
    this.at = at;
    this.show();
  }

  // Saving

  saved(item, response) {
    if (item.body.concept !== this.concept) return;
    const given = this.history.find((answer) => answer.key === item.body.key);
    if (given) Object.assign(given, {opinion: response.opinion, others: response.others});
    this.comments.know(response.remarks);
    if (item.kind === '/comment' || (given && given === this.last)) this.showLast();
    this.comments.show(this.current());
    this.know(response);
    const empty = !this.pictures.length;
    this.take(response.upcoming);
    if (empty && this.at === null) this.show();
    this.grid.saved(item);
    this.turnToSheet();
  }

  refused(item, reason) {
    this.history = this.history.filter((answer) => answer.key !== item.body.key);
    this.last = this.history.at(-1) || null;
    this.part('trouble').hidden = false;
    this.part('trouble-words').textContent = `One label was not saved: ${reason}`;
    this.show();
  }

  // What an earlier page could not save is on its way again; such an answer is not asked for again.
  recall(item) {
    if (item.body.concept !== this.concept) return;
    if (item.kind === '/comment') this.comments.setOwn(item.body.picture, item.body.text);
    if (item.kind !== '') return;
    this.history.push({id: item.body.picture, value: item.body.value, key: item.body.key, path: '', purpose: 'train', repeat: item.body.repeat});
    this.last = this.history.at(-1);
  }

  take(upcoming) {
    const known = new Set([...this.pictures.map((p) => p.id), ...this.answeredIds()]);
    const shown = new Set([...this.pictures, ...this.history.filter((answer) => answer.repeat)].map((p) => p.id));
    this.pictures.push(...upcoming.pictures.filter((p) => !(p.repeat ? shown : known).has(p.id)));
    this.sheet = upcoming.sheet;
    this.thinking = upcoming.thinking;
    this.problem = upcoming.problem;
    this.load();
    clearTimeout(this.asking);
    if (this.pictures.length <= AHEAD && this.thinking) this.asking = setTimeout(() => this.ask(), this.pictures.length ? 700 : 250);
  }

  answeredIds() {
    return this.history.flatMap((answer) => (answer.batch ? answer.batch.map((a) => a.id) : [answer.id]));
  }

  async ask() {
    const query = new URLSearchParams({concept: this.concept});
    for (const picture of this.pictures) query.append('have', picture.id);
    try {
      const response = await get(`/app/answers?${query}`);
      const empty = !this.pictures.length;
      this.know(response);
      this.comments.know(response.remarks);
      this.take(response.upcoming);
      if (empty && this.at === null) this.show();
      this.turnToSheet();
    } catch {
      this.asking = setTimeout(() => this.ask(), 3000);
    }
  }

  // Loading: thumbnails of all first, then the large ones in order.

  load() {
    if (this.mode !== 'single') return; // which has tiles to load
    const soon = this.pictures.slice(0, AHEAD + 1);
    const wanted = new Set([...soon, ...this.history.slice(-3)].map((p) => p.id));
    for (const id of this.loaded.keys()) if (!wanted.has(id)) this.loaded.delete(id);
    for (const picture of soon) this.entry(picture);
    this.loadLarge(soon);
  }

  entry(picture) {
    if (!this.loaded.has(picture.id)) {
      const thumb = image(`/media/thumbnail/${picture.id}`, picture);
      this.loaded.set(picture.id, {thumb, small: thumb.decode().catch(() => {}), large: null});
    }
    return this.loaded.get(picture.id);
  }

  async loadLarge(soon) {
    if (this.loadingLarge) return;
    this.loadingLarge = true;
    await Promise.all(soon.map((picture) => this.entry(picture).small));
    for (const picture of soon) {
      const entry = this.loaded.get(picture.id);
      if (!entry || entry.large || entry.tried) continue;
      entry.tried = true;
      const large = image(`/media/picture/${picture.id}`, picture);
      try {
        await large.decode();
        entry.large = large;
        if (this.current()?.id === picture.id) this.showPicture(picture);
      } catch { /* the thumbnail stays */ }
    }
    this.loadingLarge = false;
    const now = this.pictures.slice(0, AHEAD + 1);
    if (now.some((picture) => !this.entry(picture).tried)) this.loadLarge(now);
  }

  // Showing

  show() {
    const picture = this.current();
    this.showPicture(picture);
    this.showWhy(picture);
    this.comments.show(picture);
    this.showLast();
    this.load();
    const before = this.next(this.at === null ? this.history.length : this.at, -1);
    this.disable('back', before !== null && before < 0);
    this.disable('forward', this.at === null);
    this.disable('undo', !this.history.length);
    for (const action of [...PLAIN, ...this.scale.values.map((value) => SAY + value), 'comment']) this.disable(action, !picture);
    if (picture && this.at === null) this.say(`Next picture: ${REASONS[picture.reason]?.[0] || ''}`);
  }

  disable(action, off) {
    for (const button of this.root.querySelectorAll(`[data-do="${CSS.escape(action)}"]`)) button.disabled = off;
  }

  showPicture(picture) {
    const stage = this.part('stage');
    stage.setAttribute('aria-busy', String(!picture && (this.thinking || this.outbox.items.length > 0)));
    if (!picture) return stage.replaceChildren(this.nothing());
    const entry = this.entry(picture);
    const shown = entry.large || entry.thumb;
    if (!shown.isConnected) {
      // A picture that is looked at in clear stays so when its larger one arrives; any other begins protected.
      const before = stage.querySelector('img.in-clear');
      inClear(shown, before?.dataset.picture === picture.id);
      stage.replaceChildren(shown, ...this.framer.stays(picture, shown));
    }
    if (this.at !== null && !entry.large) this.loadLarge([picture]);
  }

  nothing() {
    const box = element('div', 'empty');
    if (this.outbox.items.length) {
      // Only what the server says after these tells whether anything is left.
      box.append(element('h2', '', 'Saving your labels…'), element('p', '', 'More pictures follow.'));
    } else if (this.thinking) {
      box.append(element('h2', '', 'Choosing pictures…'), element('p', '', 'The first time takes a few seconds.'));
    } else if (this.problem) {
      box.append(element('h2', '', 'No pictures could be chosen'), element('p', '', `${this.problem} Your labels are kept.`));
    } else {
      box.append(element('h2', '', this.advice.done || 'Every picture is labelled'), element('p', '', this.advice.done ? 'Go on to Check. Sheet and Grid show the rest.' : 'Go on to Check, or import more pictures.'));
    }
    return box;
  }

  showWhy(picture) {
    const title = this.part('why-title'), more = this.part('why-words');
    more.replaceChildren();
    this.part('place').textContent = '';
    this.part('why').hidden = !picture;
    if (!picture) return;
    if (this.at !== null) {
      title.textContent = `Your label: ${this.scale.words(picture.value)}`;
      more.append(element('p', 'soft', picture.purpose === 'evaluation'
        ? 'Test picture: your first label stays. Undo takes labels back, the newest first.'
        : 'Another label replaces it.'));
      const back = this.history.slice(this.at).filter((answer) => !answer.batch).length;
      this.part('place').textContent = `${back} ${back === 1 ? 'picture' : 'pictures'} back`;
      return;
    }
    const [reason, words] = REASONS[picture.reason] || REASONS['evaluation set'];
    title.textContent = `Why this picture: ${reason.toLowerCase()}`;
    more.append(element('p', 'soft', this.scale.reasons[picture.reason] || words));
    const found = (picture.brought_by || []).map((by) => (by === 'random' ? 'drawn at random' : by === 'example' ? 'like your example' : `found by “${by}”`));
    if (found.length && picture.purpose !== 'evaluation') more.append(...found.slice(0, 3).map((by) => element('span', 'chip wrap', by)));
  }

  showLast() {
    const last = this.last?.batch?.length === 1 ? this.last.batch[0] : this.last;
    this.part('last').hidden = !last;
    if (!last) return;
    const body = this.part('last-body');
    body.replaceChildren();
    if (last.batch) return body.append(element('p', '', `${last.batch.length} at once.`));
    const row = element('div', 'last-row');
    row.append(image(`/media/thumbnail/${last.id}`, last), this.lastWords(last));
    body.append(row);
    const remark = this.comments.own(last.id);
    if (remark) body.append(element('p', 'remark', `You wrote: “${remark}”`));
    for (const said of last.others || []) {
      const decided = ['yes', 'no'].includes(this.scale.tone(said.value));
      const line = element('p', decided && said.value !== last.value ? 'why maybe' : 'why', `${said.author}: ${this.scale.words(said.value)}`);
      if (said.comments.length) line.append(` “${said.comments.join('” “')}”`);
      body.append(line);
    }
    if (last.opinion) {
      body.append(element('p', `why ${last.opinion.value}`, last.opinion.rationale));
      const own = this.scale.tone(last.value);
      const differ = last.opinion.value !== 'unsure' && ['yes', 'no'].includes(own) && own !== last.opinion.value;
      if (differ) {
        const why = element('button', 'btn small', 'Say why you differ');
        why.dataset.do = 'comment-last';
        body.append(why);
      }
    }
  }

  lastWords(last) {
    const words = element('div');
    const own = this.scale.tone(last.value);
    words.append('You: ', element('b', own, this.scale.words(last.value)), element('br'));
    if (last.purpose === 'evaluation') words.append(element('small', '', 'Test picture: no suggestion is shown.'));
    else if (last.opinion) {
      const agree = last.opinion.given && own === last.opinion.value ? (last.value === last.opinion.given ? ' (you agree)' : ' (you differ in which)') : own === last.opinion.value ? ' (you agree)' : last.opinion.value === 'unsure' ? '' : ' (you differ)';
      words.append('Suggestion: ', element('b', last.opinion.value, this.scale.words(last.opinion.given || last.opinion.value)), agree);
    } else if (typeof last.probability === 'number') words.append(element('small', '', `Your labels so far made it ${Math.round(100 * last.probability)} % likely that it ${this.scale.isYes}.`));
    return words;
  }

  know({advice}) {
    this.advice = advice;
    this.showCount();
  }

  showCount() {
    const {count, progress, reason, rare, enough} = this.advice;
    const {answers, yes, no, unsure, skip, conflict, sentence} = count;
    this.part('count').textContent = progress;
    this.part('count-words').textContent = sentence;
    this.part('reason').textContent = reason;
    this.part('rare').textContent = rare;
    this.part('rare').hidden = !rare;
    const bar = this.part('bar');
    const whole = enough ? answers : Math.max(this.usual, answers);
    bar.replaceChildren(...[['yes', yes], ['no', no], ['maybe', unsure]].map(([kind, n]) => {
      const part = element('i', kind);
      part.style.width = `${(100 * n) / whole}%`;
      return part;
    }));
    const others = [[unsure, 'unsure'], [skip, 'skipped'], [conflict, 'in dispute']].filter(([n]) => n);
    const words = [...this.scale.balance(yes, no), ...others.map(([n, what]) => `${n.toLocaleString('en')} ${what}`)].join(', ');
    bar.setAttribute('aria-label', words);
    this.part('balance').textContent = words;
    this.part('onward').classList.toggle('primary', enough);
  }

  showSaved() {
    const {items: {length: count}, failure} = this.outbox, marks = this.grid?.unsaved.count;
    const chip = this.part('saved');
    const set = (kind, words) => { chip.className = `chip ${kind}`; chip.textContent = words; };
    if (failure) set('no', `not saved: ${count}`);
    else if (count) set('maybe', 'saving…');
    else if (marks) set('maybe', `${marks} not saved`);
    else set('yes', 'saved');
    if (failure || !this.part('trouble-words').textContent.startsWith('One label was')) this.part('trouble').hidden = !failure;
    if (failure) this.part('trouble-words').textContent = `${failure} ${count === 1 ? '1 label waits' : `${count} labels wait`} in this browser and will be sent again.`;
  }

  say(words) {
    this.part('said').textContent = words;
  }

  tell(words) {
    this.part('status').textContent = words;
    this.disable('undo', !this.history.length);
  }
}

// Answers of one batch share the part of their key before the dot.
function grouped(recent) {
  const history = [];
  for (const answer of recent) {
    const [base, index] = answer.key.split('.');
    const before = history.at(-1);
    if (index === undefined) history.push(answer);
    else if (before?.base === base) before.batch.push(answer);
    else history.push({base, batch: [answer]});
  }
  return history;
}

const labeller = document.getElementById('labeller');
if (labeller && !savedMeanwhile) { // else the page comes anew: app.js
  new Labeller(labeller);
  labeller.dataset.ready = 'true';
  document.dispatchEvent(new Event('ready')); // page.js
}
