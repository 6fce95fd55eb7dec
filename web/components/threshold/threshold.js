// Moving a threshold says at once what it would do; once it rests, the server is asked for the pictures beside it.
import {begin as draws} from '/web/components/view/view.js';
import {bare} from '/web/components/chart/chart.js';

const STEPS = 1000;
const REST = 150; // milliseconds
const percent = (share) => Math.round(100 * share);

export function begin(element, gradio) {
  const {props, watch} = gradio;
  let shown = null; // the one that is drawn
  const draw = () => {
    const kept = shown && props.value && shown.version === props.value.version ? shown.slider?.value : null;
    shown = props.value && element.querySelector('[data-drawn] .threshold') ? new Moved(element, gradio, kept) : null;
  };
  draws(element, gradio);
  watch('value', draw);
  draw();
}

class Moved {
  constructor(element, {props, trigger}, kept) {
    Object.assign(this, {element, trigger, value: props.value, version: props.value.version});
    this.slider = element.querySelector('input[type=range]');
    this.own = String(Math.min(999, Math.max(1, Math.round(STEPS * this.value.threshold))));
    this.part('bars').replaceChildren(bare(this.value.scores));
    this.slider.value = kept ?? this.own;
    this.slider.addEventListener('input', () => { this.show(); this.rest(); });
    this.part('use')?.addEventListener('click', () => trigger('use', {version: this.version, threshold: this.threshold}));
    this.part('back').addEventListener('click', () => {
      this.slider.value = this.own;
      this.show();
      this.rest();
      this.slider.focus();
    });
    this.show();
  }

  part(name) {
    return this.element.querySelector(`[data-drawn] [data-part="${name}"]`);
  }

  get moved() {
    return this.slider.value !== this.own;
  }

  get threshold() {
    return this.moved ? Number(this.slider.value) / STEPS : this.value.threshold;
  }

  // The figures at the lowest threshold of a picture that is at or above this one.
  get row() {
    if (!this.moved) return this.value.own;
    const {rows} = this.value, {threshold} = this;
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle][0] >= threshold) low = middle + 1; else high = middle;
    }
    return low ? rows[low - 1] : null;
  }

  show() {
    const {value, moved, threshold} = this;
    const [, , , right, low, high, found, least, most] = this.row ?? [0, 0, 0, null, 0, 0, null, 0, 0];
    const said = [this.words('right', right, low, high), this.words('found', found, least, most)];
    const flagged = value.flagged_at.length ? (moved ? value.flagged_at[this.slider.value] : value.flagged) : null;
    const flags = flagged === null ? '' : `${flagged.toLocaleString('en')} of ${value.pictures.toLocaleString('en')} flagged${value.where}`;
    const at = `${(100 * threshold).toFixed(1).replace(/\.0$/, '')} %`;
    this.part('precision').textContent = said[0];
    this.part('recall').textContent = said[1];
    this.part('flags').textContent = flags;
    this.part('at').textContent = at;
    this.part('plot').style.setProperty('--at', `${100 * threshold}%`);
    this.part('moved').hidden = !moved;
    this.slider.setAttribute('aria-valuetext', [`from ${at}`, ...said, flags].filter(Boolean).join(', '));
  }

  // Who moves a threshold looks at many figures at once; what holds for all of them is a least.
  words(word, share, low, high) {
    if (share === null) return `${word}: too few tested`;
    if (this.moved) return `at least ${percent(low)} % ${word}`;
    const range = `${percent(low)}–${percent(high)} %`;
    return high - low > this.value.wide ? `${range} ${word}` : `${percent(share)} % ${word} (${range})`;
  }

  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => { if (this.slider.isConnected) this.trigger('around', {threshold: this.threshold}); }, REST);
  }
}
