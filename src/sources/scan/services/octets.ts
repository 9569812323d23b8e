/** Octets to text and back, for protocols that are asked and read by hand. */

/** Octets as text, one character each; for protocols whose keywords are ASCII. */
export function textOf(octets: Uint8Array, from = 0, to = octets.length): string {
  let text = '';
  const end = Math.min(to, octets.length);
  for (let at = from; at < end; at += 8192) {
    text += String.fromCharCode(...octets.subarray(at, Math.min(end, at + 8192)));
  }
  return text;
}

/** What a service says, as UTF-8 where it is that; at most `limit` characters. */
export function sayingOf(octets: Uint8Array, limit = 256): string {
  return new TextDecoder('utf-8').decode(octets).slice(0, limit).trim();
}

/** Text of `textOf` as the UTF-8 it is; where it is none, as Latin-1: unchanged. */
export function saidIn(text: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octetsOf(text));
  } catch {
    return text;
  }
}

/** Text as octets, one a character. */
export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 255);
}

/** Octets written in hexadecimal, blanks allowed. */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** All parts one after the other, in new memory. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `count` octets of one value. */
export function filled(count: number, value = 0): Uint8Array {
  return new Uint8Array(count).fill(value);
}

/** Octets as lower-case hexadecimal. */
export function hexOf(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** A view over exactly these octets. */
export function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
}

/** An unsigned integer of 2 or 4 octets, the most significant first. */
export function big(size: 2 | 4, value: number): Uint8Array {
  const octets = new Uint8Array(size);
  if (size === 2) viewOf(octets).setUint16(0, value);
  else viewOf(octets).setUint32(0, value);
  return octets;
}

/** The same, the least significant first. */
export function little(size: 2 | 4, value: number): Uint8Array {
  return big(size, value).reverse();
}
