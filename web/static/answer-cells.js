// Groups of buttons, one a concept and picture; the pressed one is what this person says. Side by side has many
// pictures with a few concepts, a picture's own page one picture with all of them.
import {elsewhere} from './elsewhere.js';
import {Scale} from './scale.js';

export const cellOf = (target) => target.closest?.('.cell[data-concept]');
export const idOf = (cell) => cell.closest('[data-picture]').dataset.picture;
const nameOf = (cell) => cell.dataset.concept;
export const scaleOf = (cell) => new Scale(cell.dataset.scale);

// A group can be reached by Tab once; where nothing is pressed, at its first button.
export function draw(cells) {
  for (const cell of cells) {
    const value = elsewhere.said(nameOf(cell), idOf(cell));
    const buttons = [...cell.querySelectorAll('[data-answer]')];
    const pressed = buttons.find((button) => button.dataset.answer === value);
    for (const button of buttons) {
      button.setAttribute('aria-pressed', String(button === pressed));
      button.tabIndex = button === (pressed || buttons[0]) ? 0 : -1;
    }
    cell.dataset.said = value;
  }
}

// All of these return what is said of it.
export function say(cell, value) {
  elsewhere.say(nameOf(cell), [idOf(cell)], value);
  return `${nameOf(cell)}: ${scaleOf(cell).words(value)}.`;
}

export function takeBack(cell) {
  return elsewhere.takeBack(nameOf(cell), idOf(cell)) ? `${nameOf(cell)}: taken back.` : `${nameOf(cell)}: there is nothing to take back.`;
}

// Pressing what is pressed takes it back.
export function press(cell, value) {
  return elsewhere.said(nameOf(cell), idOf(cell)) === value ? takeBack(cell) : say(cell, value);
}

export function focusOn(cell, options) {
  (cell?.querySelector('[tabindex="0"]') || cell?.querySelector('[data-answer]'))?.focus(options);
}
