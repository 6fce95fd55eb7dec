// Marks in the grid that are not saved yet: whoever leaves them is asked, and a reload keeps them.

export class Unsaved {
  constructor(grid) {
    const {labeller} = grid;
    this.grid = grid;
    this.dialog = labeller.part('unsaved');
    this.words = labeller.part('unsaved-words');
    this.name = `discern:marks:${labeller.root.dataset.person}:${labeller.concept}`;
    addEventListener('beforeunload', (event) => { if (this.count) event.preventDefault(); });
    document.addEventListener('click', (event) => this.link(event), true);
  }

  get count() {
    return this.grid.labeller.root.isConnected ? this.grid.marked() : 0;
  }

  // Does it, once the marks are saved or dropped; not at all where the person stays.
  ask(then) {
    if (!this.count) return then();
    this.then = then;
    this.words.textContent = this.count === 1 ? '1 mark is not saved' : `${this.count} marks are not saved`;
    this.dialog.showModal();
    this.dialog.querySelector('[data-do="save-marks"]').focus();
  }

  // True where the key was for the question.
  key(event) {
    if (!this.dialog.open) return false;
    const action = {s: 'save-marks', d: 'drop-marks'}[event.key.toLowerCase()];
    if (action) {
      event.preventDefault();
      this.answer(action);
    }
    return true;
  }

  answer(action) {
    this.dialog.close();
    if (action === 'save-marks') this.grid.save({whole: false});
    if (action === 'drop-marks') this.grid.drop();
    if (action !== 'stay') this.then();
  }

  link(event) {
    const link = event.target.closest?.('a[href]');
    const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || elsewhere || link.target || !this.count) return;
    event.preventDefault();
    event.stopPropagation();
    this.ask(() => location.assign(link.href));
  }

  keep(state) {
    try {
      if (this.count) sessionStorage.setItem(this.name, JSON.stringify(state));
      else sessionStorage.removeItem(this.name);
    } catch { /* full or forbidden: leaving still asks */ }
  }

  // The mode that such marks are of.
  mode() {
    const kept = this.recall();
    return kept && (kept.order === 'wall' ? 'sheet' : 'grid');
  }

  // What an earlier page of this tab kept, or null.
  recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(this.name));
      return Array.isArray(kept?.pictures) && Array.isArray(kept.values) ? kept : null;
    } catch {
      return null;
    }
  }
}
