// One picture as large as the window: ← and → go on, Y, N and U label it, ↑ and ↓ choose for which concept.
import {drawRemark} from '../comments.js';
import {element as make} from '../elements.js';
import {elsewhere, ofPage, trash} from '../elsewhere.js';
import {shownBy} from '../protection.js';
import {begin as draws} from '../view/view.js';
import {heat} from './heat.js';
import {opensPictures} from './open.js';

const FURTHER = 'discern:further-concepts'; // those that were chosen beside the first, while the tab is open

export const begin = (element, gradio) => {
  element.viewer = new Viewer(element, gradio);
  opensPictures(element.viewer);
};

class Viewer {
  constructor(element, gradio) {
    Object.assign(this, {element, ...gradio, id: '', ids: [], shown: '?shown=blur'});
    this.dialog = make('dialog', 'viewer');
    const header = make('header'), button = (words, press) => {
      const made = make('button', 'btn small', words);
      made.addEventListener('click', press);
      return made;
    };
    this.title = make('h2');
    this.title.id = 'viewer-title';
    this.dialog.setAttribute('aria-labelledby', this.title.id);
    this.position = make('span', 'soft');
    this.back = button('← Previous', () => this.turn(-1));
    this.onward = button('Next →', () => this.turn(1));
    this.score = make('span', 'chip');
    this.said = make('span', 'soft');
    this.said.setAttribute('role', 'status');
    const grow = make('span', 'grow');
    header.append(this.title, this.score, this.said, grow, this.position, this.back, this.onward, button('Close Esc', () => this.dialog.close()));
    this.large = make('div', 'large');
    this.side = make('div', 'side');
    const drawn = element.querySelector('[data-drawn]');
    this.dialog.append(header, this.large, this.side);
    element.append(this.dialog);
    this.side.append(drawn);
    // Answers about the page alone, and late ones about another picture, change nothing beside the picture.
    const watch = (name, then) => gradio.watch(name, () => { if (this.props.value?.picture?.id === this.id) then(); });
    draws(element, {...gradio, watch});
    gradio.watch('value', () => queueMicrotask(() => this.draw()));
    this.draw();
    elsewhere.watch({draw: () => this.press(), tell: (words) => { this.said.textContent = words; }});
    addEventListener('pictures-gone', ({detail}) => this.gone(new Set(detail)));
    this.dialog.addEventListener('keydown', (event) => this.key(event));
    this.dialog.addEventListener('click', (event) => this.click(event));
    this.dialog.addEventListener('change', (event) => this.change(event));
    this.dialog.addEventListener('close', () => this.closed());
    this.dialog.addEventListener('focusin', (event) => { this.row = event.target.closest('.label-row') || this.row; });
  }

  open({id, ids = [id], inView = false, total = 0, about = {}, more = null}) {
    Object.assign(this, {ids: ids.includes(id) ? ids : [id], inView, total, about, more});
    if (!this.dialog.open) { this.row = null; this.dialog.showModal(); }
    this.show(id);
  }

  address(id, kind = 'picture') {
    return `/media/${kind}/${id}${this.shown}`;
  }

  // The small picture until the large one is there.
  paint() {
    const {id} = this, image = new Image(), large = new Image();
    Object.assign(image, {alt: 'The picture', src: this.address(id, 'thumbnail')});
    image.dataset.picture = id;
    this.large.replaceChildren(image);
    large.src = this.address(id);
    large.decode().then(() => { if (this.id === id) image.src = large.src; }, () => {});
  }

  show(id) {
    this.id = id;
    const at = this.ids.indexOf(id), total = Math.max(this.total, this.ids.length);
    this.paint();
    const tile = this.tile(id), caption = this.inView && tile?.querySelector('.caption')?.textContent;
    this.title.textContent = tile?.dataset.name || '';
    this.score.textContent = caption || '';
    this.score.hidden = !caption;
    this.said.textContent = this.about[id] || '';
    this.position.textContent = total > 1 ? `${(at + 1).toLocaleString('en')} of ${total.toLocaleString('en')}` : '';
    this.back.disabled = at <= 0;
    this.onward.disabled = at >= this.ids.length - 1 && !this.more;
    this.side.classList.add('stale');
    if (!this.dialog.contains(document.activeElement) || document.activeElement.disabled) this.onward.focus();
    this.trigger('look', {id});
    for (const one of [this.ids[at + 1], this.ids[at - 1]]) if (one) new Image().src = this.address(one);
  }

