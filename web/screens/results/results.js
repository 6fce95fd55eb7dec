// Results: pictures as they are scored, and what opens and closes around them.
import {elsewhere, labels, number} from '/web/components/elsewhere.js';
import {element as make} from '/web/components/elements.js';
import {PictureGrid} from '/web/components/grid/grid.js';
import {openPicture} from '/web/components/viewer/open.js';
import './files.js';
import './try.js';

let grid = null; // there is one

export const begin = (element, gradio) => {
  grid = element.grid = new Scored(element, gradio);
  labels(element, {inView: true, choose: Boolean(grid.props.value?.rule)});
  element.addEventListener('open', ({detail: {id}}) => openPicture({
    id, ids: [...grid.tiles.keys()], inView: true, more: async () => { await grid.more(); return [...grid.tiles.keys()]; },
  }));
  elsewhere.watch({draw: () => grid.count()});
  for (const popover of document.querySelectorAll('.results-popover')) popover.popover = 'auto';
};

// Never a certainty.
const share = (p) => (p >= 0.995 ? '>99 %' : p < 0.005 ? '<1 %' : `${Math.round(100 * p)} %`);

class Scored extends PictureGrid {
  // What begins with the same training is the same: a job that ends draws nothing anew that is there already.
  show() {
    const {ranked, asked} = this.props.value || {};
    if (!asked && ranked && ranked === this.ranked) return;
    this.ranked = ranked;
    this.box.classList.toggle('combined', Boolean(this.props.value?.rule));
    if (this.element.labels) labels(this.element, {choose: Boolean(this.props.value?.rule)});
    this.line?.remove();
    this.fills?.remove();
    Object.assign(this, {line: null, finds: new Set(), above: false});
    super.show();
  }

  // As `GET /versions/…/scores`, `/finds`, `/combine` or `/watches/…/flagged` answers.
  page(found) {
    const {threshold, order} = this.props.value;
    if (order === 'watch') {
      const next = this.tiles.size + found.flagged.length + found.held, pictures = found.flagged.map((one) => this.scored({...one, id: one.picture, path: one.file || one.path}));
      return {pictures, older: found.flagged.length + found.held < 60 ? 0 : next};
    }
    const {start, listed, pictures, by_look_alikes: mixed} = found.page || found, last = start + pictures.length;
    const isOther = start && this.mixed !== mixed; // it was ranked meanwhile: what came up is between those that are there
    this.mixed = mixed;
    this.sorted = !mixed && (order === 'top' || order === 'nearly');
    this.shows = order === 'borderline' || (order === 'top' && mixed);
    return {pictures: pictures.map((one) => this.scored(one, one.probability >= threshold)), older: isOther ? '0' : found.page ? found.more : last < listed ? last : 0};
  }

  scored(one, flagged = true) {
    const own = one.members?.length > 1 ? one.members.map(({concept, probability}) => `${concept} ${share(probability)}`) : [];
    const said = one.said || (one.members?.length === 1 ? one.members[0].said : '');
    const delivery = {waiting: 'not sent yet', delivered: 'sent', dead: 'could not be sent'}[one.delivery];
    const score = one.grade != null ? one.grade.toFixed(1) : one.likeliest || share(one.probability);
    const caption = [score, this.shows && (flagged ? 'flagged' : 'not flagged'), ...own, one.unfamiliar && 'unfamiliar', said === 'conflict' && 'people disagree', delivery];
    return {...one, flagged, said, caption: caption.filter(Boolean).join(' · ')};
  }

  add(pictures) {
    const scale = this.element.labels?.scale;
    super.add(pictures);
    for (const one of pictures) {
      const tile = this.tiles.get(one.id);
      tile.classList.toggle('flagged', one.flagged);
      if (one.flagged && !one.said) this.finds.add(one.id);
      if (one.said && one.said !== 'conflict' && scale) this.mark(one.id, scale.mark(one.said), scale.tone(one.said));
      if (one.part) this.outline(tile, one.part);
      if (one.flagged) this.above = true;
      else if (this.sorted && this.above) this.draws(tile);
    }
    if (this.props.value.order === 'new' && !this.cursor && this.tiles.size) this.draws(null);
  }

  // What is below it isn't flagged.
  draws(tile) {
    if (this.line) return;
    this.line = make('div', 'threshold', `Flagged from ${this.props.value.line}${tile ? '. Below: not flagged' : ': these are all new finds'}`);
    this.line.setAttribute('aria-hidden', 'true');
    this.fills = make('span', 'fills'); // so that the row above it keeps its height
    this.fills.setAttribute('aria-hidden', 'true');
    this.box.insertBefore(this.fills, tile);
    this.box.insertBefore(this.line, tile);
  }

  // The part of a picture that the concept looks at.
  outline(tile, {box: [left, over, right, under]}) {
    const part = make('span', 'part'), frame = part.appendChild(make('span'));
    Object.assign(frame.style, {left: `${100 * left}%`, top: `${100 * over}%`, width: `${100 * (right - left)}%`, height: `${100 * (under - over)}%`});
    tile.append(part);
  }

  // New finds that have no label yet: as many as the server knew of, without those that were labelled here.
  count() {
    const told = document.querySelector('#results-order .finds'), about = this.element.labels?.about;
    if (!told || !about) return;
    told.textContent = (told.dataset.value - [...this.finds].filter((id) => elsewhere.said(about, id)).length).toLocaleString('en');
  }

  selectFlagged() {
    this.select([...this.tiles].filter(([, tile]) => tile.classList.contains('flagged')).map(([id]) => id));
    elsewhere.tell(`${number(this.selected.size, 'picture')} selected.`);
  }
}

document.addEventListener('click', ({target}) => {
  const opens = target.closest('[data-opens]');
  if (opens) {
    const isOpen = document.getElementById(opens.dataset.opens).classList.toggle('open');
    opens.setAttribute('aria-expanded', String(isOpen));
  }
  if (target.closest('[data-selects]')) grid?.selectFlagged();
});
// What goes into the file is in the address of its link.
document.addEventListener('change', ({target}) => {
  const take = target.closest('#results-bundle'), link = take?.querySelector('[data-take]');
  if (!link) return;
  const address = new URL(link.href);
  for (const name of ['page', 'also']) address.searchParams.delete(name);
  for (const box of take.querySelectorAll('input:checked')) address.searchParams.append(box.name, box.value);
  link.href = address;
});
