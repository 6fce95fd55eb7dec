// The Label screen: one picture after the other, or many at once in a sheet or a grid. Labels are sent behind what is
// done; what is saved and what is not is always said.
import {PictureDeck, TYPED} from '../../components/deck/deck.js';
import {element} from '../../components/elements.js';
import {Outbox, get} from '../../components/outbox.js';
import {Scale} from '../../components/scale.js';
import {Comments} from './comments.js';
import {Framer} from './frame.js';
import {Many} from './many.js';

const WAITS = {few: 700, none: 250, failed: 3000}; // milliseconds until more pictures are asked for again
const HOLD = 8; // pictures that are asked for
const RECENT = 120; // labels to step back through: two sheets
const KEYS = {c: 'comment', f: 'frame', g: 'grid', w: 'sheet', '?': 'help'};
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

export const begin = (root, gradio) => { root.labelling = new Labelling(root, gradio); };

class Labelling extends PictureDeck {
  constructor(root, gradio) {
    super(root, gradio);
    const head = document.getElementById('label-head'), below = this.part;
    this.part = (name) => below(name) || head.querySelector(`[data-part="${name}"]`);
    head.addEventListener('click', (event) => { if (event.target.closest('[data-do]')) this.act(event.target.closest('[data-do]').dataset.do); });
    this.outbox = new Outbox({
      saved: (item, answer) => this.saved(item, answer),
      refused: (item, reason) => this.refused(item, reason),
      changed: () => this.showSaved(),
    }, 'discern:labels:');
    this.tabs = new BroadcastChannel('discern:labels');
    this.tabs.addEventListener('message', ({data}) => this.labelledElsewhere(data));
    addEventListener('begun', () => { if (!this.concept) this.given(); });
    addEventListener('label-do', ({detail}) => { if (this.many && root.checkVisibility()) this.act(detail); });
    this.given();
  }

  get api() {
    return `/api/v1/concepts/${encodeURIComponent(this.concept)}`;
  }

  // What Python says of the concept: {concept, person, usual, scale, shown, state}.
  given() {
    const value = this.props.value;
    if (!value || !this.outbox || !this.grid()) return;
    Object.assign(this, {concept: value.concept, usual: value.usual, shownAs: value.shown, checked: value.check});
    this.scale = new Scale(JSON.stringify(value.scale));
    this.labels = {...this.scale.keys, s: 'skip'};
    this.history = grouped(value.state.recent);
    this.pictures = [];
    this.loaded.clear();
    this.at = null;
    this.last = this.history.at(-1) || null;
    if (this.last) Object.assign(this.last, {opinion: value.state.opinion, others: value.state.others});
    this.comments ||= new Comments(this);
    this.framer ||= new Framer(this);
    this.comments.know(value.state.remarks);
    for (const item of this.outbox.items) this.recall(item);
    const pressed = !this.many && document.querySelector('#label-mode input:checked')?.value; // before this script loaded
    this.many?.leave();
    this.many = new Many(this, this.grid(), value.person);
    this.part('concept').textContent = this.concept;
    this.part('onward').href = value.check;
    this.part('frames').hidden = this.scale.own;
    this.drawKeys();
    this.drawHelp();
    this.know(value.state);
    this.showSaved();
    this.mode = null;
    const kept = sessionStorage.getItem(`discern:mode:${this.concept}`);
    this.take(value.state.upcoming);
    const asked = location.hash.slice(1); // as a link has it: /label?concept=…#single
    if (pressed) sessionStorage.setItem(`discern:mode:${this.concept}`, pressed);
    this.turn(this.many.keptMode() || [pressed, asked, kept].find((one) => MODES.includes(one)) || this.advice.mode);
  }

  // The grid of this screen, or undefined until its script has loaded.
  grid() {
    return document.querySelector('#label-grid .picture-grid')?.parentElement.grid;
  }

  drawKeys() {
    if (!this.scale) return;
    const said = this.scale.own
      ? this.scale.values.map((value) => this.button(`say:${value}`, this.scale.name(value), this.scale.key(value), this.scale.tone(value)))
      : [this.button('say:yes', 'Counts', 'y', 'yes'), this.button('say:no', 'Doesn’t', 'n', 'no')];
    this.part('keys').replaceChildren(
      ...said, this.button('say:unsure', 'Unsure', 'u'), this.button('say:skip', 'Skip', 's'),
      this.button('undo', 'Undo', 'z'), this.button('comment', 'Comment', 'c'),
    );
  }

