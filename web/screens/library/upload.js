// Uploads, one file after the other, with progress; what was refused is named.
import {dropZone, element as make} from '../../components/elements.js';
import {begin as draws} from '../../components/view/view.js';

const LONGEST = 5; // reasons shown

async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.name.startsWith('.')) return;
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => { entry.file(resolve, reject); }));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const part = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!part.length) return;
    for (const child of part) await walk(child, found);
  }
}

// Resolves to why it was refused, or to nothing.
function put(batch, file, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('PUT', `/uploads/${batch}/${encodeURIComponent(file.name)}`);
    request.upload.addEventListener('progress', (event) => onProgress(event.loaded));
    request.addEventListener('load', () => {
      if (request.status < 300) return resolve('');
      try { return resolve(JSON.parse(request.responseText).detail || `${file.name} was refused.`); } catch { return resolve(request.statusText); }
    });
    request.addEventListener('error', () => resolve(`${file.name}: the connection was lost. Send it again.`));
    request.send(file);
  });
}

export function begin(element, gradio) {
  draws(element, gradio);
  const status = make('div'); // outside of the form, which closes
  status.id = 'upload-status';
  status.setAttribute('role', 'status');
  const place = () => document.querySelector('#library-progress')?.before(status);

  async function upload(files) {
    if (!files.length) return;
    place();
    const total = files.reduce((sum, file) => sum + file.size, 0), refused = [];
    const line = make('p'), bar = make('progress'), panel = make('div', 'panel job');
    bar.max = Math.max(total, 1);
    bar.setAttribute('aria-label', 'Uploading');
    panel.append(line, bar);
    status.replaceChildren(panel);
    let batch, sent = 0;
    try {
      const reply = await fetch('/uploads', {method: 'POST'});
      if (!reply.ok) throw new Error((await reply.json()).detail);
      batch = (await reply.json()).batch;
    } catch (error) {
      status.replaceChildren(make('div', 'notice bad', `Nothing was uploaded. ${error.message}`));
      return;
    }
    for (const [index, file] of files.entries()) {
      line.textContent = `Uploading ${(index + 1).toLocaleString('en')} of ${files.length.toLocaleString('en')}: ${file.name}`;
      const reason = await put(batch, file, (loaded) => { bar.value = sent + loaded; });
      if (reason) refused.push(reason);
      sent += file.size;
      bar.value = sent;
    }
    status.replaceChildren();
    if (refused.length) {
      const more = refused.length > LONGEST ? ` And ${(refused.length - LONGEST).toLocaleString('en')} more were left out.` : '';
      const said = make('div', 'notice warn row', `${refused.slice(0, LONGEST).join(' ')}${more}`), shut = make('button', 'btn small quiet', '×');
      shut.setAttribute('aria-label', 'Close this message');
      shut.addEventListener('click', () => said.remove());
      said.append(shut);
      status.append(said);
    }
    if (refused.length < files.length) gradio.trigger('uploaded', {batch});
  }

  // Anywhere on the screen.
  dropZone('#screen-library', async (_zone, transfer) => upload(await filesOf(transfer)));
  document.addEventListener('change', ({target}) => {
    if (target.id !== 'upload-files') return;
    upload([...target.files]);
    target.value = '';
  });
}
