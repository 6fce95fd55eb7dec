// Many pictures at once: the sheet, whose clicked pictures count, and the grid, whose pictures are marked by keys. One
// press saves them together. Marks that are not saved wait in the tab: whoever leaves them is asked.
import {drafts, drawRemark, writeComment} from '../../components/comments.js';
import {get} from '../../components/outbox.js';

const SHEET = 60;
const ASK_AGAIN = 300; // milliseconds, while the first pictures of an order are found

export class Many {
  constructor(labelling, grid, person) {
    Object.assign(this, {labelling, grid, scale: labelling.scale, values: new Map(), pictures: [], note: ''});
    this.keptUnder = `discern:marks:${person}:${labelling.concept}`;
    this.dialog = labelling.part('unsaved');
    grid.keys = {};
    grid.thumbnails = (id) => labelling.addresses({id}).small;
    grid.element.onselected = null;
    if (grid.element.listening) return this.bind();
    grid.element.listening = true;
    grid.element.addEventListener('selected', () => grid.labelling?.many.selected());
    addEventListener('beforeunload', (event) => { if (grid.labelling?.many.count) event.preventDefault(); });
    document.addEventListener('click', (event) => grid.labelling?.many.link(event), true);
    this.bind();
  }

  bind() {
    this.grid.labelling = this.labelling;
  }

  get isSheet() {
    return this.labelling.mode === 'sheet';
  }

  get count() {
    return this.pending || this.labelling.mode === 'single' ? 0 : this.marked().length;
  }

  // [picture id, label] of what is marked; in a sheet what is selected counts.
  marked() {
    if (!this.isSheet) return [...this.values];
    return this.pictures.filter(({id}) => this.values.has(id) || this.grid.selected.has(id)).map(({id}) => [id, this.values.get(id) || 'yes']);
  }

  enter() {
    this.grid.toggles = this.isSheet;
    const kept = this.recall();
    if (kept && !this.pictures.length) this.fill(kept.pictures, new Map(kept.values), kept.selected);
    else this.reload();
  }

  leave() {
    this.asked = null;
    this.pictures = [];
    this.values.clear();
    this.grid.draw([]);
    this.labelling.tell(this.note);
    this.note = '';
  }

  get order() {
    return this.isSheet ? 'wall' : document.querySelector('#label-order input')?.dataset.value || this.chosenOrder || 'likely';
  }

