// What a person did and the server has not confirmed yet. It is kept in localStorage until it is, sent in order, one
// at a time, and again after a failure: every request has a key that makes a repeat harmless.

const LONGEST_WAIT = 10000;
const TEMPORARY = [401, 408, 421, 429, 503];

export class Outbox {
  // handlers: {saved(item, answer), refused(item, reason), changed(count, failure)}
  // keptUnder: each kind of page keeps its own, as nobody else knows what the answers mean.
  constructor(handlers, keptUnder) {
    Object.assign(this, {handlers, keptUnder, failure: '', wait: 1000});
    this.items = Object.keys(localStorage)
      .filter((name) => name.startsWith(keptUnder)).sort()
      .map((name) => ({...JSON.parse(localStorage.getItem(name)), name}));
    addEventListener('online', () => this.retry());
    if (this.items.length) this.pump();
  }

  // about: what the handlers need to know of it. Returns the key.
  add(method, address, body, about = {}) {
    const key = newKey();
    const name = `${this.keptUnder}${String(Date.now()).padStart(15, '0')}:${String(counter++).padStart(6, '0')}:${key}`;
    const item = {method, address, body, about, key};
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
    const outcome = await send(item);
    this.sending = false;
    if (outcome.failure) return this.failed(outcome.failure);
    this.items.shift();
    localStorage.removeItem(item.name);
    this.failure = '';
    this.wait = 1000;
    this.handlers.changed(this.items.length, '');
    if (outcome.refusal) this.handlers.refused(item, outcome.refusal);
    else this.handlers.saved(item, outcome.answer);
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

// {answer}, {failure}: worth trying again, or {refusal}: never will be.
async function send({method, address, body, key}) {
  let reply;
  try {
    reply = await fetch(address, {
      method, headers: {'Content-Type': 'application/json', 'Idempotency-Key': key}, body: JSON.stringify(body),
      keepalive: true, signal: AbortSignal.timeout(15000),
    });
  } catch {
    return {failure: 'Discern isn’t running.'};
  }
  if (reply.redirected || reply.status === 401) return {failure: 'You are signed out. Sign in again in another tab.'};
  if (reply.ok) return {answer: reply.status === 204 ? null : await reply.json()};
  const problem = await details(reply);
  const temporary = reply.status >= 500 || TEMPORARY.includes(reply.status);
  return temporary ? {failure: problem} : {refusal: problem};
}

// What an address of this site answers. Raises `Error` with the reason.
export async function get(address) {
  const reply = await fetch(address, {signal: AbortSignal.timeout(30000)});
  if (!reply.ok) throw new Error(await details(reply));
  return reply.json();
}

export async function put(address, body) {
  const headers = {'Content-Type': 'application/json', 'Idempotency-Key': newKey()};
  const reply = await fetch(address, {method: 'PUT', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(15000)});
  if (!reply.ok) throw new Error(await details(reply));
}

async function details(reply) {
  try {
    const {detail} = await reply.json();
    if (typeof detail === 'string') return detail;
  } catch { /* not JSON: the status says enough */ }
  return `The server answered ${reply.status}.`;
}

// Without https or localhost there is no randomUUID.
function newKey() {
  return crypto.randomUUID?.() || Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
}
