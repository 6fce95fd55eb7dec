// A box for a comment on one picture among many, or on several of them, and what was written in a box and is not kept yet: who leaves one
// finds it there again.
import {element} from './elements.js';

const name = (concept, id) => `discern:comment:${id}:${concept}`;

export const drafts = {
  of(concept, id) {
    return sessionStorage.getItem(name(concept, id));
  },
  // What is written is as what is kept: there is none.
  keep(concept, id, text, before) {
    try {
      if (text.trim() === before) sessionStorage.removeItem(name(concept, id));
      else sessionStorage.setItem(name(concept, id), text);
    } catch { /* full or forbidden: it is lost with the box */ }
  },
};

function button(words, key, style, press) {
  const made = element('button', `btn small ${style}`, key ? `${words} ` : words);
  if (key) made.append(element('kbd', '', key));
  made.addEventListener('click', press);
  return made;
}

// `keep(text)` is called for what differs from `before`; an empty text takes that back. `of`: on how many pictures,
// of which `picture` is shown.
export function writeComment({concept, picture, before, keep, tell, of = 1}) {
  const about = of > 1 ? 'several' : picture.id; // what a draft is kept for
  const dialog = element('dialog', 'comment-box');
  dialog.setAttribute('aria-label', `Comment for “${concept}”`);
  const area = element('textarea');
  Object.assign(area, {id: 'comment-box-text', rows: 4, maxLength: 2000, value: drafts.of(concept, about) ?? before});
  const label = element('label', '', `Your comment for “${concept}”${of > 1 ? `, on each of ${of} pictures` : ''}`);
  label.htmlFor = area.id;
  let done = false;
  const finish = (text) => {
    done = true;
    drafts.keep(concept, about, before, before);
    dialog.close();
    if (text !== before) keep(text);
  };
  const buttons = element('div', 'row');
  buttons.append(button('Save', '⏎', 'primary', () => finish(area.value.trim())));
  if (before) buttons.append(button('Delete', '', '', () => finish('')));
  buttons.append(button('Cancel', 'Esc', '', () => dialog.close()));
  const note = element('p', 'soft', drafts.of(concept, about) === null ? '' : 'Not saved yet.');
  const look = element('div', 'look');
  const shown = new Image();
  shown.alt = '';
  shown.src = picture.src;
  look.append(shown);
  dialog.append(look, label, area, note, buttons);
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    finish(area.value.trim());
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (done) return;
    drafts.keep(concept, about, area.value, before);
    if (drafts.of(concept, about) !== null) tell('Your comment is not saved yet. C brings it back.');
  });
  document.body.append(dialog);
  dialog.showModal();
  area.focus();
}

// The line at a picture or concept that says what this person wrote of it.
export function drawRemark(place, text, style = 'own-remark') {
  let line = place.querySelector(`:scope > .${style}`);
  if (!text) { line?.remove(); return; }
  if (!line) place.append(line = element('span', style));
  line.textContent = `“${text}”`;
  line.title = text;
}
