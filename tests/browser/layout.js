// What of a page's layout a reader would complain of; put into each page that is looked at.
globalThis.batcherLayout = (() => {
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

  const plots = () => [...document.querySelectorAll('svg')].filter(shown).flatMap((plot) => {
    const frame = plot.getBoundingClientRect();
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

  return {
    faults: () => [...wide(), ...cut(['hidden', 'clip']), ...plots()],
    hidden: () => cut(['auto', 'scroll', 'hidden', 'clip']),
    enlarge: (times) => {
      document.documentElement.style.fontSize = times === 1 ? '' : `${times * 100}%`;
    },
    fields: () => Object.fromEntries([...document.querySelectorAll('[data-field]')].map(
      (each) => [each.dataset.field, each.textContent.trim().replace(/\s+/g, ' ')])),
  };
})();
