// Menus that may be long: arrows go from one to the next, and where there is a box, what is typed leaves those that
// have all of its words in their name. Enter takes the first of them.

const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
const boxOf = (menu) => menu.querySelector('[data-filter]');
const itemsOf = (menu) => [...menu.querySelectorAll('[data-items] > :is(a, button)')];
const shownOf = (menu) => itemsOf(menu).filter((item) => !item.hidden);

function narrow(menu) {
  const words = plain(boxOf(menu).value).split(/\s+/).filter(Boolean);
  for (const item of itemsOf(menu)) {
    const name = plain(item.textContent);
    item.hidden = !words.every((word) => name.includes(word));
  }
  const none = menu.querySelector('[data-part=menu-none]');
  none.textContent = shownOf(menu).length ? '' : 'None is called so.';
}

// Opened, it is whole, and what one is at is in view.
document.addEventListener('toggle', (event) => {
  const menu = event.target;
  if (!menu.matches?.('[data-menu]') || event.newState !== 'open') return;
  if (boxOf(menu)) {
    boxOf(menu).value = '';
    narrow(menu);
  }
  menu.querySelector('[aria-current]')?.scrollIntoView({block: 'nearest'});
}, true);

document.addEventListener('input', (event) => {
  const menu = event.target.closest?.('[data-menu]');
  if (menu && event.target === boxOf(menu)) narrow(menu);
});

addEventListener('keydown', (event) => {
  const menu = event.target.closest?.('[data-menu]');
  if (!menu || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const box = boxOf(menu);
  const shown = shownOf(menu);
  const at = shown.indexOf(event.target);
  if (event.target !== box && at < 0) return; // another field of it
  const to = {ArrowDown: shown[at + 1], ArrowUp: shown[at - 1] || (at === 0 ? box : undefined)}[event.key];
  if (to || event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    to?.focus();
  } else if (event.key === 'Enter' && event.target === box) {
    event.preventDefault();
    if (box.value.trim()) shown[0]?.click();
  } else if (box && at >= 0 && event.key.length === 1 && event.key !== ' ') {
    box.focus(); // before the key is typed
  }
}, true); // on the window, where keys of a menu end: app.js
