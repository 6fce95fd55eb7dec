// What a person did and the server has not confirmed yet. It is kept in localStorage until it is, sent in
// order, one at a time, and again after a failure: every item has a key that makes a repeat harmless.

const KEPT_UNDER = 'discern:unsaved:';
const LONGEST_WAIT = 10000;
const SAVED = 'discern:saved';

// Whether the page before saved something after this one was asked for. Said once: a clock may have been set back.
export const savedMeanwhile = Number(sessionStorage.getItem(SAVED)) > performance.timeOrigin;
if (savedMeanwhile) sessionStorage.removeItem(SAVED);

export class Outbox {
  // handlers: {have(), saved(item, response), refused(item, reason), changed(count, failure)}
  // Each kind of page keeps its own items: nobody else knows what their responses mean.
  constructor(handlers, keptUnder = KEPT_UNDER) {
    this.handlers = handlers;
    this.keptUnder = keptUnder;
    this.failure = '';
    this.wait = 1000;
    this.items = Object.keys(localStorage)
      .filter((name) => name.startsWith(keptUnder)).sort()
      .map((name) => ({...JSON.parse(localStorage.getItem(name)), name}));
    addEventListener('online', () => this.retry());
    if (this.items.length) this.pump();
  }

  // kind: the path below /app/answers ('' for one answer). Returns the key.
  add(kind, body) {
    const key = crypto.randomUUID ? crypto.randomUUID() : randomKey();
    const name = `${this.keptUnder}${String(Date.now()).padStart(15, '0')}:${String(counter++).padStart(6, '0')}:${key}`;
    const item = {kind, body: {...body, key}};
    try { localStorage.setItem(name, JSON.stringify(item)); } catch { /* full or forbidden: memory has it */ }
    this.items.push({...item, name});
    this.handlers.changed(this.items.length, this.failure);
    this.pump();
    return key;
  }

  retry() {
    this.wait = 1000;
    clearTimeout(this.timer);
    this.pump();
  }

  async pump() {
    if (this.sending || !this.items.length) return;
    this.sending = true;
    const item = this.items[0];
    const outcome = await post(`/app/answers${item.kind}`, {...item.body, have: this.handlers.have()});
    this.sending = false;
    if (outcome.failure) return this.failed(outcome.failure);
    this.items.shift();
    localStorage.removeItem(item.name);
    sessionStorage.setItem(SAVED, Date.now());
    this.failure = '';
    this.wait = 1000;
    this.handlers.changed(this.items.length, '');
    if (outcome.refusal) this.handlers.refused(item, outcome.refusal);
    else this.handlers.saved(item, outcome.response);
    this.pump();
  }

  failed(reason) {
    this.failure = reason;
    this.handlers.changed(this.items.length, reason);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pump(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}

let counter = 0;

// {response}, {failure}: worth trying again, or {refusal}: never will be.
async function post(path, body) {
  let reply;
  try {
    reply = await fetch(path, {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
      keepalive: true, signal: AbortSignal.timeout(15000),
    });
  } catch {
    return {failure: 'The server can’t be reached.'};
  }
  if (reply.redirected || reply.status === 401) return {failure: 'You are signed out. Sign in again in another tab.'};
  if (reply.ok) return {response: await reply.json()};
  const problem = await details(reply);
  const reason = problem.detail;
  const forbidden = problem.type?.endsWith('#not-permitted'); // their role: trying again is no use
  const temporary = !forbidden && (reply.status >= 500 || [403, 408, 421, 429].includes(reply.status));
  return temporary ? {failure: reason} : {refusal: reason};
}

export async function get(path) {
  const reply = await fetch(path, {signal: AbortSignal.timeout(30000)});
  if (!reply.ok) throw new Error(await words(reply));
  return reply.json();
}

export async function put(path, body) {
  const reply = await fetch(path, {
    method: 'PUT', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body), signal: AbortSignal.timeout(15000),
  });
  if (!reply.ok) throw new Error(await words(reply));
}

async function words(reply) {
  return (await details(reply)).detail;
}

async function details(reply) {
  try {
    const problem = await reply.json();
    if (typeof problem.detail === 'string') return problem;
  } catch { /* not JSON: the status says enough */ }
  return {detail: `The server answered ${reply.status}.`};
}

// Without https or localhost there is no randomUUID.
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}
