// Elements that scripts make.

// How a tile says what was answered.
export const MARKS = {yes: '✓ counts', no: '✗ doesn’t', unsure: '? unsure', '': ''};

// Where an image is drawn in its element, which it may not fill: as styles of what lies over it.
export function shownAt(img) {
  const scale = Math.min(img.offsetWidth / img.naturalWidth, img.offsetHeight / img.naturalHeight);
  const width = img.naturalWidth * scale, height = img.naturalHeight * scale;
  const left = img.offsetLeft + (img.offsetWidth - width) / 2, top = img.offsetTop + (img.offsetHeight - height) / 2;
  return {left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`};
}

export function element(tag, style = '', text = '') {
  const made = document.createElement(tag);
  if (tag === 'button') made.type = 'button'; // which sends no form
  if (style) made.className = style;
  if (text) made.textContent = text;
  return made;
}

// Where files may be dropped. `take(zone, transfer)` gets those that are.
export function dropZone(selector, take) {
  const zoneOf = (event) => event.target.closest?.(selector);
  document.addEventListener('dragover', (event) => {
    if (!zoneOf(event)) return;
    event.preventDefault();
    zoneOf(event).classList.add('over');
  });
  document.addEventListener('dragleave', (event) => zoneOf(event)?.classList.remove('over'));
  document.addEventListener('drop', (event) => {
    const zone = zoneOf(event);
    if (!zone) return;
    event.preventDefault();
    zone.classList.remove('over');
    take(zone, event.dataTransfer);
  });
}
