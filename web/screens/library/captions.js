// Captions and columns of a file, kept with the pictures that it names.
import {element as make} from '../../components/elements.js';
import {number} from '../../components/elsewhere.js';
import {begin as draws} from '../../components/view/view.js';

const ROWS = 5; // that can't be used, as they are told

function left({bad, unknown_pictures: unknown, bad_rows: rows}) {
  const named = rows.filter(({reason}) => !reason.startsWith('no picture of the library')).slice(0, ROWS);
  const reasons = named.map(({row, reason}) => `row ${row}: ${reason}`).join('; ');
  return [
    unknown ? `${number(unknown, 'row')} name no picture in this library.` : '',
    bad > unknown ? `${number(bad - unknown, 'row')} can’t be used: ${reasons}${bad - unknown > named.length ? '; …' : ''}.` : '',
  ].filter(Boolean).join(' ');
}

export function begin(element, gradio) {
  draws(element, gradio);
  const said = make('div');
  said.setAttribute('role', 'status');
  element.append(said);
  const tell = (kind, text) => said.replaceChildren(make('div', `notice ${kind}`, text));
  element.addEventListener('change', async ({target}) => {
    if (target.id !== 'captions-file' || !target.files.length) return;
    const [file] = target.files;
    target.value = '';
    tell('', `Reading ${file.name}…`);
    try {
      const reply = await fetch(`/api/v1/library/captions?${new URLSearchParams({file: file.name})}`, {method: 'POST', body: file});
      const body = await reply.json();
      if (!reply.ok) throw new Error(body.detail || reply.statusText);
      const names = Object.keys(body.columns).join(', ');
      tell('good', `${number(body.kept, 'value')} kept, of ${number(body.pictures, 'picture')}: ${names || 'no columns'}. ${left(body)}`);
    } catch (error) {
      tell('bad', `${error.message} Nothing was kept.`);
    }
  });
}
