// Example pictures: files from outside the library are dropped or chosen, and sent one by one.
import {begin as draws} from '/web/components/view/view.js';
import {dropZone} from '/web/components/elements.js';
import {openPicture} from '/web/components/viewer/open.js';

const NO_FILE = 'This is no picture file. Save the picture first, then drop or choose the file.';

export function begin(element, gradio) {
  draws(element, gradio);
  let giving = false;
  const giveAll = async (zone, files) => {
    if (giving || !element.contains(zone)) return;
    giving = true;
    zone.setAttribute('aria-busy', 'true');
    zone.querySelector('b').textContent = 'Adding…';
    const refused = files.length ? [] : [NO_FILE];
    for (const file of files) refused.push(await give(gradio.props.value.concept, file, zone.dataset.example));
    giving = false;
    gradio.trigger('given', {value: refused.filter(Boolean).join(' ')});
  };
  dropZone('[data-example]', (zone, transfer) => giveAll(zone, [...transfer.files]));
  element.addEventListener('change', ({target}) => {
    const zone = target.closest('[data-example]');
    if (zone && target.files.length) giveAll(zone, [...target.files]);
  });
  // Double-click opens a picture, here and in what searches found.
  document.getElementById('describe-body').addEventListener('dblclick', ({target}) => {
    const id = target.dataset?.id, around = target.closest('.strip, .examples');
    if (!id || !around) return;
    const ids = [...around.querySelectorAll('[data-id]')].map((one) => one.dataset.id);
    openPicture({id, ids, inView: false});
  });
}

// Empty where it was taken, else why not.
async function give(concept, file, counts) {
  const body = new FormData();
  body.append('picture', file);
  body.append('counts', counts);
  try {
    const answer = await fetch(`/api/v1/concepts/${encodeURIComponent(concept)}/examples`, {method: 'POST', body});
    if (answer.ok) return '';
    return `${file.name}: ${(await answer.json()).detail || answer.statusText}`;
  } catch {
    return `${file.name}: the connection was lost. Try again.`;
  }
}
