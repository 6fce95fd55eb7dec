// What is known of the picture that is selected in a grid, and buttons that label it as a key in the grid would.
import {begin as draws} from './view.js';
import {openPicture} from '/web/components/viewer/open.js';

export function begin(element, {props, watch, trigger}) {
  draws(element, {props, watch, trigger});
  const grid = () => document.querySelector(`#${CSS.escape(props.value.grid)} .picture-grid`);
  element.addEventListener('click', (event) => {
    const say = event.target.closest('[data-say]'), large = event.target.closest('[data-large]');
    if (say) grid()?.dispatchEvent(new CustomEvent('mark', {bubbles: true, detail: {ids: [props.value.id], value: say.value}}));
    if (large) openPicture({id: large.value, ids: [large.value], inView: !props.value.blind});
  });
  // What was said shows once one has labelled, though nothing is selected by then.
  addEventListener('labelled', ({detail}) => {
    const here = element.closest('.tabitem')?.checkVisibility() ?? true;
    if (here && detail.concept === new URLSearchParams(location.search).get('concept')) trigger('labelled', {ids: detail.ids});
  });
}
