/** Elements made from data. Text is always a text node: names and messages come from servers, and none of it may become markup. */

/** An element with attributes and children; a child that is null or false is left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== false && child !== undefined));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** While a pointer is down, what lies under it stays: a click must reach what it was meant for. */
let pointerDown = false;
addEventListener('pointerdown', () => {
  pointerDown = true;
});
// The list of a select swallows the end of the click that opened it.
addEventListener('pointermove', ({ buttons }) => {
  if (buttons === 0) pointerDown = false;
});
for (const end of ['pointerup', 'pointercancel', 'blur']) {
  addEventListener(end, () => {
    pointerDown = false;
  });
}

/** Makes a container show these nodes, and changes what differs alone: focus, place of scrolling and selected text stay. */
export function show(container, ...nodes) {
  const selection = getSelection();
  const selects = selection && !selection.isCollapsed && container.contains(selection.anchorNode);
  if (pointerDown || selects) return;
  const wanted = document.createElement(container.tagName);
  wanted.append(...nodes.flat().filter((node) => node !== null && node !== false && node !== undefined));
  changeChildren(container, wanted);
}

function changeChildren(old, wanted) {
  const nodes = [...wanted.childNodes];
  for (const [at, node] of nodes.entries()) {
    const there = old.childNodes[at];
    if (!there) old.append(node);
    else if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName) there.replaceWith(node);
    else if (there.nodeType === Node.TEXT_NODE) {
      if (there.data !== node.data) there.data = node.data;
    } else change(there, node);
  }
  while (old.childNodes.length > nodes.length) old.lastChild.remove();
}

function change(old, wanted) {
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...wanted.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.nodeName === 'INPUT') old.checked = wanted.hasAttribute('checked');
  changeChildren(old, wanted);
}

/** A part of the page with a heading. */
export const card = (title, ...children) => el('section', { class: 'card wide' }, el('h2', {}, title), ...children);

/** A table that scrolls inside of its place, also by keys. @param heads of columns; those that begin with < are texts */
export function table(name, heads, rows) {
  const head = heads.map((text) =>
    el('th', { scope: 'col', class: text.startsWith('<') && 'text' }, text.replace('<', '')),
  );
  return el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name },
    el('table', {}, el('thead', {}, el('tr', {}, head)), el('tbody', {}, rows)),
  );
}

/** A row of texts and nodes; a cell may be [content, class]. */
export const tableRow = (...cells) =>
  el(
    'tr',
    {},
    cells.map((cell) => (Array.isArray(cell) ? el('td', { class: cell[1] || null }, cell[0]) : el('td', {}, cell))),
  );

export const list = (title, kind, lines) =>
  lines.length
    ? [
        card(
          title,
          el(
            'ul',
            { class: kind },
            lines.map((line) => el('li', {}, line)),
          ),
        ),
      ]
    : [];

export const tile = (name, value, kind = '') =>
  el('div', { class: 'tile' }, el('b', { class: kind || null }, value), el('span', { class: 'soft' }, name));

/** A bar with its words. */
export const bar = (name, part, whole, late = false) =>
  el('progress', { value: part, max: Math.max(1, whole), class: late ? 'late' : null, 'aria-label': name });

/** Name and value of things, in pairs. */
export const facts = (pairs) =>
  el(
    'dl',
    { class: 'facts' },
    pairs
      .filter(([, value]) => value !== null && value !== '')
      .map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