  async reload() {
    const [order, ...query] = this.order.split(':');
    const asked = new URLSearchParams({order, query: query.join(':'), limit: this.isSheet ? SHEET : this.size || 36});
    this.asked = asked;
    this.loading = true;
    this.fade();
    const {api} = this.labelling;
    try {
      let found = await get(`${api}/tiles?${asked}`);
      while (found.thinking && !found.problem && !found.pictures.length && this.asked === asked) {
        await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN); });
        found = await get(`${api}/tiles?${asked}`);
      }
      if (this.asked !== asked) return; // another order or mode was chosen meanwhile
      if (found.problem && !found.pictures.length) throw new Error(found.problem);
      this.labelling.comments.know(found.remarks);
      this.fill(found.pictures);
    } catch (error) {
      if (this.asked !== asked) return;
      this.loading = false;
      this.labelling.tell(`No pictures: ${error.message} Your labels are kept.`);
    }
  }

  // What was saved goes at once, and the next is on its way.
  fade() {
    this.grid.box.classList.add('fading');
    const save = document.querySelector('#label-save');
    if (save) Object.assign(save, {disabled: true, textContent: 'Save'});
    this.labelling.tell(this.pending ? 'Saving…' : this.note || 'Loading…');
  }

  fill(pictures, values = new Map(), selected = []) {
    Object.assign(this, {pictures: [], values: new Map(), asked: null}); // what is still on its way comes too late
    this.grid.box.classList.remove('fading');
    this.grid.draw([]);
    this.grid.draw(pictures.map((one) => ({...one, src: this.labelling.addresses(one).small, width: one.width || 4, height: one.height || 3})));
    Object.assign(this, {pictures, values, loading: false});
    this.grid.select(selected);
    this.paint();
    const tools = document.getElementById('label-tools');
    if (tools?.getBoundingClientRect().top < 0) tools.scrollIntoView();
    const [first] = this.grid.tiles.values();
    if (first && !document.activeElement?.closest('.rail, [popover], dialog')) first.focus({preventScroll: true});
    if (!pictures.length) this.labelling.tell(`${this.note}${this.isSheet ? 'No more sheets.' : 'All of these are labelled. Choose another order.'}`);
  }

  // Keys; true where one was for the grid.
  key(event) {
    const tile = event.target.closest('.picture-grid .tile');
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.shiftKey && !this.scale.own && (key === 'n' || key === 'y')) return this.act(`rest-${key === 'n' ? 'no' : 'yes'}`);
    if (!tile) return key === 's';
    if (key in this.scale.keys) return this.mark(this.meant(tile), this.scale.keys[key]);
    if (key === 'Backspace' || key === 'Delete') return this.mark(this.meant(tile), '');
    if (key === 'Enter') return this.act('save');
    if (key === 'c') return this.comment(tile.dataset.id);
    return key === 's';
  }

  meant(tile) {
    const {selected} = this.grid;
    return this.isSheet || !selected.size ? [tile.dataset.id] : [...selected];
  }

  act(action) {
    const open = () => this.pictures.map(({id}) => id).filter((id) => !this.values.has(id) && !this.grid.selected.has(id) && this.grid.seen.has(id));
    if (action === 'rest-no' || action === 'rest-yes') {
      const rest = open(), value = action === 'rest-no' ? 'no' : 'yes';
      this.mark(rest, value);
      this.labelling.tell(`${rest.length} seen pictures marked ${value === 'no' ? 'No' : 'Yes'}.`);
    } else if (action === 'clear') {
      this.values.clear();
      this.grid.select([]);
      this.paint();
    } else if (action === 'save') this.save();
    else if (action.startsWith('order:')) this.ask(() => { this.chosenOrder = action.slice(6); this.reload(); });
    else if (action.startsWith('size:')) this.ask(() => { this.size = Number(action.slice(5)); this.reload(); });
    else if (['save-marks', 'drop-marks', 'stay'].includes(action)) this.answer(action);
    else return false;
    return true;
  }

  // What is marked while the pictures change would be lost with them.
  mark(ids, value) {
    if (this.pending || this.loading) return true;
    for (const id of ids) {
      if (value) this.values.set(id, value);
      else this.values.delete(id);
    }
    this.paint();
    return true;
  }

  selected() {
    if (this.isSheet) this.paint();
  }

  comment(id = document.activeElement?.closest('.picture-grid .tile')?.dataset.id) {
    const picture = this.pictures.find((one) => one.id === id), {labelling} = this;
    if (!picture || this.pending || this.loading) return true;
    writeComment({
      concept: labelling.concept, picture: {...picture, src: labelling.addresses(picture).small}, before: labelling.comments.own(id), tell: (words) => labelling.tell(words),
      keep: (text) => {
        labelling.comment(id, text, false);
        labelling.comments.setOwn(id, text);
        labelling.say(text ? 'Comment saved.' : 'Comment removed.');
        this.paint();
      },
    });
    return true;
  }

  // One request, one transaction, one undo. A sheet that is left halfway has not been looked through as a whole.
  save({whole = true} = {}) {
    const marked = this.marked(), {labelling} = this;
    const isLooked = this.isSheet && whole;
    if (this.pending || this.loading || (!marked.length && !isLooked)) return;
    const concept = labelling.concept, pictures = marked.map(([id]) => id);
    const counts = marked.filter(([, value]) => value === 'yes').map(([id]) => id), others = marked.filter(([, value]) => value !== 'yes');
    const sheet = {pictures: this.pictures, values: new Map(this.values), selected: [...this.grid.selected]};
    const about = {kind: 'batch', concept, pictures};
    if (isLooked) {
      this.pending = labelling.outbox.add('POST', `${labelling.api}/contact-sheet`, {pictures: this.pictures.map(({id}) => id), counts, labels: others.map(([picture, value]) => ({picture, value, repeat: true}))}, about);
    } else {
      this.pending = labelling.outbox.add('POST', `${labelling.api}/labels`, {answers: marked.map(([picture, value]) => ({picture, value, repeat: true}))}, about);
    }
    labelling.showSaved();
    this.note = marked.length ? `${marked.length} saved. ` : '';
    if (marked.length) {
      labelling.history.push({key: this.pending, sheet, batch: marked.map(([id, value]) => ({id, value}))});
      labelling.last = labelling.history.at(-1);
      const done = new Set(pictures);
      labelling.pictures = labelling.pictures.filter(({id}) => !done.has(id));
      labelling.tabs.postMessage({concept, ids: pictures});
    }
    this.fade();
  }

  saved(key, kept = true) {
    if (key !== this.pending) return;
    this.pending = null;
    if (!kept) this.note = '';
    this.values = new Map();
    this.grid.select([]);
    this.keep();
    if (this.labelling.mode !== 'single') this.reload();
  }

  // A batch was taken back: its sheet is there again as it was, unless others are marked by now.
  undone({batch, sheet}) {
    this.labelling.tell(`${batch.length} undone.`);
    if (this.labelling.mode === 'single' || this.count) return;
    this.note = `${batch.length} undone. `;
    if (sheet) this.fill(sheet.pictures, sheet.values, sheet.selected);
    else this.reload();
  }

  paint() {
    const {labelling, scale} = this;
    for (const {id} of this.pictures) {
      const value = this.values.get(id) || (this.isSheet && this.grid.selected.has(id) ? 'yes' : '');
      this.grid.mark(id, scale.mark(value), scale.tone(value));
      drawRemark(this.grid.tiles.get(id), labelling.comments.own(id), 'remark');
    }
    const n = this.marked().length, save = document.querySelector('#label-save');
    if (save) {
      save.disabled = this.isSheet ? !this.pictures.length : !n;
      save.textContent = n ? `Save ${n}` : this.isSheet ? 'Next page' : 'Save';
    }
    this.keep();
    if (!this.pictures.length) return;
    labelling.tell(`${this.note}${n ? `${n} of ${this.pictures.length} marked` : this.isSheet ? 'Click what counts. The others count as a weak No.' : 'Mark pictures by keys, then save.'}`);
    if (n) this.note = '';
  }

  // Marks that are not saved

  // Does it, once the marks are saved or dropped; not at all where the person stays.
  ask(then) {
    if (!this.count) return then();
    this.then = then;
    this.labelling.part('unsaved-words').textContent = this.count === 1 ? '1 mark is not saved' : `${this.count} marks are not saved`;
    this.dialog.showModal();
    this.dialog.querySelector('[data-do="save-marks"]').focus();
  }

  dialogKey(event) {
    if (!this.dialog.open) return false;
    const action = {s: 'save-marks', d: 'drop-marks'}[event.key.toLowerCase()];
    if (action) { event.preventDefault(); this.answer(action); }
    return true;
  }

  answer(action) {
    this.dialog.close();
    if (action === 'save-marks') this.save({whole: false});
    if (action === 'drop-marks') { this.values.clear(); this.grid.select([]); this.paint(); }
    if (action !== 'stay') this.then();
  }

  link(event) {
    const link = event.target.closest?.('a[href]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target || !this.count || !this.labelling.root.checkVisibility()) return;
    event.preventDefault();
    event.stopPropagation();
    this.ask(() => link.click());
  }

  keep() {
    this.labelling.showSaved();
    const {pictures, values} = this, selected = [...this.grid.selected];
    try {
      if (this.count) sessionStorage.setItem(this.keptUnder, JSON.stringify({mode: this.labelling.mode, pictures, values: [...values], selected}));
      else sessionStorage.removeItem(this.keptUnder);
    } catch { /* full or forbidden: leaving still asks */ }
  }

  keptMode() {
    return this.recall()?.mode;
  }

  // What an earlier page of this tab kept, or null.
  recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.keptUnder));
      return Array.isArray(kept?.pictures) && Array.isArray(kept.values) ? kept : null;
    } catch {
      return null;
    }
  }
}
