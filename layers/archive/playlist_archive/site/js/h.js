// Makes elements. Text is only ever set as text, so nothing in a document can become markup.

const SVG = 'http://www.w3.org/2000/svg';

// A document may name any address; only these are followed.
const FOLLOWED = /^(#|\/(?!\/)|https:\/\/|blob:)/;

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else if (name !== 'href' || FOLLOWED.test(value)) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** Return an element. `style` is an object, `on…` are listeners, everything else is an attribute. */
export function h(name, properties, ...children) {
  return fill(document.createElement(name), properties, children);
}

/** Return an element of a drawing. */
export function s(name, properties, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

/** Return a name that somebody else chose, kept apart from the direction of the text around it. */
export function name(text) {
  return h('bdi', {}, text);
}

/** Return a link to a place outside the archive, or its text alone where there is no such place. */
export function outward(url, ...text) {
  if (!url || !url.startsWith('https://')) return h('span', {}, ...text);
  return h('a', { href: url, rel: 'noreferrer', target: '_blank' }, ...text);
}
