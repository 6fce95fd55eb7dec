// Sends presses to the server in order, one at a time, and puts the answer's HTML into its areas. While a job runs it asks
// for progress; an answer that a press overtook is dropped. It loads before the page, so that no early press is lost.
(() => {
  const TOLD = 8000; // milliseconds that a message stays
  const tab = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join('');
  let memory = null;
  let wait = 0; // seconds until the next look, 0 for none
  let turn = Promise.resolve();
  const whole = new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve)); // the page
  let presses = 0;
  let timer = 0;
  let held = Promise.resolve(); // until what is being pressed is let go: a button replaced before would swallow the click

  async function ask(event) {
    let reply;
    try {
      reply = await fetch(location.pathname + location.search, {
        method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({...event, tab, memory}),
      });
    } catch {
      return {failure: 'The server can’t be reached. Try again.'};
    }
    if (reply.status === 401) location.reload(); // to where one logs in
    if (reply.ok) return reply.json();
    const problem = await reply.json().catch(() => ({}));
    return {failure: problem.detail || `The server answered ${reply.status}.`};
  }

  function put(told) {
    if ('memory' in told) memory = told.memory;
    if ('timer' in told) wait = told.timer;
    for (const [id, html] of Object.entries(told.areas || {})) {
      const area = document.getElementById(id), made = document.createElement('template');
      made.innerHTML = html;
      if (area && area.innerHTML !== made.innerHTML) area.replaceChildren(made.content); // unchanged areas keep what was typed
    }
    clearTimeout(timer);
    if (wait) timer = setTimeout(() => look(), wait * 1000);
  }

  // Where what was pressed is gone, the focus goes to what was said about it, which is then in sight.
  function arrive(pressed, areas = {}) {
    if (document.activeElement !== document.body || (pressed && document.getElementById(pressed))) return;
    const said = Object.keys(areas).map((id) => document.querySelector(`#${id} > .notice:only-child, #${id} > [aria-live] > .notice`)).find(Boolean);
    if (said) Object.assign(said, {tabIndex: -1}).focus();
  }

  function tell(words) {
    const toast = document.getElementById('toast');
    toast.textContent = words;
    toast.hidden = false;
    clearTimeout(tell.timer);
    tell.timer = setTimeout(() => { toast.hidden = true; }, TOLD);
  }

  function press(area, action, value, fields = {}) {
    const pressed = document.activeElement?.id;
    presses += 1;
    turn = Promise.all([turn, whole]).then(async () => {
      const told = await ask({event: 'press', area, action, value, fields});
      await held;
      if (told.failure) tell(told.failure);
      put(told);
      arrive(pressed, told.areas);
    });
  }

  async function look(event = 'tick') {
    const before = presses;
    const told = await ask({event});
    await held;
    if (before === presses) put(told);
    else turn.then(() => (event === 'tick' ? put({}) : look(event)));
  }

  document.addEventListener('labelled', () => look());

  const CLICKS = 50; // milliseconds within which a click follows on a finger lifted
  const ENDS = ['pointerup', 'pointercancel', 'contextmenu', 'blur']; // a menu or another window may keep the rest
  document.addEventListener('pointerdown', (event) => {
    if (event.button || !event.target.closest('button, a, summary, label')) return;
    held = new Promise((done) => {
      for (const end of ENDS) addEventListener(end, () => setTimeout(done, CLICKS), {once: true});
    });
  });

  // A button whose script is still on its way is pressed again once that has come.
  const early = new Set();
  document.addEventListener('click', ({target}) => early.add(target.closest('#labeller:not([data-ready]) [data-do]')));
  document.addEventListener('ready', () => { for (const button of early) button?.click(); });

  // Buttons are real <button>s and fields real <form>s: by mouse, touch or keyboard.
  document.addEventListener('click', (event) => {
    const target = event.target.closest('[data-action]:not(form)'), area = target?.closest('.area');
    if (area && !target.disabled) press(area.id, target.dataset.action, target.dataset.value || '');
  });
  document.addEventListener('submit', (event) => {
    const form = event.target.closest('form[data-action]'), area = form?.closest('.area');
    if (!area) return;
    event.preventDefault();
    press(area.id, form.dataset.action, form.dataset.value || '', Object.fromEntries(new FormData(form, event.submitter)));
    for (const secret of form.querySelectorAll('input[type=password]')) secret.value = '';
  });

  document.addEventListener('DOMContentLoaded', () => {
    const page = document.querySelector('main.page').dataset;
    put({memory: JSON.parse(page.memory), timer: Number(page.timer)});
    if ('follows' in page) look('opened');
  });
})();
