// The map of the library. Drawn pixel by pixel into a 2D canvas: without a graphics card that shows a million dots
// fifty times a second where WebGL manages one (python -m benchmarks.map).
import {element} from '../elements.js';

const NEAR = 10; // pixels around the pointer in which a dot is meant
const CORNERS = 120; // of a shape, at most
const NONE = '#9a9a94';
const CLOSEST = 400; // times
const loaded = new Map(); // key → places

const number = (text) => parseInt(text.slice(1), 16);
const pixel = (colour) => { // as a canvas keeps it: alpha, blue, green, red
  const rgb = number(colour);
  return (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
};

export const begin = (element, gradio) => { element.map = new PictureMap(element, gradio); };

export class PictureMap {
  constructor(root, {props, watch, trigger}) {
    Object.assign(this, {root: root.querySelector('.picture-map'), props, trigger});
    this.part = (name) => this.root.querySelector(`[data-part="${name}"]`);
    this.figure = this.root.querySelector('figure');
    this.canvas = this.root.querySelector('canvas');
    this.image = this.part('under-pointer');
    this.context = this.canvas.getContext('2d', {alpha: false});
    this.view = {x: 0, y: 0, scale: 1}; // the middle, and how many times larger than the whole
    this.pointers = new Map();
    this.show();
    new ResizeObserver(() => this.resize()).observe(this.figure);
    const on = (name, handler) => this.canvas.addEventListener(name, handler, {passive: false});
    on('pointerdown', (event) => this.press(event));
    on('pointermove', (event) => this.move(event));
    on('pointerup', (event) => this.release(event));
    on('pointercancel', (event) => this.release(event));
    on('pointerleave', () => { this.image.hidden = true; });
    on('wheel', (event) => { event.preventDefault(); this.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY); });
    on('dblclick', (event) => this.zoom(2, event.offsetX, event.offsetY));
    on('keydown', (event) => this.key(event));
    this.part('select').addEventListener('click', ({currentTarget: select}) => select.setAttribute('aria-pressed', String(!this.selecting)));
    this.part('in-view').addEventListener('click', () => this.inView());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.body, {attributeFilter: ['class']}); // another theme
    watch('value', () => this.show());
  }

  // What is shown

  show() {
    const value = this.props.value;
    this.root.hidden = !value;
    if (this.keyNow !== value?.key) {
      this.view = {x: 0, y: 0, scale: 1};
      this.places = new Uint16Array(0);
      this.codes = new Uint8Array(0);
      this.paints = [NONE];
    }
    this.keyNow = value?.key;
    this.names = value?.names || [];
    this.shape = value?.shape ? value.shape.split(' ').map((one) => one.split(',').map(Number)) : [];
    this.tell(value?.said || '');
    if (!value) return;
    this.canvas.setAttribute('aria-label', `Map of ${value.pictures.toLocaleString('en')} pictures. Arrows move, + and − zoom, Enter shows what is in view.`);
    this.load(value);
  }

  tell(words) {
    this.part('said').textContent = words;
  }

  async load(value) {
    const {key, colours} = value, still = () => this.props.value === value;
    const ask = async (what, more = {}) => {
      const answer = await fetch(`${this.props.source}/${what}?${new URLSearchParams({key, ...more})}`);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      return answer;
    };
    try {
      if (!loaded.has(key)) {
        const places = new Uint16Array(await (await ask('places')).arrayBuffer());
        loaded.clear();
        loaded.set(key, places);
      }
      if (!still()) return;
      this.places = loaded.get(key);
      if (this.codes.length !== this.places.length / 2) this.codes = new Uint8Array(this.places.length / 2);
      this.draw();
      const answer = await ask('colours', colours);
      const codes = new Uint8Array(await answer.arrayBuffer());
      if (!still()) return;
      this.codes = codes;
      this.explain(JSON.parse(answer.headers.get('Map-Legend')));
    } catch (error) {
      if (still()) this.tell(error.message);
    }
    this.draw();
    this.root.dataset.drawn = 'yes';
    this.root.dataset.shape = value.shape || '';
  }

  explain(legend) {
    this.paints = [NONE, ...legend.map((one) => one.colour)];
    const items = legend.filter((one) => one.pictures).map((one) => {
      const item = element('li', '', `${one.word} ${one.pictures.toLocaleString('en')}`), dot = element('i');
      dot.style.background = one.colour;
      item.prepend(dot);
      return item;
    });
    this.root.querySelector('.legend').replaceChildren(...items);
  }

  // Where things are: places go from 0 to 65,535, a shape's corners from -1 to 1, y upwards as in a plot.
  get unit() { return (Math.min(this.width, this.height) / 2.1) * this.view.scale; }
  toPixel([x, y]) { return [this.width / 2 + (x - this.view.x) * this.unit, this.height / 2 - (y - this.view.y) * this.unit]; }
  toPlace(x, y) { return [this.view.x + (x - this.width / 2) / this.unit, this.view.y - (y - this.height / 2) / this.unit]; }

  resize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    if (!this.width) return;
    this.ratio = Math.min(devicePixelRatio, 2);
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    this.pixels = this.context.createImageData(this.canvas.width, this.canvas.height);
    this.draw();
  }

  draw() {
    if (this.waiting || !this.pixels) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const {width, height} = this.canvas, all = new Uint32Array(this.pixels.data.buffer), count = this.places.length / 2;
    const style = getComputedStyle(this.figure), [r, g, b] = style.backgroundColor.match(/[\d.]+/g).map(Number);
    all.fill((0xff000000 | (b << 16) | (g << 8) | r) >>> 0);
    const colours = new Uint32Array(256);
    colours.set(this.paints.map(pixel));
    const unit = this.unit * this.ratio, step = unit / 32767.5;
    const left = width / 2 - (this.view.x + 1) * unit, top = height / 2 + (this.view.y + 1) * unit;
    const crowd = count / this.view.scale ** 2;
    const size = Math.round((crowd > 200_000 ? 1 : crowd > 20_000 ? 2 : crowd > 3_000 ? 3 : crowd > 300 ? 5 : 7) * this.ratio);
    for (const coloured of [false, true]) { // those that say something on top of the others
      for (let i = 0; i < count; i++) {
        const code = this.codes[i];
        if (code > 0 !== coloured) continue;
        const x = (left + this.places[2 * i] * step - size / 2) | 0, y = (top - this.places[2 * i + 1] * step - size / 2) | 0;
        if (x < 0 || y < 0 || x + size > width || y + size > height) continue;
        const colour = colours[code];
        if (size < 3) for (let dy = 0, at = y * width + x; dy < size; dy++, at += width) for (let dx = 0; dx < size; dx++) all[at + dx] = colour;
        else this.dot(all, y * width + x, size, width, colour);
      }
    }
    this.context.putImageData(this.pixels, 0, 0);
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.write(style);
    this.outline(this.lasso || this.shape.map((corner) => this.toPixel(corner)), style);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
  }

  dot(all, at, size, width, colour) { // round
    const middle = (size - 1) / 2, most = (size / 2) ** 2;
    for (let dy = 0; dy < size; dy++, at += width)
      for (let dx = 0; dx < size; dx++) if ((dx - middle) ** 2 + (dy - middle) ** 2 <= most) all[at + dx] = colour;
  }

  write(style) {
    const taken = [];
    Object.assign(this.context, {font: `600 13px ${style.fontFamily}`, textAlign: 'center', textBaseline: 'middle', lineJoin: 'round'});
    for (const {name, x, y} of this.names) {
      const [left, top] = this.toPixel([x, y]), half = this.context.measureText(name).width / 2 + 6;
      if (taken.some((other) => Math.abs(other.left - left) < other.half + half && Math.abs(other.top - top) < 20)) continue;
      taken.push({left, top, half});
      Object.assign(this.context, {strokeStyle: style.backgroundColor, lineWidth: 4, fillStyle: style.color});
      this.context.strokeText(name, left, top);
      this.context.fillText(name, left, top);
    }
  }

  outline(corners, style) {
    if (corners.length < 2) return;
    this.context.beginPath();
    corners.forEach(([x, y]) => this.context.lineTo(x, y));
    this.context.closePath();
    Object.assign(this.context, {strokeStyle: style.color, lineWidth: 2});
    this.context.stroke();
  }

  nearest(x, y) {
    const [px, py] = this.toPlace(x, y), gx = (px + 1) * 32767.5, gy = (py + 1) * 32767.5;
    let best = -1, least = ((NEAR / this.unit) * 32767.5) ** 2;
    for (let i = 0; i < this.places.length / 2; i++) {
      const far = (this.places[2 * i] - gx) ** 2 + (this.places[2 * i + 1] - gy) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  hover(x, y) {
    const at = this.nearest(x, y);
    this.image.hidden = at < 0;
    this.canvas.style.cursor = at < 0 ? '' : 'pointer';
    if (at < 0) return;
    if (this.image.dataset.at !== String(at)) this.look(at);
    this.image.dataset.at = at;
    this.image.style.left = `${x + 14 + 170 > this.width ? x - 14 - 160 : x + 14}px`;
    this.image.style.top = `${Math.min(y + 14, this.height - 170)}px`;
  }

  look(at) {
    const {key, shown} = this.props.value, made = new Image();
    made.alt = '';
    made.src = `${this.props.source}/pictures/${key}/${at}${shown || ''}`; // protected as the page is
    this.image.replaceChildren(made);
  }

  // The pointer: it moves the map, or with Shift or Select draws a shape; a click is a small shape around it.
  get selecting() { return this.part('select').getAttribute('aria-pressed') === 'true'; }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = false;
    this.lasso = this.pointers.size === 1 && (event.shiftKey || this.selecting) ? [[event.offsetX, event.offsetY]] : null;
    this.image.hidden = true;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId), now = [event.offsetX, event.offsetY];
    if (!before) return this.hover(...now);
    if (Math.hypot(now[0] - before[0], now[1] - before[1]) < (this.moved ? 1 : 4)) return undefined;
    this.moved = true;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) this.zoom(Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(Math.hypot(before[0] - other[0], before[1] - other[1]), 1), ...other);
    else if (this.lasso) this.lasso.push(now);
    else {
      this.view.x -= (now[0] - before[0]) / this.unit;
      this.view.y += (now[1] - before[1]) / this.unit;
    }
    this.pointers.set(event.pointerId, now);
    return this.draw();
  }

  release(event) {
    if (!this.pointers.delete(event.pointerId)) return;
    const lasso = this.lasso;
    this.lasso = null;
    if (event.type === 'pointercancel') return;
    if (lasso?.length > 2) this.choose(lasso);
    else if (!this.moved && this.nearest(event.offsetX, event.offsetY) >= 0) {
      const around = Array.from({length: 12}, (_, i) => [event.offsetX + NEAR * Math.cos((i * Math.PI) / 6), event.offsetY + NEAR * Math.sin((i * Math.PI) / 6)]);
      this.choose(around);
    }
  }

  choose(corners) {
    const every = Math.ceil(corners.length / CORNERS);
    const shape = corners.filter((_, i) => i % every === 0).map(([x, y]) => this.toPlace(x, y).map((one) => one.toFixed(4)).join(','));
    this.go(shape.join(' '));
  }

  go(shape) {
    this.trigger('choose', {shape});
  }

  inView() { this.choose([[0, 0], [this.width, 0], [this.width, this.height], [0, this.height]]); }

  zoom(times, x = this.width / 2, y = this.height / 2) {
    const [px, py] = this.toPlace(x, y), scale = Math.min(Math.max(this.view.scale * times, 0.5), CLOSEST);
    const kept = this.view.scale / scale;
    Object.assign(this.view, {x: px - (px - this.view.x) * kept, y: py - (py - this.view.y) * kept, scale});
    this.image.hidden = true;
    this.draw();
  }

  key(event) {
    const far = 60 / this.unit;
    const deeds = {
      ArrowLeft: () => { this.view.x -= far; }, ArrowRight: () => { this.view.x += far; },
      ArrowUp: () => { this.view.y += far; }, ArrowDown: () => { this.view.y -= far; },
      '+': () => this.zoom(1.5), '=': () => this.zoom(1.5), '-': () => this.zoom(1 / 1.5),
      0: () => Object.assign(this.view, {x: 0, y: 0, scale: 1}),
      Enter: () => this.inView(), Escape: () => this.shape.length && this.go(''),
    };
    if (!deeds[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    deeds[event.key]();
    this.draw();
  }
}
