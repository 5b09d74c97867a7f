// What a page says, and what of its layout a reader would complain of: an expression.
(() => {
  const named = (element) => {
    const text = (element.textContent || '').trim().replace(/\s+/g, ' ').slice(0, 60);
    const id = element.id ? `#${element.id}` : '';
    return `<${element.tagName.toLowerCase()}${id}> ${text}`;
  };

  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };

  // hidden from eyes, and there for who hears the page
  const spoken = (element) => element.getBoundingClientRect().width <= 2;

  const wide = () => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const widest = [...document.body.querySelectorAll('*')].filter(
      (each) => each.getBoundingClientRect().right > root.clientWidth + 1 && shown(each));
    const names = widest.slice(0, 3).map(named).join(', ');
    return [`${root.scrollWidth} px wide in ${root.clientWidth}: ${names}`];
  };

  // text that a box without a scroll bar hides
  const cut = (ways) => [...document.body.querySelectorAll('*')]
    .filter((each) => !each.closest('svg') && shown(each) && !spoken(each))
    .filter((each) => ways.includes(getComputedStyle(each).overflowX) &&
      each.scrollWidth > each.clientWidth + 1)
    .map((each) => `cut off: ${named(each)}`);

  // words of a cell upon those of its neighbour
  const spilt = () => [...document.querySelectorAll('td, th')]
    .filter((each) => shown(each) && each.scrollWidth > each.clientWidth + 1)
    .map((each) => `wider than its cell: ${named(each)}`);

  const labels = (plot) => [...plot.querySelectorAll('text')]
    .filter((each) => each.textContent.trim() && shown(each));

  const over = (one, other) =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 2;

  // a label turned by an angle has a box that is larger than itself
  const turned = (label) => {
    const matrix = label.getScreenCTM();
    return Math.abs(matrix.b) > 0.01;
  };

  // an axis may stand outside of the drawing, and not outside of what holds both
  const frameOf = (plot) =>
    (getComputedStyle(plot).overflow === 'visible' ? plot.closest('figure') : null) ?? plot;

  const plots = () => [...document.querySelectorAll('svg')].filter(shown).flatMap((plot) => {
    const frame = frameOf(plot).getBoundingClientRect();
    const boxes = labels(plot).map((each) => [each, each.getBoundingClientRect()]);
    const out = boxes
      .filter(([, box]) => box.left < frame.left - 2 || box.right > frame.right + 2 ||
        box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
      .map(([each]) => `a label sticks out of its plot: ${named(each)}`);
    const flat = boxes.filter(([each]) => !turned(each));
    const upon = flat.flatMap(([each, box], index) => flat.slice(index + 1)
      .filter(([, other]) => over(box, other))
      .map(([other]) => `labels lie over each other: ${named(each)} and ${named(other)}`));
    const small = boxes
      .filter(([each]) => {
        const matrix = each.getScreenCTM();
        const size = parseFloat(getComputedStyle(each).fontSize);
        return size * Math.hypot(matrix.a, matrix.b) < 8.5;
      })
      .map(([each]) => `a label too small to read: ${named(each)}`);
    return [...out, ...upon, ...small];
  });

  const words = (element) => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll('[aria-hidden=true], style, script').forEach((each) => each.remove());
    return copy.textContent.trim().replace(/\s+/g, ' ');
  };

  const part = (element) =>
    (element.closest('section')?.querySelector('h2, h3')?.textContent ?? '').trim();

  // what a page says: facts and counts by section and name, tables by caption
  const read = () => ({
    facts: [...document.querySelectorAll('dt')].map(
      (each) => [part(each), words(each), words(each.nextElementSibling)]),
    counts: [...document.querySelectorAll('.counts li')].map(
      (each) => [part(each), words(each.querySelector('.label')),
        words(each.querySelector('.count'))]),
    tables: [...document.querySelectorAll('table')].map((table) => [
      words(table.caption ?? table),
      [...table.querySelectorAll('tr')].map((row) => [...row.cells].map(words))]),
    headings: [...document.querySelectorAll('h1, h2, h3')].map(words),
    commands: [...document.querySelectorAll('pre.command')].map(words),
    text: words(document.body),
  });

  return {
    faults: () => [...wide(), ...cut(['hidden', 'clip']), ...spilt(), ...plots()],
    hidden: () => cut(['auto', 'scroll', 'hidden', 'clip']),
    enlarge: (times) => {
      document.documentElement.style.fontSize = times === 1 ? '' : `${times * 100}%`;
    },
    read,
  };
})()
