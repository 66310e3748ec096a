// Makes elements. Text is only ever set as text, so nothing in a document can become markup.

const SVG = 'http://www.w3.org/2000/svg';

// A document may name any address; only these are followed.
const FOLLOWED = /^(#|\/(?!\/)|https:\/\/|blob:)/;

function fill(element, classes, given) {
  if (classes.length) element.setAttribute('class', classes.join(' '));
  const properties = given[0]?.constructor === Object ? given.shift() : {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') Object.assign(element.style, value);
    else if (name !== 'href' || FOLLOWED.test(value)) element.setAttribute(name, value === true ? '' : value);
  }
  return put(element, given);
}

/** Append children, of which those that are nothing are left out. */
export function put(element, children) {
  element.append(...[children].flat(Infinity).filter((child) => child || child === 0));
  return element;
}

/**
 * Return an element, such as `h('p.quietly', { id: 'x' }, 'text')`.
 *
 * The first that follows may hold properties: `style` is an object, `on…` are listeners, everything else is an attribute.
 */
export function h(name, ...given) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElement(tag), classes, given);
}

/** Return an element of a drawing. */
export function s(name, ...given) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElementNS(SVG, tag), classes, given);
}

/** Return a name that somebody else chose, kept apart from the direction of the text around it. */
export function name(text) {
  return h('bdi', {}, String(text));
}

/** Return a link to a place outside the archive, or its text alone where there is no such place. */
export function outward(url, ...text) {
  if (!url || !url.startsWith('https://')) return h('span', ...text);
  return h('a', { href: url, rel: 'noreferrer', target: '_blank' }, ...text);
}
