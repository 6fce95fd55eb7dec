// The Review screen: filters apply as they are chosen, and keys answer the card that has the focus.

document.addEventListener('change', (event) => {
  if (event.target.matches?.('select[data-submit]')) event.target.form.requestSubmit();
});

const KEYS = {y: 'yes', n: 'no', u: 'unsure'};

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest('input, textarea, select')) return;
  const cards = [...document.querySelectorAll('.review-card')];
  if (!cards.length) return;
  const card = event.target.closest('.review-card');
  const key = event.key.toLowerCase();
  if (key === 'j' || key === 'k') {
    const at = cards.indexOf(card) + (key === 'j' ? 1 : -1);
    cards[Math.min(Math.max(at, 0), cards.length - 1)].querySelector('.answers button').focus();
  } else if (card && key in KEYS) {
    card.querySelector(`[data-action="${KEYS[key]}"], [data-action="seen-${KEYS[key]}"]`)?.click();
  }
});
