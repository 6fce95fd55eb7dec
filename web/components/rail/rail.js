// The way from screen to screen of one page: the address, the tab, and the event that fills it.
import {begin as draws} from '../view/view.js';

const LONGEST = 1500; // milliseconds

export function begin(element, {props, watch, trigger}) {
  const screenOf = (address) => props.screens[address.pathname];
  let shown = '', timer = 0;
  const release = () => document.getElementById('screens')?.removeAttribute('inert');
  const hold = () => { // Nothing can be pressed until the screen is filled. If the server is away, that ends after LONGEST.
    document.getElementById('screens')?.setAttribute('inert', '');
    clearTimeout(timer);
    timer = setTimeout(release, LONGEST);
  };
  const turnTo = (name) => { // this script may be here before the tabs are
    const tab = document.getElementById(`screen-${name}-button`);
    if (tab) tab.click();
    else requestAnimationFrame(() => { if (name === shown) turnTo(name); });
  };
  const show = () => {
    const name = screenOf(location);
    if (name !== shown) hold();
    shown = name;
    turnTo(name);
    trigger('moved');
    trigger(`to_${name}`);
  };
  const go = (address) => {
    if (!screenOf(address)) return location.assign(address);
    if (address.href !== location.href) history.pushState(null, '', address);
    scrollTo(0, 0);
    show();
  };
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target || link.hasAttribute('download')) return;
    const address = new URL(link.href);
    if (address.origin !== location.origin || !screenOf(address)) return;
    event.preventDefault();
    link.closest('[popover]')?.hidePopover();
    go(address);
  });
  addEventListener('filled', ({detail: name}) => { if (name === shown) release(); });
  addEventListener('popstate', show);
  addEventListener('counts-changed', () => trigger('moved'));
  addEventListener('go', (event) => go(new URL(event.detail, location.href)));
  draws(element, {props, watch, trigger});
  watch('value', () => { // On a phone the rail scrolls sideways.
    const nav = element.querySelector('.rail'), here = nav?.querySelector(':is(.rail, .steps, .aside) > [aria-current]');
    if (here) nav.scrollLeft = here.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
  });
  const asked = new URL(location), screen = asked.searchParams.get('screen');
  if (screen) { // a link to a screen comes by way of the page's own address
    asked.searchParams.delete('screen');
    asked.pathname = Object.keys(props.screens).find((path) => props.screens[path] === screen) || '/';
    history.replaceState(null, '', asked);
  }
  show();
}
