// Elements the scripts of the screens make.

// How a tile says what was answered.
export const MARKS = {yes: '✓ counts', no: '✗ doesn’t', unsure: '? unsure', '': ''};

export function image(address, picture) {
  const made = new Image();
  made.src = address;
  made.alt = `Picture ${(picture.path || '').split('/').pop() || ''}`.trim();
  made.dataset.picture = picture.id;
  made.draggable = false;
  return made;
}

export function element(tag, style = '', text = '') {
  const made = document.createElement(tag);
  if (style) made.className = style;
  if (text) made.textContent = text;
  return made;
}

// Calls `settle` after the page's content has changed, once a frame at most.
export function afterChanges(settle) {
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; settle(); });
  }).observe(document.documentElement, {childList: true, subtree: true});
}