  // The tile on screen that shows the picture.
  tile(id) {
    return [...document.querySelectorAll(`.picture-grid .tile[data-id="${id}"]`)].find((one) => one.checkVisibility());
  }

  async turn(step) {
    const at = this.ids.indexOf(this.id) + step;
    if (at >= this.ids.length && this.more) {
      const ids = await this.more();
      if (ids.length > this.ids.length) this.ids = ids;
      else this.more = null;
    }
    if (this.ids[at]) this.show(this.ids[at]);
  }

  // What is drawn beside the picture, once it is known.
  draw() {
    const {page, picture} = this.props.value || {};
    if (page) {
      const before = this.shown;
      this.shown = page.shown;
      if (this.dialog.open && before !== this.shown) this.paint(); // opened before anything was known of protection
      shownBy(page.key);
      Object.assign(elsewhere.page, page);
      elsewhere.draw();
    }
    if (!picture || picture.id !== this.id) return;
    this.side.classList.remove('stale');
    this.title.textContent = picture.name;
    this.large.querySelector('img').alt = picture.name;
    const was = this.row?.dataset.concept, focused = this.row?.isConnected === false && document.activeElement === document.body;
    this.row = null;
    for (const one of picture.concepts) elsewhere.take(one.name, picture.id, one);
    const names = picture.concepts.map(({name}) => name);
    for (const name of page.may.label ? names : []) this.add(name);
    for (const name of this.further()) if (picture.others.includes(name)) this.another(name);
    this.row = this.rows.find((one) => one.dataset.concept === was) || null;
    if (focused || !this.dialog.contains(document.activeElement)) (this.row?.querySelector('[tabindex="0"]') || this.onward).focus();
    this.press();
  }

  // Labels

  get rows() {
    return [...this.side.querySelectorAll('.label-row')];
  }

  further() {
    try { return JSON.parse(sessionStorage.getItem(FURTHER)) || []; } catch { return []; }
  }

  add(name) {
    const scale = elsewhere.scale(name), row = make('div', scale.kind === 'yes or no' ? 'label-row' : 'label-row wide');
    row.dataset.concept = name;
    row.setAttribute('role', 'group');
    row.setAttribute('aria-label', name);
    const buttons = make('span', 'row'), title = make('span', 'name', name);
    const words = {yes: 'Yes', no: 'No', unsure: 'Unsure'};
    for (const value of [...scale.values, 'unsure']) {
      const own = scale.own && value !== 'unsure';
      const made = make('button', `btn small ${scale.tone(value)}`, own ? (scale.kind === 'graded' ? value : scale.name(value)) : words[value]);
      made.value = value;
      made.setAttribute('aria-label', `${name}: ${scale.said(value)}`);
      made.title = Object.keys(scale.keys).find((key) => scale.keys[key] === value)?.toUpperCase() || '';
      made.dataset.label = '';
      buttons.append(made);
    }
    const comment = make('button', 'btn small quiet', '✎');
    comment.tabIndex = -1;
    comment.setAttribute('aria-label', `${name}: comment`);
    comment.title = 'Comment: C';
    comment.dataset.comment = '';
    buttons.append(comment);
    row.append(title, buttons);
    this.side.querySelector('[data-part=rows]').append(row);
    return row;
  }

  another(name) {
    const option = [...this.side.querySelectorAll('[data-part=others] option')].find((one) => one.value === name);
    if (!option || !name) return null;
    option.remove();
    const {id} = this;
    elsewhere.load(name, [id]).then(() => this.press(), (error) => { this.said.textContent = error.message; });
    return this.add(name);
  }

  press() {
    if (!this.dialog.open) return;
    for (const row of this.rows) {
      const said = elsewhere.said(row.dataset.concept, this.id), buttons = [...row.querySelectorAll('[data-label]')];
      const pressed = buttons.find((one) => one.value === said);
      for (const one of buttons) {
        one.setAttribute('aria-pressed', String(one === pressed));
        one.tabIndex = one === (pressed || buttons[0]) ? 0 : -1;
      }
      drawRemark(row, elsewhere.remark(row.dataset.concept, this.id));
    }
  }

