// The threshold on the Check screen: moving it says what it would do, from numbers that are in the page, and once
// it rests the server shows the pictures on both sides of it.

const STEPS = 1000;
const REST = 150; // milliseconds

function rowAt(rows, threshold) {
  let low = 0, high = rows.length; // rows by falling threshold: how many are at or above it
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] >= threshold) low = middle + 1; else high = middle;
  }
  return low ? rows[low - 1] : null;
}

const percent = (share) => Math.round(100 * share);

// What is said of a share. Who moves a threshold looks at many figures at once; what holds for all of them is a least.
function words(moved, wide, value, low, high) {
  if (value === null) return null;
  const range = `${percent(low)}–${percent(high)} %`;
  if (moved) return { about: 'at least ', value: `${percent(low)} %`, range: '' };
  return high - low > wide ? { about: '', value: range, range: '' } : { about: '', value: `${percent(value)} %`, range: `(${range})` };
}

function say(area, name, said) {
  const line = area.querySelector(`[data-line="${name}"]`);
  line.querySelector('[data-known]').hidden = !said;
  line.querySelector('[data-unknown]').hidden = Boolean(said);
  for (const [part, text] of Object.entries(said ?? {})) line.querySelector(`[data-${part}]`).textContent = text;
}

function show(slider) {
  const area = slider.closest('[data-threshold]');
  area.data ??= { rows: JSON.parse(area.dataset.rows), flagged: JSON.parse(area.dataset.flagged) };
  const { rows, flagged } = area.data;
  const own = Number(area.dataset.threshold);
  const moved = Number(slider.value) !== Number(slider.dataset.own);
  const threshold = moved ? Number(slider.value) / STEPS : own;
  const row = moved ? rowAt(rows, threshold) : JSON.parse(area.dataset.own);
  const [, , , precision, low, high, recall, least, most] = row ?? [0, 0, 0, null, 0, 0, null, 0, 0];
  const wide = Number(area.dataset.wide);
  const right = words(moved, wide, precision, low, high), found = words(moved, wide, recall, least, most);
  say(area, 'precision', right);
  say(area, 'recall', found);
  const count = flagged.length ? (moved ? flagged[slider.value] : Number(area.dataset.ownFlagged)) : null;
  const library = Number(area.dataset.pictures);
  const flags = count === null ? '' : `${count.toLocaleString('en')} of ${library.toLocaleString('en')} flagged`;
  const told = area.querySelector('[data-flags]');
  if (flags) told.textContent = flags + told.dataset.where;
  area.querySelector('[data-at]').textContent = threshold.toFixed(3);
  area.querySelector('.plot').style.setProperty('--at', `${100 * threshold}%`);
  area.querySelector('[data-moved]').hidden = !moved;
  for (const promise of area.querySelectorAll('[data-certified]')) promise.hidden = moved;
  const use = area.querySelector('[data-action="threshold"]');
  if (use) use.dataset.value = JSON.stringify([Number(area.dataset.version), threshold]);
  slider.setAttribute('aria-valuetext', [
    threshold.toFixed(3),
    right && `${right.about}${right.value} right`,
    found && `${found.about}${found.value} found`,
    flags,
  ].filter(Boolean).join(', '));
  place(precision, recall, !moved && Math.max(high - low, most - least) > wide);
  const around = area.querySelector('[data-action="around"]');
  around.dataset.value = threshold;
  clearTimeout(area.resting);
  area.resting = setTimeout(() => around.isConnected && around.click(), REST);
}

// The dot on the precision-recall curve, which says where its plot lies: left, top, width, height.
function place(right, found, wide) {
  const curve = document.querySelector('[data-figure="precision-recall"]');
  const dot = curve?.querySelector('.mark-dot.threshold');
  if (!dot) return;
  const [left, top, width, height] = curve.dataset.plot.split(' ').map(Number);
  dot.setAttribute('cx', left + found * width);
  dot.setAttribute('cy', top + (1 - right) * height);
  dot.setAttribute('visibility', wide || right === null || found === null ? 'hidden' : 'visible');
}

document.addEventListener('input', (event) => {
  if (event.target.matches?.('[data-threshold] input[type=range]')) show(event.target);
});

document.addEventListener('click', (event) => {
  const back = event.target.closest?.('[data-reset]');
  if (back) {
    const slider = back.closest('[data-threshold]').querySelector('input[type=range]');
    slider.value = slider.dataset.own;
    show(slider);
    slider.focus();
  }
  const copy = event.target.closest?.('[data-copy]');
  if (copy) copyCode(copy);
});

async function copyCode(button) {
  const code = document.getElementById(button.dataset.copy);
  const words = button.querySelector('span');
  try {
    await navigator.clipboard.writeText(code.textContent);
    words.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(code); // no clipboard without https: the person copies what is selected
    words.textContent = 'Selected: press Ctrl C';
  }
  setTimeout(() => { words.textContent = 'Copy'; }, 2500);
}
