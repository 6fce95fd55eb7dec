// The verdict, with a bar for each of its figures: its range, and a line where it stands.
import {begin as draws} from '/web/components/view/view.js';

export function begin(element, {props, watch, trigger}) {
  const bars = () => {
    for (const bar of element.querySelectorAll('[data-drawn] .measure')) {
      const [low, high] = (bar.dataset.state || '').split(' ').map(Number);
      if (!bar.dataset.state) continue;
      const range = document.createElement('i');
      Object.assign(range.style, {left: `${low}%`, width: `${high - low}%`});
      bar.replaceChildren(range);
      if (!bar.dataset.value) continue;
      const mark = document.createElement('b');
      mark.style.left = `${bar.dataset.value}%`;
      bar.append(mark);
    }
  };
  draws(element, {props, watch, trigger});
  watch('value', bars);
  bars();
}
