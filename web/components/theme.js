// Light, dark or system. The choice is in a cookie of this browser; other tabs follow at once.
const NAME = 'discern-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const tabs = new BroadcastChannel('discern:theme');
const chosen = () => document.cookie.match(/(?:^|; )discern-theme=(light|dark)/)?.[1] || '';

function show() {
  const theme = chosen();
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  document.body.classList.toggle('dark', theme ? theme === 'dark' : system.matches);
}

addEventListener('theme', ({detail: theme}) => {
  const of = ['light', 'dark'].includes(theme) ? theme : '';
  document.cookie = `${NAME}=${of}; path=/; max-age=${of ? 31536000 : 0}; samesite=lax`;
  show();
  tabs.postMessage(of);
});
tabs.addEventListener('message', show);
system.addEventListener('change', show);
show();
