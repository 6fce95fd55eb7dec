// Wordings, and a form over each to edit it first.
import {begin as draws} from '/web/components/view/view.js';
import {openPicture} from '/web/components/viewer/open.js';

export function begin(element, {props, watch, trigger}) {
  draws(element, {props, watch, trigger});
  element.addEventListener('submit', (event) => {
    const form = event.target.closest('.edit-wording');
    if (!form) return;
    event.preventDefault();
    trigger('edited', {wording: form.dataset.key, criteria: [...form.querySelectorAll('input')].map(({value}) => value)});
  });
  element.addEventListener('click', (event) => {
    const picture = event.target.closest('[data-large]');
    if (!picture) return;
    const ids = [...picture.parentElement.children].map(({value}) => value);
    openPicture({id: picture.value, ids, inView: true});
  });
}
