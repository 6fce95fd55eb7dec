// What of Library happens in the browser: the address follows search, order and filters; tiles open the viewer; labels;
// the first pictures of an import as they come.
import {element as make} from '../../components/elements.js';
import {album, labels, number, ofPage} from '../../components/elsewhere.js';
import {get} from '../../components/outbox.js';
import {begin as draws} from '../../components/view/view.js';
import {openPicture} from '../../components/viewer/open.js';

const PAGE = 60;
const NO_FILTER = ['q', 'like', 'in', 'sort', 'folder']; // what stays when filters are applied
const WORDS = {'Without a date': 'undated', 'Hide pictures that may be unsafe': 'safe'};

export const begin = (element, gradio) => { element.library = new Library(element, gradio); };

class Library {
  constructor(element, gradio) {
    Object.assign(this, {element, props: gradio.props, trigger: gradio.trigger, total: 0});
    this.status = make('p', 'soft');
    this.status.setAttribute('role', 'status');
    this.status.id = 'library-fitting';
    draws(element, gradio);
    element.append(this.status);
    addEventListener('library-do', ({detail}) => { if (element.isConnected) this.act(detail); });
    gradio.watch('value', () => queueMicrotask(() => this.given()));
    this.find();
  }

  // The grid is loaded beside this.
  find() {
    const root = document.querySelector('#library-grid .picture-grid')?.parentElement;
    if (!root?.grid) { setTimeout(() => this.find(), 30); return; }
    this.root = root;
    labels(root, {
      choose: true,
      inView: () => (this.props.value?.in_view || []).includes(root.labels.about),
      actions: [{words: 'Take out', title: 'They stay in the library', when: () => this.props.value?.album?.changes_may, act: (ids) => {
        root.grid.select([]);
        album(ids, this.props.value.album, true);
      }}, {words: 'Side by side', act: (ids) => {
        const query = new URLSearchParams({pictures: ids.join(' ')});
        if (root.labels.about) query.set('of', root.labels.about);
        if (ofPage()) query.set('concept', ofPage());
        dispatchEvent(new CustomEvent('go', {detail: `/library/side-by-side?${query}`}));
      }}],
    });
    root.addEventListener('open', ({detail: {id}}) => this.open(id));
    root.addEventListener('shown', ({detail}) => this.found(detail));
    root.addEventListener('failed', ({detail}) => this.tell(`These pictures can’t be shown. ${detail}`));
    addEventListener('pictures-gone', ({detail}) => { this.total = Math.max(0, this.total - detail.length); this.say(); this.trigger('again'); });
    addEventListener('pictures-back', () => { root.grid.show(); this.trigger('again'); });
    addEventListener('albums-changed', () => this.trigger('again'));
    document.addEventListener('click', ({target}) => { if (target.closest('.show-newest')) setTimeout(() => { scrollTo(0, 0); root.grid.show(); }); });
    this.given();
  }

  // What Python says: a picture to open, and how many there are.
  given() {
    const {value} = this.props;
    if (!value || !this.root) return;
    if (value.open && this.opened !== value.open) {
      this.opened = value.open;
      const address = new URL(location);
      address.searchParams.delete('open');
      history.replaceState(history.state, '', address);
      this.open(value.open);
    }
    if (value.came !== this.came && matchMedia('(max-width: 700px)').matches) for (const fold of document.querySelectorAll('#library-side details[open]')) fold.open = false;
    if (value.album && this.change !== undefined && this.change !== value.album.change && this.album === value.album.id) this.root.grid.show();
    Object.assign(this, {album: value.album?.id, change: value.album?.change});
    const {grid} = this.root, before = this.pictures;
    if (before !== undefined && value.pictures !== before) dispatchEvent(new CustomEvent('counts-changed'));
    if (before !== undefined && value.whole && value.pictures > before && grid.tiles.size < PAGE) this.refresh();
    else if (value.came && value.came !== this.came && before !== undefined && this.source === grid.source) this.refresh();
    if (value.pictures && !grid.source && !value.problem) this.trigger('filled');
    this.came = value.came || this.came;
    this.source = grid.source;
    if (value.whole && value.pictures !== this.pictures) { this.total = value.pictures; this.say(); }
    this.pictures = value.pictures;
  }

  // The first page again; the tiles that are there stay.
  async refresh() {
    const {grid} = this.root, {source} = grid;
    if (!source || !this.element.checkVisibility()) return;
    const found = await get(source);
    if (grid.source !== source) return;
    const now = [...grid.tiles.keys()].slice(grid.props.value?.pictures?.length || 0);
    if (found.pictures.some(({id}, i) => id !== now[i])) {
      if (now.length > PAGE) return grid.show();
      grid.draw(found.pictures);
      grid.cursor = found.older || null;
      this.root.labels.load();
    }
    this.found(found);
  }

  found({fitting, hint}) {
    if (fitting !== undefined) this.total = fitting ?? 0;
    if (hint !== undefined) this.hint = hint;
    this.many = fitting === null;
    this.say();
  }

  say() {
    const {value} = this.props, {grid} = this.root || {};
    if (!value || !grid || value.problem) return this.tell('');
    if (!grid.tiles.size) return this.tell(!value.pictures || grid.asking || grid.cursor ? '' : 'No pictures found. Remove a filter, or choose another folder.');
    const words = value.asks ? 'Most similar first.' : this.total ? `${number(this.total, 'picture')}.` : this.many ? 'Many pictures.' : '';
    return this.tell([this.hint, words, matchMedia('(hover: hover)').matches ? 'Click to select, double-click to open.' : '', value.in_view.length ? 'Unlabelled test pictures are left out.' : ''].filter(Boolean).join(' '));
  }

  tell(words) {
    this.status.textContent = words;
  }

  open(id) {
    const {grid} = this.root;
    openPicture({
      id, ids: [...grid.tiles.keys()], total: this.props.value.asks ? 0 : this.total, inView: this.props.value.in_view.length > 0,
      more: async () => { await grid.more(); return [...grid.tiles.keys()]; },
    });
  }

  // The address of what is asked for, without what is as always.
  act({q, sort, filter}) {
    const address = new URL(location), query = address.searchParams;
    const put = (name, value) => { if (value) query.set(name, value); else query.delete(name); };
    query.delete('open');
    if (q !== undefined) put('q', q.trim());
    if (sort !== undefined) put('sort', sort === 'newest' ? '' : sort);
    if (filter) {
      for (const name of [...query.keys()]) if (!NO_FILTER.includes(name) && name !== 'concept') query.delete(name);
      const {also, ...rest} = filter;
      for (const [name, value] of Object.entries(rest)) put(name, (value || '').trim());
      for (const [words, name] of Object.entries(WORDS)) put(name, (also || []).includes(words) ? 'yes' : '');
    }
    dispatchEvent(new CustomEvent('go', {detail: address.href}));
  }
}
