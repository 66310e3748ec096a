// Where the keyboard is, also after what it was in has been made anew.

/** Return the link in an element that leads to this address. */
export function linkTo(element, href) {
  return [...element.querySelectorAll('a[href]')].find((one) => one.getAttribute('href') === href);
}

/** Change what an element holds; the link that had the focus has it afterwards, too. */
export function keepFocus(element, change) {
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  change();
  if (focused && !element.contains(document.activeElement)) linkTo(element, focused)?.focus({ preventScroll: true });
}
