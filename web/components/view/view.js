// Draws a value by a template. What a value says is set as text or as one of a few attributes, never as HTML.
//   <template data-each="people">…</template>   its content once for each; inside, names are those of the one
//   data-if="name", data-unless="name"          there only if it has a value, or has none
//   data-text="name"                            its text
//   data-set="href=address; title=name"         attributes
//   <button data-do="rename" data-set="value=name">   the event `rename`, with {value}
// What is unfolded (`<details data-key="…">`) and what has the focus stay so.
// A name may be a path (`a.b`); `.` is the whole value.

const PLAIN = new Set(['alt', 'title', 'value', 'class', 'id', 'for', 'max', 'datetime', 'popovertarget', 'aria-label', 'aria-current', 'data-key', 'data-value', 'data-state', 'role']);
const ADDRESSES = new Set(['href', 'src']); // of this site alone

export function begin(element, {props, watch, trigger}) {
  const template = element.querySelector('template'), place = element.querySelector('[data-drawn]');
  const draw = () => {
    const focused = place.contains(document.activeElement) && document.activeElement.dataset.key;
    const unfolded = [...place.querySelectorAll('details[open][data-key]')].map((one) => one.dataset.key);
    place.replaceChildren(props.value ? drawn(template.content, props.value) : '');
    for (const one of place.querySelectorAll('details[data-key]')) one.open ||= unfolded.includes(one.dataset.key);
    if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
  };
  place.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-do]');
    if (!button) return;
    button.closest('[popover]')?.hidePopover();
    trigger(button.dataset.do, {value: button.value});
  });
  watch('value', draw);
  draw();
}

export function drawn(content, value) {
  const made = content.cloneNode(true);
  fill(made, value);
  return made;
}

function fill(node, value) {
  for (const child of [...node.children]) {
    const {each, if: needed, unless, text, set} = child.dataset;
    if ((needed && !there(at(value, needed))) || (unless && there(at(value, unless)))) {
      child.remove();
    } else if (each) {
      child.replaceWith(...(at(value, each) || []).map((one) => drawn(child.content, one)));
    } else {
      if (set) for (const pair of set.split(';')) put(child, ...pair.trim().split('='), value);
      if (text) child.textContent = at(value, text) ?? '';
      else fill(child.tagName === 'TEMPLATE' ? child.content : child, value);
    }
  }
}

const there = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

function at(value, path) {
  return path === '.' ? value : path.split('.').reduce((part, name) => part?.[name], value);
}

function put(element, attribute, path, value) {
  const found = at(value, path);
  if (found === undefined || found === null || found === '') return;
  if (ADDRESSES.has(attribute)) {
    if (new URL(found, location.href).origin === location.origin) element.setAttribute(attribute, found);
  } else if (PLAIN.has(attribute)) element.setAttribute(attribute, found);
  else throw new Error(`No template sets ${attribute}.`);
}