  drawHelp() {
    const rows = (place, pairs) => this.part(place).replaceChildren(...pairs.flatMap(([keys, words]) => {
      const term = element('dt');
      term.append(element('kbd', '', keys));
      return [term, element('dd', '', words)];
    }));
    const own = this.scale.own ? this.scale.values.map((value) => [this.scale.key(value), this.scale.name(value)]) : [['Y', 'Counts'], ['N', 'Doesn’t count']];
    rows('help-one', [...own, ['U', 'Unsure: it could be either'], ['S', 'Skip: don’t ask again'], ['Z', 'Undo the last label, or the last batch'],
      ['C', 'Comment, or change yours'], ['F', 'Frame the part that counts'], ['← →', 'Back to your labels, and forward again'],
      ['W', 'Sheet'], ['G', 'Grid: many pictures at once; again for one'], ['?', 'This list']]);
    rows('help-many', [['← → ↑ ↓', 'Move; with Shift, select a range'], ['X', 'Select'], ['Y N U', 'Label the selected pictures, or this one'],
      ['Shift N', 'Mark the seen rest No'], ['C', 'Comment on this one'], ['Enter', 'Save them all at once'], ['Z', 'Undo the last batch']]);
  }

  // Modes: a mode stays until the person chooses another.

  choose(mode) {
    this.many.ask(() => {
      sessionStorage.setItem(`discern:mode:${this.concept}`, mode);
      this.turn(mode);
    });
  }

  turn(mode) {
    if (mode === 'sheet' && this.scale.own) mode = 'grid';
    const before = this.mode;
    this.mode = mode;
    this.framer.end();
    this.part('one').hidden = mode !== 'single';
    document.getElementById('label-tools').dataset.mode = mode;
    const chosen = document.querySelector(`#label-mode input[value="${mode}"]`);
    if (chosen && !chosen.checked) chosen.click();
    document.activeElement?.closest('#label-mode')?.querySelector(':focus')?.blur(); // the next key is for the pictures
    if (mode === 'single') { this.many.leave(); this.show(); } else if (before !== mode) this.many.enter();
    this.offerSheet();
  }

  offerSheet() {
    this.part('offer').hidden = !this.sheet || this.mode === 'sheet';
  }

  // Keys and buttons

