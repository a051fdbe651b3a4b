// What the page does beyond being read. Without it everything still opens, one by one.
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A link to a card opens it.
const openTarget = () => {
  const card = document.getElementById(location.hash.slice(1));
  if (card?.tagName !== 'DETAILS') return;
  card.open = true;
  card.querySelector('summary').focus({ preventScroll: true });
};
addEventListener('hashchange', openTarget);
// A link that is followed again changes no hash.
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link !== null && link.hash === location.hash) openTarget();
});
openTarget();

// Buttons that open or close every card of a list.
for (const button of all('button[data-open]')) {
  const cards = all('details', document.getElementById(button.dataset.open));
  const words = button.textContent;
  const anyClosed = () => cards.some(({ open }) => !open);
  const name = () => {
    button.textContent = anyClosed() ? words : words.replace('Open', 'Close');
  };
  button.hidden = false;
  button.addEventListener('click', () => {
    const open = anyClosed();
    for (const card of cards) card.open = open;
  });
  for (const card of cards) card.addEventListener('toggle', name);
}

// Arrows, Home and End walk through a list of cards.
for (const list of all('[data-walk]')) {
  const heads = all('summary', list);
  list.addEventListener('keydown', (event) => {
    const at = heads.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: heads.length - 1 }[event.key];
    if (at < 0 || to === undefined || heads[to] === undefined) return;
    event.preventDefault();
    heads[to].focus();
  });
}

// The drawings show which steps are open.
const layers = all('details[data-part]');
const showParts = () => {
  const open = new Set(layers.filter((layer) => layer.open).map((layer) => layer.dataset.part));
  for (const part of all('[data-parts]')) {
    part.classList.toggle(
      'on',
      part.dataset.parts.split(' ').some((name) => open.has(name)),
    );
  }
  for (const map of all('.map')) map.classList.toggle('dimmed', map.querySelector('.on') !== null);
};
for (const layer of layers) layer.addEventListener('toggle', showParts);
for (const part of all('[data-parts]')) {
  const card = layers.find((layer) => layer.dataset.part === part.dataset.parts.split(' ')[0]);
  part.addEventListener('click', () => {
    if (card === undefined) return;
    card.open = true;
    card.querySelector('summary').focus();
  });
}

// On paper everything is open.
let closed = [];
addEventListener('beforeprint', () => {
  closed = all('details:not([open])');
  for (const card of closed) card.open = true;
});
addEventListener('afterprint', () => {
  for (const card of closed) card.open = false;
});
