// The text of a description, which Spotify sends as HTML: links, character references.

const TAG = /<\/?[A-Za-z][^<>]*>|<!--.*?-->/gs;
const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu;
const KNOWN = /^(?:[0-9A-Za-z]+|#[xX][0-9a-fA-F]+|#[0-9]{1,99}(?![0-9]));?/;
const ONE_REFERENCE = /^x&#?[0-9A-Za-z]+;?$/;
// What a number may name although it is no character of a text.
const NO_CHARACTER = /[\x01-\x08\x0b\x0e-\x1f\x7f\p{Noncharacter_Code_Point}]/u;

// The browser knows what they mean. The policy lets nothing but one reference through.
const policy = globalThis.trustedTypes?.createPolicy('one-character-reference', {
  createHTML: onlyOneReference,
});

/** Return a description without its tags, and with what its character references mean. */
export function descriptionText(description) {
  return description.replace(TAG, '').replace(REFERENCE, (whole, reference) => {
    const known = KNOWN.exec(reference)?.[0];
    return known ? meaning(known) + reference.slice(known.length) : whole;
  });
}

function meaning(reference) {
  // A blank before the first letter would be lost, so there is a letter.
  const html = `x&${reference}`;
  const source = policy ? policy.createHTML(html) : onlyOneReference(html);
  const text = new DOMParser().parseFromString(source, 'text/html').body.textContent;
  return text.slice(1).replace(NO_CHARACTER, '');
}

function onlyOneReference(html) {
  if (!ONE_REFERENCE.test(html)) throw new TypeError('this is not one character reference');
  return html;
}
