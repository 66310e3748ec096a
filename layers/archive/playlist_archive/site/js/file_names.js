// Names of files that every file system takes, as the command's `export` chooses them.

const LONGEST_BYTES = 150;
const FORBIDDEN = /[<>:"/\\|?*\p{Cc}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu;
const PART = / [0-9]+ of [0-9]+$/;
const DEVICE = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?:$|[. ])/i;
// What shows nothing: format characters but the joiners, and fillers that count as letters.
const INVISIBLE = /[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0]|(?![\u200c\u200d])\p{Cf}/gu;
// The flags of England, Scotland and Wales are spelt with invisible tags.
const FLAG = /(\u{1f3f4}[\u{e0030}-\u{e007a}]+\u{e007f})/u;
// What Python's `split` takes for blanks.
const BLANKS = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** Return a playlist's name without a suffix. One that looks like a part of another's file has its id, too. */
export function fileName(id, name) {
  const plain = cleaned(name) || id;
  return PART.test(plain) ? `${plain} (${id})` : plain;
}

/** Return the name of one of the files of a playlist, which nearly always is the only one. */
export function partName(name, number, parts) {
  return parts > 1 ? `${name} ${number} of ${parts}` : name;
}

/** Return a name that every file system takes, as near to `name` as may be, or nothing. */
function cleaned(name) {
  const kept = visible(name).normalize('NFC').replace(FORBIDDEN, '_');
  const words = kept.split(BLANKS).filter(Boolean).join(' ');
  const stripped = shortened(words).replace(/^[. ]+|[. ]+$/g, '');
  return DEVICE.test(stripped) ? `_${stripped}` : stripped;
}

/** Return a text without characters that show nothing or turn the direction of what follows. */
export function visible(text) {
  const pieces = text.split(FLAG);
  return pieces.map((piece, place) => (place % 2 ? piece : piece.replace(INVISIBLE, ''))).join('');
}

function shortened(text) {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= LONGEST_BYTES) return text;
  let end = LONGEST_BYTES;
  while ((bytes[end] & 0xc0) === 0x80) end -= 1; // within a character
  return new TextDecoder().decode(bytes.subarray(0, end));
}
