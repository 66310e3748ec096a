// The text of a description, which Spotify sends as HTML: links, character references.

const TAG = /<\/?[A-Za-z][^<>]*>|<!--.*?-->/gs;
const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;
const NAME = /^[0-9A-Za-z]+;?/;
const ONE_NAME = /^x&[0-9A-Za-z]{1,32};?$/;
const LONGEST_NUMBER = 100;
const REPLACEMENT = '\ufffd';

// The browser knows the two thousand names. The policy lets nothing but one name through.
const policy = globalThis.trustedTypes?.createPolicy('one-character-reference', {
  createHTML: onlyOneName,
});

/** Return a description without its tags, and with what its character references mean. */
export function descriptionText(description) {
  return description.replace(TAG, '').replace(REFERENCE, (whole, reference) => {
    if (!reference.startsWith('#')) return named(reference) ?? whole;
    return numbered(reference) ?? whole;
  });
}

function named(reference) {
  const name = NAME.exec(reference)?.[0];
  if (!name) return null;
  // A blank before the first letter would be lost, so there is a letter.
  const html = `x&${name}`;
  const source = policy ? policy.createHTML(html) : onlyOneName(html);
  const text = new DOMParser().parseFromString(source, 'text/html').body.textContent;
  return text.slice(1) + reference.slice(name.length);
}

function onlyOneName(html) {
  if (!ONE_NAME.test(html)) throw new TypeError('this is not one character reference');
  return html;
}

/** Return the character of a number by the rules of HTML, null where the number is absurd. */
function numbered(reference) {
  const digits = reference.slice(1).replace(';', '');
  if (/^[0-9]/.test(digits) && digits.length >= LONGEST_NUMBER) return null;
  const code = Number(/^[xX]/.test(digits) ? `0${digits}` : digits);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return REPLACEMENT;
  if (code >= 0x80 && code <= 0x9f) {
    return new TextDecoder('windows-1252').decode(Uint8Array.of(code));
  }
  if (code === 0x0d) return '\r';
  return isNoCharacter(code) ? '' : String.fromCodePoint(code);
}

function isNoCharacter(code) {
  return (
    (code < 0x20 && ![0x09, 0x0a, 0x0c].includes(code)) ||
    code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & 0xfffe) === 0xfffe
  );
}
