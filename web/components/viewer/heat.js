// Where in a picture a score comes from: squares over the large picture, when they are asked for.
import {elsewhere} from '../elsewhere.js';
import {shownAt} from '../elements.js';
import {get} from '../outbox.js';

const SVG = 'http://www.w3.org/2000/svg';
const FAINTEST = 0.06; // of the strongest square; what is less isn't drawn

function shape(tag, values) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
  return made;
}

// Squares that raised the score are filled, the strongest outlined too; those that lowered it are struck through.
function draw(map, img, heat) {
  if (!img.offsetWidth || !img.naturalWidth) return;
  Object.assign(map.style, shownAt(img));
  const width = parseFloat(map.style.width), height = parseFloat(map.style.height);
  map.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const strongest = Math.max(...heat.parts.flat().map(Math.abs), 1e-9);
  const [from, over, to, under] = heat.box;
  const across = ((to - from) * width) / heat.parts[0].length, down = ((under - over) * height) / heat.parts.length;
  const several = heat.parts.flat().length > 1;
  map.replaceChildren(...heat.parts.flatMap((row, i) => row.flatMap((part, j) => {
    const share = Math.abs(part) / strongest;
    if (share < FAINTEST) return [];
    const x = from * width + j * across, y = over * height + i * down;
    if (part < 0) return [shape('line', {class: 'lowered', x1: x + across * 0.2, y1: y + down * 0.8, x2: x + across * 0.8, y2: y + down * 0.2, 'stroke-opacity': share})];
    return [shape('rect', {class: share > 0.5 ? 'raised most' : 'raised', x: x + 1, y: y + 1, width: across - 2, height: down - 2, 'fill-opacity': several ? 0.1 + 0.5 * share : 0})];
  })));
}

// Never a certainty.
function sure(probability) {
  if (probability >= 0.01 && probability <= 0.99) return `${Math.round(100 * probability)} %`;
  return probability < 0.5 ? 'Hardly 1 %' : 'Over 99 %';
}

// `button` is pressed or not; what is found is drawn into `large` and told in `said`.
export async function heat({button, said, large, picture, concept}) {
  large.querySelector('.heat-map')?.remove();
  if (button.getAttribute('aria-pressed') === 'true') { button.setAttribute('aria-pressed', 'false'); return; }
  said.textContent = 'Looking…';
  button.disabled = true;
  try {
    const found = await get(`/api/v1/library/pictures/${picture}/heat?${new URLSearchParams({concept})}`);
    elsewhere.seen.add(`${found.picture} ${found.concept}`); // a label after that is one with the verdict in view
    if (!button.isConnected) return;
    said.textContent = `${sure(found.probability)} sure that it counts. ${found.words}${found.parts.flat().length > 1 ? ' Filled squares raised the score, crossed ones lowered it.' : ''}`;
    const img = large.querySelector('img'), map = shape('svg', {class: 'heat-map', 'aria-hidden': 'true'});
    large.append(map);
    new ResizeObserver(() => draw(map, img, found)).observe(img);
    draw(map, img, found);
    button.setAttribute('aria-pressed', 'true');
  } catch (error) {
    said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
}
