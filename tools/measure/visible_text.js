// Every piece of text that is painted: text nodes, placeholders of empty fields, what a list shows as chosen, what
// CSS writes. What only screen readers are told, and what a person typed, is not.
() => {
  const found = [];
  const range = document.createRange();

  const isShown = element => {
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false;
    for (let at = element; at; at = at.parentElement) {
      const { overflow, display } = getComputedStyle(at);
      if (overflow === 'visible' || display === 'contents') continue;
      const { width, height } = at.getBoundingClientRect();
      if (width <= 1 || height <= 1) return false;
    }
    return true;
  };
  const isPainted = ({ width, height, right, bottom }) =>
    width > 1 && height > 1 && right + scrollX > 0 && bottom + scrollY > 0;

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !isShown(parent)) continue;
    if (parent.closest('script, style, noscript, option, textarea') || parent.matches('details:not([open])')) continue;
    range.selectNodeContents(node);
    if ([...range.getClientRects()].some(isPainted)) found.push(node.data);
  }

  for (const field of document.querySelectorAll('input, textarea, select')) {
    if (!isShown(field) || !isPainted(field.getBoundingClientRect())) continue;
    if (field.matches('select')) found.push(...[...field.selectedOptions].map(option => option.label));
    else if (field.matches('[type=button], [type=submit], [type=reset]')) found.push(field.value);
    else if (!field.value) found.push(field.placeholder ?? '');
  }

  const quoted = /"((?:[^"\\]|\\.)*)"/g;
  for (const element of document.body.querySelectorAll('*')) {
    for (const part of ['::before', '::after']) {
      const { content, display } = getComputedStyle(element, part);
      if (!content.includes('"') || display === 'none' || !isShown(element)) continue;
      const [written] = content.split(' / '); // behind it stands what screen readers say instead
      found.push([...written.matchAll(quoted)].map(match => match[1]).join(''));
    }
  }
  return found;
}
