// Frames what counts in the picture that is shown large: with a mouse, a finger or keys.
import {element, shownAt} from '../../components/elements.js';
import {put} from '../../components/outbox.js';

const STEP = 0.02; // of a side, for each press of an arrow
const SMALLEST = 0.04;
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
const within = (value) => Math.min(1, Math.max(0, value));

export class Framer {
  // labeller: {concept, part(name), current(), act(action), tell(words), say(words)}
  constructor(labeller) {
    this.labeller = labeller;
    this.stage = labeller.part('stage');
    this.over = null;
  }

  begin() {
    const img = this.stage.querySelector('img'), picture = this.labeller.current();
    if (this.over || !img || !picture || this.labeller.mode !== 'single') return;
    if (picture.purpose === 'evaluation') return this.labeller.tell('This is a test picture. Frame another one.');
    this.picture = picture;
    this.box = [0.375, 0.375, 0.625, 0.625];
    this.frame = element('div', 'frame');
    const keep = element('button', 'btn yes small', 'Save frame'), cancel = element('button', 'btn small', 'Cancel');
    const row = element('div', 'row');
    row.append(keep, cancel);
    this.over = Object.assign(element('div', 'framing'), {tabIndex: 0, role: 'group'});
    this.over.setAttribute('aria-label', 'Frame what counts. Arrows move the frame, with Shift they resize it. Enter keeps it, Escape cancels.');
    this.over.append(this.frame, row);
    keep.addEventListener('click', () => this.keep());
    cancel.addEventListener('click', () => this.end());
    this.over.addEventListener('pointerdown', (event) => this.drag(event, row));
    this.stage.append(this.over);
    this.follow(img);
    this.draw();
    this.over.focus();
    this.labeller.say('Frame what counts: drag, or use the arrows.');
  }

  follow(img) {
    this.watch?.disconnect();
    this.watch = new ResizeObserver(() => Object.assign(this.over.style, shownAt(img)));
    this.watch.observe(img);
  }

  // What stays over a picture whose larger image has come.
  stays(picture, img) {
    if (!this.isOpen || this.picture !== picture) {
      this.end();
      return [];
    }
    this.follow(img);
    return [this.over];
  }

  end() {
    this.watch?.disconnect();
    this.over?.remove();
    this.over = null;
  }

  get isOpen() {
    return Boolean(this.over?.isConnected);
  }

  key(event) {
    if (!this.isOpen) return false;
    if (event.key === 'Escape') this.end();
    else if (event.key === 'Enter' && !event.target.closest('button')) this.keep();
    else if (ARROWS[event.key]) this.move(ARROWS[event.key], event.shiftKey);
    else return event.key !== 'Tab' && event.key !== 'Enter' && event.key !== ' '; // other keys label nothing meanwhile
    return true;
  }

  move([across, down], resizes) {
    let [left, top, right, bottom] = this.box;
    if (resizes) {
      right = within(Math.max(left + SMALLEST, right + across * STEP));
      bottom = within(Math.max(top + SMALLEST, bottom + down * STEP));
    } else {
      const dx = Math.min(1 - right, Math.max(-left, across * STEP)), dy = Math.min(1 - bottom, Math.max(-top, down * STEP));
      [left, top, right, bottom] = [left + dx, top + dy, right + dx, bottom + dy];
    }
    this.box = [left, top, right, bottom];
    this.draw();
  }

  drag(event, row) {
    if (event.button || row.contains(event.target)) return;
    event.preventDefault();
    this.over.focus();
    this.over.setPointerCapture(event.pointerId);
    const area = this.over.getBoundingClientRect();
    const at = (e) => [within((e.clientX - area.left) / area.width), within((e.clientY - area.top) / area.height)];
    const [x, y] = at(event);
    const moved = (e) => {
      const [u, v] = at(e);
      if (Math.abs(u - x) < SMALLEST / 2 || Math.abs(v - y) < SMALLEST / 2) return;
      this.box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      this.draw();
    };
    this.over.addEventListener('pointermove', moved);
    this.over.addEventListener('lostpointercapture', () => this.over?.removeEventListener('pointermove', moved), {once: true});
  }

  draw() {
    const [left, top, right, bottom] = this.box.map((edge) => 100 * edge);
    Object.assign(this.frame.style, {left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%`});
  }

  async keep() {
    const {labeller, picture} = this, [left, top, right, bottom] = this.box;
    try {
      await put(`/api/v1/concepts/${encodeURIComponent(labeller.concept)}/parts/${picture.id}`, {left, top, right, bottom});
    } catch (error) {
      return labeller.tell(`The frame was not saved. ${error.message}`);
    }
    this.end();
    if (labeller.current() === picture) labeller.act('yes');
    labeller.tell('Frame saved.');
  }
}
