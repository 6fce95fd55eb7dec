// One picture after the other. The next is decoded before it is needed, and a label is sent behind it.
const AHEAD = 5;

export class Deck {
  constructor(element, {props, watch, trigger}) {
    this.element = element;
    this.trigger = trigger;
    this.part = (name) => element.querySelector(`[data-part="${name}"]`);
    this.pictures = [];
    this.images = new Map();
    this.waiting = [];
    const ends = new AbortController();
    document.addEventListener('keydown', (event) => {
      if (!element.isConnected) return ends.abort();
      if (element.checkVisibility()) this.key(event);
    }, {signal: ends.signal});
    this.concept = new URLSearchParams(location.search).get('concept');
    this.more();
  }

  async more() {
    if (this.asking) return;
    this.asking = true;
    const query = new URLSearchParams({concept: this.concept});
    for (const one of this.pictures) query.append('have', one.id);
    const found = await (await fetch(`/app/answers?${query}`)).json();
    this.asking = false;
    this.take(found);
  }

  take({upcoming}) {
    const known = new Set(this.pictures.map((one) => one.id));
    this.pictures.push(...upcoming.pictures.filter((one) => !known.has(one.id) && !this.done?.has(one.id)));
    this.ahead();
    if (!this.shown && this.pictures.length) this.show();
    if (upcoming.thinking && this.pictures.length < AHEAD) setTimeout(() => this.more(), 250);
  }

  ahead() {
    for (const one of this.pictures.slice(0, AHEAD)) {
      if (this.images.has(one.id)) continue;
      const image = new Image();
      image.src = `/media/thumbnail/${one.id}`;
      image.dataset.picture = one.id;
      image.decode().catch(() => {});
      this.images.set(one.id, image);
    }
  }

  show() {
    this.shown = this.pictures[0];
    const image = this.shown && this.images.get(this.shown.id);
    this.part('stage').replaceChildren(...(image ? [image] : []));
  }

  key(event) {
    const value = {y: 'yes', n: 'no', u: 'unsure', s: 'skip'}[event.key];
    if (!value || !this.shown) return;
    const picture = this.pictures.shift();
    (this.done ||= new Set()).add(picture.id);
    this.images.delete(picture.id);
    this.show();
    this.waiting.push({concept: this.concept, picture: picture.id, value, key: crypto.randomUUID()});
    this.send();
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
    this.sending = true;
    const body = {...this.waiting[0], have: this.pictures.map((one) => one.id)};
    const reply = await fetch('/app/answers', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
    this.waiting.shift();
    this.sending = false;
    this.part('saved').textContent = this.waiting.length ? 'saving…' : 'saved';
    this.take(await reply.json());
    this.send();
  }
}
