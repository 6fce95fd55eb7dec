// A dialog that opens when it gets a value, with texts to copy.
import {begin as draws} from '/web/components/view/view.js';

export function begin(element, gradio) {
  draws(element, gradio);
  gradio.watch('value', () => queueMicrotask(() => element.querySelector('dialog')?.showModal()));
  element.addEventListener('click', async ({target}) => {
    if (target.closest('[data-closes]') || target.matches('dialog')) element.querySelector('dialog').close();
    const button = target.closest('[data-copies]');
    if (!button) return;
    const code = button.parentElement.querySelector('code');
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch { // without https there is no clipboard
      getSelection().selectAllChildren(code);
    }
  });
}
