// The menu, and the size of tiles, which this browser keeps.
import {begin as draws} from '../../components/view/view.js';

const KEPT = 'discern-tile';

export function begin(element, gradio) {
  const put = (size) => document.documentElement.style.setProperty('--tile', `${size}px`);
  const kept = () => localStorage.getItem(KEPT) || '130';
  const settle = () => { const slider = element.querySelector('[data-part=size]'); if (slider) slider.value = kept(); };
  draws(element, gradio);
  gradio.watch('value', () => queueMicrotask(settle));
  element.addEventListener('input', ({target}) => {
    if (target.dataset.part !== 'size') return;
    localStorage.setItem(KEPT, target.value);
    put(target.value);
  });
  put(kept());
  settle();
}
