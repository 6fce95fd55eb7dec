// What a concept is answered by: yes and no, or its grades or classes. Keys, words, marks and tones of answers.
import {MARKS} from './elements.js';

const WORDS = {yes: 'counts', no: 'doesn’t', unsure: 'unsure', skip: 'skipped'};
const SAID = {yes: 'counts', no: 'doesn’t count', unsure: 'unsure', '': 'unlabelled'};
const NONE = 'none';
const NONE_IN_WORDS = 'none of these';

const REASONS = {
  graded: {borderline: 'Your labels so far leave its grade open.', likely: 'It looks like what you described.'},
  classes: {borderline: 'Your labels so far leave open which of these it is.', likely: 'It looks like what you described.'},
};

export class Scale {
  // As `ScaleView` writes it, or nothing for yes and no.
  constructor(text) {
    const {kind = 'yes or no', words = [], counts_from: from = 0, names = []} = text ? JSON.parse(text) : {};
    Object.assign(this, {kind, from, names});
    this.own = kind !== 'yes or no'; // whether there are grades or classes
    this.values = this.own ? [...words, ...(kind === 'classes' ? [NONE] : [])] : ['yes', 'no'];
    this.keys = Object.fromEntries(this.own ? this.values.map((value) => [this.key(value), value]) : [['y', 'yes'], ['n', 'no']]);
    Object.assign(this.keys, {u: 'unsure'});
    this.isYes = {graded: `is ${from} or more`, classes: 'is one of these'}[kind] || 'counts';
    this.reasons = REASONS[kind] || {}; // why a picture is asked about, where that is another than for yes and no
  }

  key(value) {
    return value === NONE ? '0' : String((this.values.indexOf(value) + 1) % 10); // 0 for the tenth grade
  }

  // yes, no, unsure, skip or '': what an answer comes down to.
  tone(value) {
    if (!this.own || !this.values.includes(value)) return value;
    if (this.kind === 'graded') return Number(value) >= this.from ? 'yes' : 'no';
    return value === NONE ? 'no' : 'yes';
  }

  name(value) {
    if (value === NONE) return NONE_IN_WORDS;
    if (this.kind !== 'graded') return value;
    const name = this.names[this.values.indexOf(value)];
    return `${value} of ${this.values.length}${name ? `, ${name}` : ''}`;
  }

  words(value) {
    return this.own && this.values.includes(value) ? this.name(value) : WORDS[value] || value;
  }

  said(value) {
    return this.own && this.values.includes(value) ? this.name(value) : SAID[value] ?? value;
  }

  mark(value) {
    return this.own && this.values.includes(value) ? this.name(value) : MARKS[value] ?? value;
  }

  // How the answers are spread, in words.
  balance(...counts) {
    const [yes, no] = counts.map((count) => count.toLocaleString('en'));
    if (this.kind === 'graded') return [`${yes} at ${this.from} or more`, `${no} below`];
    return this.kind === 'classes' ? [`${yes} one of these`, `${no} none`] : [`${yes} count`, `${no} don’t`];
  }
}
