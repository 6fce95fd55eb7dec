// This person's labels of pictures outside of Label: what stands, what is on its way, and undoing it. All that labels
// there shares this one, so that what was said in one place is known in the others at once.
import {Outbox, get} from './outbox.js';

const MOST = 60; // pictures in one request
const COMMENT = '/elsewhere/comment';
const slot = (concept, id) => `${id} ${concept}`;
// That of a picture to label before anything is told. Once that is done, `page.js` asks for what may be told.
const tileOfBlind = (id) => document.querySelector(`.tile[data-blind][data-value="${id}"]`);

class Elsewhere {
  constructor() {
    this.own = new Map(); // picture and concept → [value, key]
    this.remarks = new Map(); // picture and concept → what this person wrote of it
    this.done = []; // what can be taken back, one press each
    this.seen = new Set(); // pictures and concepts of which the machine's verdict was shown
    this.turns = new Map(); // picture and concept → when something was said here, as a count
    this.turn = 0;
    this.unsure = new Map(); // keys of what is taken back → what is asked for again once it is
    this.watchers = [];
    this.outbox = new Outbox({
      have: () => [],
      saved: (item) => this.saved(item),
      refused: (item, reason) => this.refused(item, reason),
      changed: (count, failure) => this.changed(count, failure),
    }, 'discern:unsaved-elsewhere:');
    for (const {kind, body} of this.outbox.items) {
      if (kind === COMMENT) this.remarks.set(slot(body.concept, body.picture), body.text);
      (body.answers || []).forEach(([id, value], i) => this.own.set(slot(body.concept, id), [value, `${body.key}.${i}`]));
    }
    document.addEventListener('verdict', (event) => this.seen.add(slot(event.detail.concept, event.detail.picture)));
  }

  // {draw(), tell(words)}: what shows answers.
  watch(watcher) {
    this.watchers.push(watcher);
  }

  draw() {
    for (const watcher of this.watchers) watcher.draw();
  }

  tell(words) {
    for (const watcher of this.watchers) watcher.tell(words);
  }

  said(concept, id) {
    return this.own.get(slot(concept, id))?.[0] || '';
  }

  key(concept, id) {
    return this.own.get(slot(concept, id))?.[1];
  }

  // Asks what this person says of pictures; what was said meanwhile is newer than the answer.
  async load(concept, ids) {
    const began = this.turn;
    for (let i = 0; i < ids.length; i += MOST) {
      const query = new URLSearchParams({concept});
      const some = ids.slice(i, i + MOST);
      for (const id of some) query.append('picture', id);
      const {answers, comments} = await get(`/app/answers/own?${query}`);
      for (const id of some) this.take(concept, id, [...(answers[id] || ['', '']), comments[id] || ''], began);
    }
  }

  // What the server said of a picture when `began` was the turn: label, key and comment, empty where there is none.
  take(concept, id, [value, key, remark], began = this.turn) {
    const at = slot(concept, id);
    const pending = this.outbox.items.some(({kind, body}) => kind === COMMENT && body.concept === concept && body.picture === id);
    if (!pending) this.remarks.set(at, remark);
    if ((this.turns.get(at) || 0) > began || this.waits(concept, id)) return;
    if (value) this.own.set(at, [value, key]);
    else this.own.delete(at);
  }

  waits(concept, id) {
    return this.outbox.items.some(({body}) => body.concept === concept && (body.answers || []).some(([other]) => other === id));
  }

  // Whether a suggestion is, or was, beside it: such a label never tests.
  inView(concept, id) {
    if (this.seen.has(slot(concept, id))) return true;
    return !tileOfBlind(id) && [...document.querySelectorAll('[data-in-view]')].some((area) => area.dataset.inView === concept);
  }

  say(concept, ids, value) {
    this.turn += 1;
    const entry = {concept, ids: [], before: [], keys: []};
    for (const inView of [false, true]) {
      const some = ids.filter((id) => this.inView(concept, id) === inView);
      for (let i = 0; i < some.length; i += MOST) this.send(entry, some.slice(i, i + MOST), value, inView);
    }
    this.done.push(entry);
    this.draw();
  }

  send(entry, ids, value, inView) {
    const key = this.outbox.add('/elsewhere', {concept: entry.concept, answers: ids.map((id) => [id, value]), in_view: inView});
    ids.forEach((id, i) => {
      const at = slot(entry.concept, id);
      entry.ids.push(id);
      entry.before.push(this.own.get(at));
      entry.keys.push(`${key}.${i}`);
      this.own.set(at, [value, `${key}.${i}`]);
      this.turns.set(at, this.turn);
    });
  }

  remark(concept, id) {
    return this.remarks.get(slot(concept, id)) || '';
  }

  knowsRemark(concept, id) {
    return this.remarks.has(slot(concept, id));
  }

  // In the place of what this person wrote before, which an empty text takes back; or beside it. It changes no answer.
  comment(concept, id, text, beside = false) {
    const before = beside ? this.remark(concept, id) : '';
    this.remarks.set(slot(concept, id), [before, text].filter(Boolean).join('\n'));
    this.outbox.add(COMMENT, {concept, picture: id, text, beside});
    this.draw();
  }

  // The last press that is still there; nothing where there is none.
  undo() {
    const last = this.done.pop();
    if (!last) return undefined;
    this.turn += 1;
    for (let i = 0; i < last.keys.length; i += MOST) {
      this.outbox.add('/elsewhere', {concept: last.concept, answers: [], undoes: last.keys.slice(i, i + MOST)});
    }
    last.ids.forEach((id, i) => this.put(slot(last.concept, id), last.before[i]));
    this.draw();
    return last;
  }

  // What stands of one picture, whenever it was said. What was said before may stand again: that is asked for.
  takeBack(concept, id) {
    const at = slot(concept, id);
    const said = this.own.get(at);
    if (!said) return false;
    this.turn += 1;
    this.done = this.done.filter((one) => !one.keys.includes(said[1]) || one.keys.length > 1);
    this.put(at, undefined);
    this.unsure.set(this.outbox.add('/elsewhere', {concept, answers: [], undoes: [said[1]]}), [concept, [id]]);
    this.draw();
    return true;
  }

  put(at, said) {
    if (said) this.own.set(at, said);
    else this.own.delete(at);
    this.turns.set(at, this.turn);
  }

  changed(count, failure) {
    if (!failure) return;
    this.failed = true;
    this.tell(`Not saved yet: ${count}. ${failure} Trying again.`);
  }

  saved(item) {
    if ((item.body.answers || []).some(([id]) => tileOfBlind(id))) document.dispatchEvent(new Event('labelled'));
    const unsure = this.unsure.get(item.body.key);
    this.unsure.delete(item.body.key);
    if (unsure) this.load(...unsure).then(() => this.draw(), () => { /* a reload shows it */ });
    if (this.outbox.items.length) return;
    if (this.failed) this.tell('Saved.');
    this.failed = false;
  }

  refused(item, reason) {
    for (const [id] of item.body.answers || []) this.own.delete(slot(item.body.concept, id));
    if (item.kind === COMMENT) this.remarks.delete(slot(item.body.concept, item.body.picture));
    else this.done = [];
    this.draw();
    this.tell(`Not saved: ${reason}`);
  }
}

export const elsewhere = new Elsewhere();