  key(event) {
    if (!this.concept || this.part('help').open || event.target.closest(TYPED)) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.many.dialogKey(event)) return;
    if (this.framer.key(event)) return event.preventDefault();
    if (this.mode !== 'single' && this.many.key(event)) return event.preventDefault();
    const action = event.shiftKey && event.key !== '?' ? '' : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (action && !event.repeat && !(this.scale.own && ['w', 'f'].includes(event.key))) {
      event.preventDefault();
      return this.act(action);
    }
    if (this.mode === 'single' || event.key === 'z') super.key(event);
  }

  act(action) {
    const own = {
      frame: () => this.framer.begin(), comment: () => (this.mode === 'single' ? this.comments.open(this.current()) : this.many.comment()),
      'close-comment': () => this.comments.close(), 'comment-last': () => this.comments.open(this.last), 'drop-comment': () => this.comments.keep(''),
      help: () => this.part('help').showModal(), 'close-help': () => this.part('help').close(), retry: () => this.outbox.retry(),
    }[action];
    if (own) return own();
    if (action.startsWith('mode:')) return action.slice(5) === this.mode || this.choose(action.slice(5));
    if (MODES.includes(action)) return action === this.mode ? (action === 'grid' && this.choose('single')) : this.choose(action);
    if (this.many.act(action)) return;
    if (this.mode === 'single' || action === 'undo') super.act(action);
  }

  // Labelling

  labelled(given, changes) {
    given.repeat = !changes && Boolean(given.repeat);
    const answers = [{picture: given.id, value: given.value, repeat: !changes}]; // asked twice, the first label counts
    given.key = this.outbox.add('POST', `${this.api}/labels`, {answers}, {kind: 'label', concept: this.concept, pictures: [given.id]});
    this.last = given;
    this.tell('');
    this.tabs.postMessage({concept: this.concept, ids: [given.id]});
  }

  // What this person labels in another tab is asked here no more.
  labelledElsewhere({concept, ids}) {
    if (concept !== this.concept) return;
    const before = this.pictures[0];
    this.pictures = this.pictures.filter((picture) => !ids.includes(picture.id));
    if (before === this.pictures[0]) return;
    if (this.at === null && this.mode === 'single') {
      this.show();
      this.say('You labelled that one in another tab.');
    }
    this.ask();
  }

  undo() {
    const last = this.history.at(-1);
    if (!last?.batch) return super.undo();
    this.history.pop();
    this.undone(last);
    this.many.undone(last);
  }

  undone({key, batch}) {
    const only = batch?.[0].key ? batch.map((one) => one.key) : [key];
    this.outbox.add('POST', `${this.api}/labels/undo`, {only}, {kind: 'undo', concept: this.concept});
    this.last = this.history.at(-1) || null;
  }

  comment(picture, text, beside) {
    this.outbox.add('PUT', `${this.api}/comments/${picture}`, {text, beside}, {kind: 'comment', concept: this.concept, picture, text});
  }

  // Saving

  saved({about, key}) {
    if (about.concept !== this.concept) return;
    this.many.saved(key);
    if (!this.outbox.items.length) this.ask(about.pictures?.length === 1 ? about.pictures[0] : '');
  }

  refused({key}, reason) {
    this.history = this.history.filter((one) => one.key !== key);
    this.last = this.history.at(-1) || null;
    this.many.saved(key, false);
    this.part('trouble').hidden = false;
    this.part('trouble-words').textContent = `One label was not saved: ${reason}`;
    this.show();
  }

  // What an earlier page could not save is on its way again, and is not asked for again.
  recall({about, body, key}) {
    if (about.concept !== this.concept) return;
    if (about.kind === 'comment') this.comments.setOwn(about.picture, about.text);
    if (about.kind !== 'label') return;
    const [{picture, value}] = body.answers;
    this.history.push({id: picture, value, key, path: '', purpose: 'train'});
    this.last = this.history.at(-1);
  }

  // Pictures to come

  async ask(after = '') {
    clearTimeout(this.asking);
    const {concept} = this;
    const query = new URLSearchParams({limit: HOLD, after});
    for (const picture of this.pictures) query.append('have', picture.id);
    try {
      const found = await get(`${this.api}/upcoming?${query}`);
      if (concept !== this.concept) return;
      const given = after && this.history.find((one) => one.id === after);
      if (given) Object.assign(given, {opinion: found.opinion, others: found.others});
      const empty = !this.pictures.length;
      this.know(found);
      this.comments.know(found.remarks);
      this.take(found.upcoming);
      if (this.mode === 'single') {
        if (empty && this.at === null) this.show();
        this.showLast();
        this.comments.show(this.current());
      }
      this.offerSheet();
    } catch {
      this.asking = setTimeout(() => this.ask(after), WAITS.failed);
    }
  }

  take(upcoming) {
    const known = new Set([...this.pictures, ...this.history.flatMap((one) => one.batch || one)].map((one) => one.id));
    const again = new Set([...this.pictures, ...this.history.filter((one) => one.repeat)].map((one) => one.id));
    this.pictures.push(...upcoming.pictures.filter((one) => !(one.repeat ? again : known).has(one.id)));
    Object.assign(this, {sheet: upcoming.sheet, thinking: upcoming.thinking, problem: upcoming.problem});
    if (this.mode === 'single') this.load();
    clearTimeout(this.asking);
    if (this.pictures.length < HOLD - 2 && this.thinking) this.asking = setTimeout(() => this.ask(), this.pictures.length ? WAITS.few : WAITS.none);
  }

  // Showing

  addresses({id}) {
    return {small: `/media/thumbnail/${id}${this.shownAs}`, large: `/media/picture/${id}${this.shownAs}`};
  }

  over(picture, shown) {
    return this.framer.stays(picture, shown);
  }

  waits() {
    return this.thinking || this.outbox.items.length > 0;
  }

  show() {
    if (!this.concept || this.mode !== 'single') return;
    super.show();
    const picture = this.current();
    this.showWhy(picture);
    this.comments.show(picture);
    this.showLast();
    this.disable('comment', !picture);
    if (picture && this.at === null) this.say(`Next picture: ${REASONS[picture.reason]?.[0] || ''}`);
  }

  nothing() {
    const box = element('div', 'empty');
    const [title, words] = this.outbox.items.length ? ['Saving your labels…', 'More pictures follow.']
      : this.thinking ? ['Choosing pictures…', 'The first time takes a few seconds.']
        : this.problem ? ['No pictures could be chosen', `${this.problem} Your labels are kept.`]
          : [this.advice.done || 'Every picture is labelled', this.advice.done ? 'Go on to Check. Sheet and Grid show the rest.' : 'Go on to Check, or import more pictures.'];
    box.append(element('h2', '', title), element('p', '', words));
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
      more.append(element('p', 'soft', picture.purpose === 'evaluation' ? 'Test picture: your first label stays. Undo takes labels back, the newest first.' : 'Another label replaces it.'));
      const back = this.history.slice(this.at).filter((one) => !one.batch).length;
      this.part('place').textContent = `${back} ${back === 1 ? 'picture' : 'pictures'} back`;
      return;
    }
    const [reason, words] = REASONS[picture.reason] || REASONS['evaluation set'];
    title.textContent = `Why this picture: ${reason.toLowerCase()}`;
    more.append(element('p', 'soft', this.scale.reasons[picture.reason] || words));
    const found = (picture.brought_by || []).map((by) => (by === 'random' ? 'drawn at random' : by === 'example' ? 'like your example' : `found by “${by}”`));
    if (picture.purpose !== 'evaluation') more.append(...found.slice(0, 3).map((by) => element('span', 'chip wrap', by)));
  }

  showLast() {
    const last = this.last?.batch?.length === 1 ? this.last.batch[0] : this.last;
    this.part('last').hidden = !last;
    if (!last) return;
    const body = this.part('last-body');
    body.replaceChildren();
    if (last.batch) return body.append(element('p', '', `${last.batch.length} pictures.`));
    const row = element('div', 'last-row');
    row.append(this.image(last, this.addresses(last).small), this.lastWords(last));
    body.append(row);
    const remark = this.comments.own(last.id);
    if (remark) body.append(element('p', 'remark', `You wrote: “${remark}”`));
    for (const said of last.others || []) {
      const decided = ['yes', 'no'].includes(this.scale.tone(said.value));
      const line = element('p', decided && said.value !== last.value ? 'why maybe' : 'why', `${said.author}: ${this.scale.words(said.value)}`);
      if (said.comments.length) line.append(` “${said.comments.join('” “')}”`);
      body.append(line);
    }
    if (!last.opinion) return;
    body.append(element('p', `why ${last.opinion.value}`, last.opinion.rationale));
    const own = this.scale.tone(last.value);
    if (last.opinion.value !== 'unsure' && ['yes', 'no'].includes(own) && own !== last.opinion.value) body.append(this.button('comment-last', 'Say why you differ', '', 'small'));
  }

  lastWords(last) {
    const words = element('div'), own = this.scale.tone(last.value), {opinion} = last;
    words.append('You: ', element('b', own, this.scale.words(last.value)), element('br'));
    if (last.purpose === 'evaluation') words.append(element('small', '', 'Test picture: no suggestion is shown.'));
    else if (opinion) {
      const same = own === opinion.value && (!opinion.given || last.value === opinion.given);
      const agree = same ? ' (you agree)' : opinion.value === 'unsure' ? '' : own === opinion.value ? ' (you differ in which)' : ' (you differ)';
      words.append('Suggestion: ', element('b', opinion.value, this.scale.words(opinion.given || opinion.value)), agree);
    } else if (typeof last.probability === 'number') words.append(element('small', '', `Discern guessed ${Math.round(100 * last.probability)} %.`));
    return words;
  }

  know({advice}) {
    this.advice = advice;
    const {count, progress, reason, rare, enough} = advice;
    const {answers, yes, no, unsure, skip, conflict, sentence} = count;
    this.part('count').textContent = progress;
    this.part('count-words').textContent = sentence;
    this.part('reason').textContent = reason;
    this.part('rare').textContent = rare;
    this.part('rare').hidden = !rare;
    const bar = this.part('bar'), whole = enough ? answers : Math.max(this.usual, answers);
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
    if (!this.outbox || !this.many) return;
    const {items: {length: count}, failure} = this.outbox, marks = this.many.count;
    const chip = this.part('saved');
    const set = (kind, words) => { chip.className = `chip ${kind}`; chip.textContent = words; };
    if (failure) set('no', `not saved: ${count}`);
    else if (count) set('maybe', 'saving…');
    else if (marks) set('maybe', `${marks} not saved`);
    else set('yes', 'saved');
    if (failure || !this.part('trouble-words').textContent.startsWith('One label was')) this.part('trouble').hidden = !failure;
    const waiting = this.outbox.items.reduce((sum, {about}) => sum + (about.pictures?.length || 1), 0);
    if (failure) this.part('trouble-words').textContent = `${failure} Your ${waiting === 1 ? 'label is' : `${waiting} labels are`} safe here and will be saved when it is back.`;
  }

  tell(words) {
    this.part('status').textContent = words;
  }
}

// Labels of one request are one batch: their keys differ behind the slash.
function grouped(recent) {
  const history = [];
  for (const one of recent) {
    const [base, index] = one.key.split('/');
    const before = history.at(-1);
    if (index !== undefined && before?.base === base) {
      before.batch ||= [{...before}];
      before.batch.push(one);
    } else history.push({...one, base: index === undefined ? null : base});
  }
  return history;
}
