// Protection of who looks at pictures: shows the one that is hovered, pressed or asked for by its key. The server sends
// protected pictures, whose addresses say so; the plain one is fetched for a look.

const HOLD = 350; // milliseconds a finger rests on a picture
const root = document.documentElement;
const PLACES = '.tile, .look, .stage, .large, .label-picture';
let key = 'v';

export const isProtected = (img) => Boolean(img?.matches) && (img.src.includes('?shown=') || img.classList.contains('in-clear'));

// The key that shows the picture in hand, as this person chose it.
export function shownBy(chosen) {
  key = chosen || key;
}

// The plain picture, or the protected one again.
function inClear(img, clear) {
  if (clear === img.classList.contains('in-clear')) return;
  if (clear) [img.dataset.protected, img.src] = [img.src, img.src.split('?')[0]];
  else img.src = img.dataset.protected;
  img.classList.toggle('in-clear', clear);
}

// Shows the large image of a picture in clear if the small one was.
export function alsoClear(smaller, larger) {
  if (smaller?.classList.contains('in-clear') && smaller.dataset.picture === larger.dataset.picture) inClear(larger, true);
}

// One picture in clear at a time.

function hide() {
  for (const img of document.querySelectorAll('img.in-clear')) inClear(img, false);
}

function reveal(img) {
  if (img.classList.contains('in-clear')) return;
  hide();
  inClear(img, true);
}

function pictureAt(target) {
  if (!target?.closest) return null;
  const img = target.matches('img') ? target : target.closest(PLACES)?.querySelector('img');
  return isProtected(img) ? img : null;
}

// The picture a key is about: that of the focus, the large one, or the one under the pointer.
let hovered = null;
function pictureInHand() {
  const focus = document.activeElement;
  const near = focus?.closest('.tile, .look, figure, .pictures > li');
  const img = near?.matches('img') ? near : near?.querySelector('img');
  if (img) return img;
  const large = [...document.querySelectorAll('dialog[open] .large img, .stage img, .large img, .alone img')];
  return large.find((one) => one.checkVisibility()) || (hovered?.isConnected ? hovered : null);
}

// Not :hover: the next picture comes up under a pointer that rests, and must be protected.
document.addEventListener('pointermove', (event) => {
  if (event.pointerType !== 'mouse' || !(event.movementX || event.movementY)) return;
  const img = pictureAt(event.target);
  if (img === hovered && (!img || img.classList.contains('in-clear'))) return;
  if (hovered && img !== hovered) hide();
  hovered = img;
  if (img) reveal(img);
}, {passive: true});
root.addEventListener('mouseleave', () => { hovered = null; hide(); });

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
  if (event.key.toLowerCase() !== key) return;
  const img = pictureInHand();
  if (!isProtected(img)) return;
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