  // Pressing what is pressed takes it back.
  label(row, value, again = false) {
    const name = row.dataset.concept, {id} = this;
    if (again && elsewhere.said(name, id) === value) {
      elsewhere.takeBack(name, id);
      this.said.textContent = `${name}: undone.`;
      return;
    }
    elsewhere.say(name, [id], value, this.inView && name === ofPage());
    this.said.textContent = `${name}: ${elsewhere.scale(name).words(value)}.`;
  }

  comment(row) {
    elsewhere.writes(row.dataset.concept, [this.id], this.address(this.id, 'thumbnail'));
  }

  // What is pressed

  click(event) {
    const row = event.target.closest('.label-row'), label = event.target.closest('[data-label]');
    if (label) return this.label(row, label.value, true);
    if (event.target.closest('[data-comment]')) return this.comment(row);
    if (event.target.closest('a[href]')) return this.dialog.close();
    const near = event.target.closest('[data-part=near]');
    if (near) return this.open({id: near.value, ids: [this.id, ...[...this.side.querySelectorAll('[data-part=near]')].map((one) => one.value)]});
    const part = event.target.closest('[data-part]')?.dataset.part;
    if (part === 'trash') return trash([this.id]);
    const side = (name) => this.side.querySelector(`[data-part=${name}]`);
    if (part === 'heat') return heat({button: side('heat'), said: side('heat-said'), large: this.large, picture: this.id, concept: side('heat-of').value});
    return undefined;
  }

  change({target}) {
    if (target.dataset.part === 'others' && target.value) {
      const name = target.value;
      sessionStorage.setItem(FURTHER, JSON.stringify([...new Set([...this.further(), name])]));
      this.another(name)?.querySelector('button').focus();
      this.press();
    }
    if (target.dataset.part === 'heat-of') {
      this.large.querySelector('.heat-map')?.remove();
      this.side.querySelector('[data-part=heat]').setAttribute('aria-pressed', 'false');
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select, .comment-box')) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key, {rows} = this;
    const row = rows.includes(this.row) ? this.row : rows.find((one) => one.dataset.concept === ofPage()) || (rows.length === 1 ? rows[0] : null);
    const value = row && elsewhere.scale(row.dataset.concept).keys[key];
    const step = {ArrowUp: -1, ArrowDown: 1}[key];
    if (key === 'ArrowLeft' || key === 'ArrowRight') this.turn(key === 'ArrowLeft' ? -1 : 1);
    else if (step && rows.length) (rows[rows.indexOf(this.row) + step] || rows.at(step > 0 ? 0 : -1)).querySelector('[tabindex="0"]').focus();
    else if (key === 'z') { const undone = elsewhere.undo(); this.said.textContent = undone ? `${undone.concept}: undone.` : 'Nothing to undo.'; }
    else if (value) this.label(row, value);
    else if (row && key === 'c') this.comment(row);
    else if (!row && rows.length && 'ynuc'.includes(key)) { rows[0].querySelector('[tabindex="0"]').focus(); this.said.textContent = `Label for ${rows[0].dataset.concept}? Press again, or choose by ↑ ↓.`; }
    else if (key === 'Delete' && elsewhere.page.may.trash) trash([this.id]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // What went to the trash makes room for the next.
  gone(ids) {
    const at = this.ids.indexOf(this.id);
    const left = this.ids.filter((id) => !ids.has(id));
    this.total = Math.max(0, this.total - (this.ids.length - left.length));
    this.ids = left;
    if (!this.dialog.open || !ids.has(this.id)) return;
    if (left.length) this.show(left[Math.min(at, left.length - 1)]);
    else this.dialog.close();
  }

  closed() {
    this.large.replaceChildren();
    const tile = this.tile(this.id);
    this.id = '';
    tile?.focus();
    tile?.scrollIntoView({block: 'nearest'});
    dispatchEvent(new CustomEvent('picture-closed'));
  }
}
