// Comments on the Label screen: what was written before, and the box that changes it or takes it back.
import {drafts} from '../../components/comments.js';
import {element} from '../../components/elements.js';

export class Comments {
  constructor(labeller) {
    this.labeller = labeller;
    this.form = labeller.part('comment');
    this.area = this.form.querySelector('textarea');
    this.remarks = new Map(); // picture id → [{author, text, own}]
    this.form.addEventListener('submit', (event) => { event.preventDefault(); this.keep(this.area.value.trim()); });
    this.form.addEventListener('keydown', (event) => this.key(event));
  }

  // What the server says of some pictures; of one whose comment is still on its way this page knows more.
  know(remarks) {
    const onTheirWay = new Set(this.labeller.outbox.items.filter((item) => item.about.kind === 'comment').map((item) => item.about.picture));
    for (const [id, said] of Object.entries(remarks || {})) if (!onTheirWay.has(id)) this.remarks.set(id, said);
  }

  own(id) {
    return (this.remarks.get(id) || []).filter((said) => said.own).map((said) => said.text).join('\n');
  }

  setOwn(id, text) {
    const others = (this.remarks.get(id) || []).filter((said) => !said.own);
    this.remarks.set(id, text ? [...others, {text, own: true}] : others);
  }

  // A picture that is asked about a second time is asked like a new one: an earlier comment would tell the label.
  isHidden(picture) {
    return Boolean(picture.repeat) && this.labeller.at === null && picture === this.labeller.pictures[0];
  }

  // Other people's only where the picture is labelled.
  show(picture) {
    const list = this.labeller.part('remarks');
    const answered = this.labeller.at !== null;
    const said = !picture || this.isHidden(picture) ? [] : (this.remarks.get(picture.id) || []).filter((one) => one.own || answered);
    list.replaceChildren(...said.map(({author, text, own}) => {
      const line = element('li', 'remark');
      line.append(element('b', '', own ? 'You: ' : `${author}: `), text);
      return line;
    }));
    list.hidden = !said.length || !this.form.hidden;
  }

  open(picture) {
    if (!picture || picture.batch) return;
    const {labeller} = this;
    this.about = {picture, hidden: this.isHidden(picture)};
    const before = this.about.hidden ? '' : this.own(picture.id);
    const words = picture === labeller.last && labeller.at === null ? 'Comment on your last label' : 'Comment';
    labeller.part('comment-about').textContent = before ? 'Your comment' : words;
    this.form.querySelector('[data-do="drop-comment"]').hidden = !before;
    this.form.hidden = false;
    labeller.part('remarks').hidden = true;
    this.area.value = drafts.of(labeller.concept, picture.id) ?? before;
    this.area.focus();
  }

  // What is written and not kept is there again when the box is opened next.
  close() {
    const {picture, hidden} = this.about || {};
    const before = picture && !hidden ? this.own(picture.id) : '';
    if (picture && !this.form.hidden) {
      drafts.keep(this.labeller.concept, picture.id, this.area.value, before);
      if (drafts.of(this.labeller.concept, picture.id) !== null) this.labeller.say('Comment not saved yet. C brings it back.');
    }
    this.form.hidden = true;
    this.area.value = '';
    this.area.blur(); // a hidden field keeps the keys until the next frame
    this.show(this.labeller.current());
  }

  keep(text) {
    const {labeller, about: {picture, hidden}} = this;
    this.area.value = text; // as it is kept, there is no more of it
    const before = hidden ? '' : this.own(picture.id);
    if (text !== before) {
      labeller.comment(picture.id, text, hidden);
      if (!hidden) this.setOwn(picture.id, text);
      labeller.say(text ? 'Comment saved.' : 'Comment removed.');
      labeller.showLast();
    }
    this.close();
  }

  key(event) {
    if (event.key === 'Escape') this.close();
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.target === this.area) {
      event.preventDefault();
      this.keep(this.area.value.trim());
    }
  }
}
