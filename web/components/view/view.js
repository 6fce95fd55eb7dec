// Draws a value by a template. What a value says is set as text or as one of a few attributes, never as HTML.
//   <template data-each="people">…</template>   its content once for each; inside, names are those of the one
//   data-if="name", data-unless="name"          there only if it has a value, or has none
//   data-text="name"                            its text
//   data-set="href=address; title=name"         attributes
//   <button data-do="rename" data-set="value=name">   the event `rename`, with {value}
//   <form data-do="edit" data-set="data-value=id">    the event `edit`, with {value} and what its fields say
//   <details data-set="data-key=id">                  stays open while other values are drawn
// A value with `asked_at`, in seconds, is not drawn over one that was asked for later: the event `late`, if declared.
// A name may be a path (`a.b`); `.` is the whole value.

const PLAIN = new Set(['alt', 'title', 'value', 'class', 'id', 'for', 'max', 'datetime', 'popovertarget', 'aria-label', 'aria-current', 'data-key', 'data-value', 'data-state', 'role', 'data-id', 'selected', 'checked', 'name', 'aria-pressed', 'aria-labelledby', 'accept', 'stroke-dasharray']);
const ADDRESSES = new Set(['href', 'src']); // of this site alone

export function begin(element, {props, watch, trigger, events = []}) {
  const template = element.querySelector('template'), place = element.querySelector('[data-drawn]');
  const stops = () => [...place.querySelectorAll('a[href], button, summary, input, select, textarea')];
  let newest = {asked_at: -Infinity};
  const draw = () => {
    // Answers may arrive out of order.
    if (props.value?.asked_at < newest.asked_at) {
      props.value = newest;
      return events.includes('late') && trigger('late');
    }
    if (props.value?.asked_at) newest = props.value;
    const open = new Map([...place.querySelectorAll('details[data-key]')].map((one) => [one.dataset.key, one.open]));
    const at = stops().indexOf(document.activeElement), key = document.activeElement?.dataset.key;
    place.replaceChildren(props.value ? drawn(template.content, props.value) : '');
    for (const one of place.querySelectorAll('details[data-key]')) one.open = open.get(one.dataset.key) ?? one.open;
    if (at < 0) return;
    // The focus stays with the same button, else in the same place.
    const now = stops(), stop = (key && now.find((one) => one.dataset.key === key)) || now[Math.min(at, now.length - 1)];
    (stop?.closest('details:not([open])')?.querySelector('summary') || stop)?.focus({preventScroll: true});
  };
  place.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-do]');
    if (!button || event.detail > 1) return; // a double-click is one press
    button.closest('[popover]')?.hidePopover();
    trigger(button.dataset.do, {value: button.value});
  });
  // A key that is held is one press.
  place.addEventListener('keydown', (event) => { if (event.repeat && event.target.closest('button[data-do]')) event.preventDefault(); });
  place.addEventListener('submit', (event) => {
    const form = event.target;
    event.preventDefault();
    const editor = form.closest('details');
    editor?.querySelector('summary').focus();
    editor?.removeAttribute('open');
    trigger(form.dataset.do, {...Object.fromEntries(new FormData(form, event.submitter)), value: form.dataset.value});
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
