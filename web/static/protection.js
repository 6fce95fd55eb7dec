// Protection of who looks at pictures: shows the one that is hovered, pressed or asked for by its key, counts how
// many were in view, and offers a break. What protects is on the page before this runs.
import {element} from './dom.js';

const HOLD = 350; // milliseconds a finger rests on a picture
const TICK = 10; // seconds
const AWAKE = 60_000; // milliseconds after the last key or move for which somebody looks
const PAUSE = 300_000; // milliseconds without a look that are a break
const TELL = 20_000; // milliseconds between what is told of what was in view
const KEPT = 'discern:looking'; // in the browser, for all tabs: what was looked at since the last break
const how = JSON.parse(document.documentElement.dataset.protection || '{}');
const isProtected = Boolean(how.parts?.length);
const mine = (img) => /^\/media\/(?:thumbnail|picture)\/([0-9a-f]{64})/.exec(new URL(img.src, location.href).pathname)?.[1];

// One picture in clear at a time.

function hide() {
  for (const img of document.querySelectorAll('img.in-clear')) img.classList.remove('in-clear');
}

function reveal(img) {
  if (img.classList.contains('in-clear')) return;
  hide();
  img.classList.add('in-clear');
  looked.unprotected(mine(img));
}

const pictureAt = (target) => {
  if (!target?.closest) return null;
  if (target.matches('img')) return target;
  return target.closest('.tile, .look, .stage, .large')?.querySelector('img') || null;
};

// The picture a key is about: that of the focus, the large one, or the one under the pointer.
let hovered = null;
function pictureInHand() {
  const focus = document.activeElement;
  const near = focus?.closest('.tile, .look, figure, .review-card, .pictures > li, .alone img');
  const img = near?.matches('img') ? near : near?.querySelector('img');
  if (img) return img;
  const large = [...document.querySelectorAll('dialog[open] .large img, .stage img, .large img, .alone img')];
  return large.find((one) => one.checkVisibility()) || (hovered?.isConnected ? hovered : null);
}

function watchReveals() {
  // Not :hover: the next picture comes up under a pointer that rests, and must be protected.
  document.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'mouse' || !(event.movementX || event.movementY)) return;
    const img = pictureAt(event.target);
    if (img === hovered && (!img || img.classList.contains('in-clear'))) return;
    if (hovered && img !== hovered) hide();
    hovered = img;
    if (img) reveal(img);
  }, {passive: true});
  document.documentElement.addEventListener('mouseleave', () => { hovered = null; hide(); });

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
    if (event.key.toLowerCase() !== how.key) return;
    const img = pictureInHand();
    if (!img) return;
    event.preventDefault();
    if (img.classList.contains('in-clear')) hide(); else reveal(img);
  });
  document.addEventListener('focusin', (event) => {
    const clear = document.querySelector('img.in-clear');
    if (clear && clear !== hovered && event.target.closest('.tile, .look') && !event.target.contains(clear)) hide();
  });

  let timer = 0, held = false;
  document.addEventListener('pointerdown', (event) => {
    held = false;
    if (event.pointerType === 'mouse') return;
    const img = pictureAt(event.target);
    if (img) timer = setTimeout(() => { held = true; reveal(img); }, HOLD);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    document.addEventListener(end, (event) => {
      clearTimeout(timer);
      if (event.pointerType !== 'mouse') hide();
    });
  }
  // What a resting finger would do else: open a menu, and on its way up press what it is on.
  document.addEventListener('contextmenu', (event) => { if (held || (event.pointerType === 'touch' && pictureAt(event.target))) event.preventDefault(); });
  window.addEventListener('click', (event) => {
    if (!held) return;
    held = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}

// What was in view: how many pictures, never which ones.

const looked = {
  ids: new Set(), clear: new Set(), told: {shown: 0, unprotected: 0}, seconds: 0,

  shown(id) {
    if (!how.counted || !id || this.ids.has(id)) return;
    this.ids.add(id);
    if (!isProtected) this.clear.add(id);
    since(1, 0);
  },

  unprotected(id) {
    if (how.counted && id && this.ids.has(id)) this.clear.add(id);
  },

  tell() {
    const more = {shown: this.ids.size - this.told.shown, unprotected: this.clear.size - this.told.unprotected, seconds: this.seconds};
    if (!more.shown && !more.unprotected && !more.seconds) return;
    this.told = {shown: this.ids.size, unprotected: this.clear.size};
    this.seconds = 0;
    fetch('/app/seen', {method: 'POST', keepalive: true, headers: {'Content-Type': 'application/json'}, body: JSON.stringify(more)}).catch(() => {});
  },
};

function watchViews() {
  const inView = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      looked.shown(mine(target));
    }
  }, {threshold: 0.5});
  const look = (node) => {
    if (node.nodeName === 'IMG') inView.observe(node);
    else for (const img of node.querySelectorAll?.('img') || []) inView.observe(img);
  };
  look(document.body);
  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(look);
  }).observe(document.body, {childList: true, subtree: true});
  let awake = Date.now();
  for (const sign of ['pointermove', 'keydown', 'scroll']) addEventListener(sign, () => { awake = Date.now(); }, {passive: true, capture: true});
  setInterval(() => {
    if (document.hidden || Date.now() - awake > AWAKE || !looked.ids.size) return;
    looked.seconds += TICK;
    since(0, TICK);
  }, TICK * 1000);
  setInterval(() => looked.tell(), TELL);
  addEventListener('pagehide', () => looked.tell());
  document.addEventListener('visibilitychange', () => { if (document.hidden) looked.tell(); });
}

// Breaks: offered once, beside the work, and again after as much more.

function since(pictures, seconds) {
  if (!how.break_pictures && !how.break_minutes) return;
  let kept = {pictures: 0, seconds: 0, at: 0};
  try { kept = JSON.parse(localStorage.getItem(KEPT)) || kept; } catch { /* as if nothing were kept */ }
  if (Date.now() - kept.at > PAUSE) kept = {pictures: 0, seconds: 0};
  kept = {pictures: kept.pictures + pictures, seconds: kept.seconds + seconds, at: Date.now()};
  localStorage.setItem(KEPT, JSON.stringify(kept));
  const due = (how.break_pictures && kept.pictures >= how.break_pictures) || (how.break_minutes && kept.seconds >= how.break_minutes * 60);
  if (due && !document.querySelector('.break-offer')) offer(kept);
}

function offer({pictures, seconds}) {
  const minutes = Math.round(seconds / 60);
  const box = element('div', 'break-offer');
  box.setAttribute('role', 'status');
  const many = `${pictures.toLocaleString('en')} ${pictures === 1 ? 'picture' : 'pictures'}`;
  box.append(element('p', '', `You have looked at ${many}${minutes ? ` in ${minutes} minutes` : ''}. A short break may do you good; everything is kept.`));
  const close = element('button', 'btn small', 'Close');
  close.type = 'button';
  close.addEventListener('click', () => {
    localStorage.removeItem(KEPT);
    box.remove();
  });
  box.append(close);
  document.body.append(box);
}

if (isProtected) watchReveals();
if (how.counted) watchViews();
