// The threshold on the Check screen: moving it says what it would do, from numbers that are in the page.

const STEPS = 1000;

function rowAt(rows, threshold) {
  let low = 0, high = rows.length; // rows by falling threshold: how many are at or above it
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle][0] >= threshold) low = middle + 1; else high = middle;
  }
  return low ? rows[low - 1] : null;
}

const hundred = (share) => Math.round(100 * share);

function say(area, name, moved, value, low, high) {
  const line = area.querySelector(`[data-line="${name}"]`);
  const known = value !== null;
  line.querySelector('[data-known]').hidden = !known;
  line.querySelector('[data-unknown]').hidden = known;
  if (!known) return;
  // Who moves a threshold looks at many figures at once; what holds for all of them is a least.
  line.querySelector('[data-about]').textContent = moved ? 'at least' : 'about';
  line.querySelector('[data-value]').textContent = hundred(moved ? low : value);
  line.querySelector('[data-range]').textContent = moved ? '' : `(${hundred(low)}–${hundred(high)})`;
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
  say(area, 'precision', moved, precision, low, high);
  say(area, 'recall', moved, recall, least, most);
  const count = flagged.length ? (moved ? flagged[slider.value] : Number(area.dataset.ownFlagged)) : null;
  const library = Number(area.dataset.pictures);
  const words = count === null ? '' : `${count.toLocaleString('en')} of ${library.toLocaleString('en')} pictures`;
  const said = area.querySelector('[data-flags]');
  if (words) said.textContent = `flags ${words} of ${said.dataset.where}`;
  area.querySelector('[data-at]').textContent = threshold.toFixed(3);
  area.querySelector('.plot').style.setProperty('--at', `${100 * threshold}%`);
  area.querySelector('[data-moved]').hidden = !moved;
  for (const promise of area.querySelectorAll('[data-certified]')) promise.hidden = moved;
  const use = area.querySelector('[data-action="threshold"]');
  if (use) use.dataset.value = JSON.stringify([Number(area.dataset.version), threshold]);
  slider.setAttribute('aria-valuetext', [
    `from ${threshold.toFixed(3)} on`,
    precision === null ? '' : `${moved ? `at least ${hundred(low)}` : hundred(precision)} of 100 right`,
    recall === null ? '' : `${moved ? `at least ${hundred(least)}` : hundred(recall)} of 100 found`,
    words && `flags ${words}`,
  ].filter(Boolean).join(', '));
  if (row && row[1]) place(row, rows);
}

// The dot on the precision-recall curve, which says where its plot lies: left, top, width, height.
function place(row, rows) {
  const curve = document.querySelector('[data-figure="precision-recall"]');
  const dot = curve?.querySelector('.mark-dot.threshold');
  if (!dot) return;
  const [left, top, width, height] = curve.dataset.plot.split(' ').map(Number);
  const right = row[2] / row[1], found = row[2] / Math.max(rows.at(-1)[2], 1);
  dot.setAttribute('cx', left + found * width);
  dot.setAttribute('cy', top + (1 - right) * height);
  dot.removeAttribute('visibility');
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
