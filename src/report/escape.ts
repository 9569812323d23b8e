/**
 * Makes text from the network safe to show. Host names, banners, process names and file names are
 * chosen by others: control bytes in them could drive a terminal, direction overrides could make
 * them read as something else, and invisible characters could make two names look alike.
 *
 * Escaped are: control characters (C0, DEL, C1), line and paragraph separators, everything
 * Unicode calls “default ignorable” (zero-width characters, direction marks, embeddings,
 * overrides and isolates, soft hyphen, variation selectors, tags), interlinear annotation, and
 * surrogates without their other half. The backslash itself is not, since it is common in Windows
 * paths; a literal `\x1b` and an escaped one look the same to people, never to a machine (JSON
 * and NDJSON keep the exact text).
 */

const PLAIN_ASCII = /^[\x20-\x7e]*$/;
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{fff9}-\u{fffb}]/gu;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const UNSAFE_OR_NOT_ASCII = /[^\x20-\x7e]/gu;

/** The text with every unsafe character visible, as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return PLAIN_ASCII.test(text) ? text : text.replace(UNSAFE, visible);
}

/**
 * Text and attributes of XML 1.0: markup and unsafe characters are references, so it can be looked
 * at in a terminal, and parsing gives the exact value; what XML cannot hold becomes `?`.
 */
export function safeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, numericReference)
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(UNSAFE, numericReference);
}

function numericReference(character: string): string {
  return ENTITIES[character] ?? `&#${character.codePointAt(0)};`;
}

/**
 * `printable` in ASCII, for terminals that do not take UTF-8: an octet of some character's encoding
 * could be a C1 control character there.
 */
export function printableAscii(text: string): string {
  return PLAIN_ASCII.test(text) ? text : text.replace(UNSAFE_OR_NOT_ASCII, visible);
}

function visible(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * JSON text of the value on one line, in which unsafe characters are `\u` escapes: it can be
 * looked at in a terminal, and parsing gives the exact value.
 */
export function safeJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** The same of JSON text. */
export function escapeJson(text: string): string {
  return PLAIN_ASCII.test(text) ? text : text.replace(UNSAFE, jsonEscape);
}

function jsonEscape(character: string): string {
  let escaped = '';
  for (let index = 0; index < character.length; index++) {
    escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/** A word as a POSIX shell reads it back, quoted where it has to be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
