/**
 * Payloads that are no protocol's: random octets, texts and numbers of many kinds, made from a seed
 * and cut as packets cut them.
 */

/** A repeatable source of numbers below 2^32 (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const WORDS = (
  'the of and to in is that for it as was with be by on not he his but at are this have from or had ' +
  'an they which one you were her all she there would their we him been has when who will more no if out ' +
  'so said what up its about into than them can only other new some could time these two may then do ' +
  'first any my now such like our over man me even most made after also did many before must through ' +
  'get user list data pass help quit type set stat server port mail host name open close read write'
).split(' ');
const SOURCE = [
  'const value = list.get(index) ?? 0;',
  'if (user.name === "") return { status: 404, headers: {} };',
  'import { readFile } from "node:fs/promises";',
  'for (let next = at; next < end; next++) sum += bytes[next];',
  '// SET the flag, then GET the answer. USER and PASS are words too.',
  'def connect(self, host="localhost", port=6379):',
  '#include <sys/socket.h>',
  'SELECT name, count(*) FROM users WHERE id = 4 GROUP BY name;',
  'static int stats(void) { return 220 - 1; }',
  '* OK this is a list in a comment',
  '+OK added line of a patch',
  '-ERR removed line of a patch',
];
const HTML = [
  '<p class="lead">',
  '</p>',
  '<a href="https://example.org/get?user=1">',
  '<!DOCTYPE html>',
  '<div>',
  '</div>',
  '&nbsp;',
];
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export type Maker = (next: () => number, size: number) => Uint8Array;

export const RANDOM: Maker = (next, size) => {
  const words = new Uint32Array(size >> 2);
  for (let index = 0; index < words.length; index++) words[index] = next();
  return new Uint8Array(words.buffer);
};

/** Joins pieces until there are enough. */
function text(piece: (next: () => number) => string): Maker {
  return (next, size) => {
    const parts: string[] = [];
    for (let length = 0; length < size; ) {
      const part = piece(next);
      parts.push(part);
      length += part.length;
    }
    return new TextEncoder().encode(parts.join(''));
  };
}

function pick<Item>(items: readonly Item[], next: () => number): Item {
  return items[next() % items.length]!;
}

function sentence(next: () => number): string {
  const words = Array.from({ length: 3 + (next() % 12) }, () => pick(WORDS, next));
  const shouted = next() % 8 === 0 ? words.map((word) => word.toUpperCase()) : words;
  const text_ = shouted.join(' ');
  return (
    text_[0]!.toUpperCase() + text_.slice(1) + pick(['. ', '.\r\n', '.\n', ': ', '? ', ', '], next)
  );
}

export const KINDS: Readonly<Record<string, Maker>> = {
  'random octets': RANDOM,
  'English-like text': text(sentence),
  HTML: text((next) => (next() % 2 === 0 ? pick(HTML, next) : sentence(next))),
  'base64 in lines': text((next) => {
    let line = '';
    for (let index = 0; index < 76; index++) line += BASE64[next() & 63];
    return `${line}\r\n`;
  }),
  JSON: text(
    (next) =>
      `{"${pick(WORDS, next)}":${next() % 10_000},"${pick(WORDS, next)}":["${pick(WORDS, next)}",null,true]},\n`,
  ),
  'source code': text((next) => `${' '.repeat(2 * (next() % 4))}${pick(SOURCE, next)}\n`),
  'CSV and numbers': text(
    (next) => `${next() % 1000},${next() % 600} ${pick(WORDS, next)},${next()}\r\n`,
  ),
  'long runs of one octet': (next, size) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      const run = 200 + (next() % 6000);
      bytes.fill(next() % 3 === 0 ? next() & 0xff : 0, at, at + run);
      at += run;
    }
    return bytes;
  },
  'small integers, little endian': (next, size) => {
    const words = new Uint32Array(size >> 2);
    for (let index = 0; index < words.length; index++)
      words[index] = next() >>> (8 + (next() % 24));
    return new Uint8Array(words.buffer);
  },
  'small integers, big endian': (next, size) => {
    const bytes = new Uint8Array(size & ~3);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, next() >>> (8 + (next() % 24)));
    return bytes;
  },
};

/** Cuts octets into payloads: of lines where there are some, of 1 to 1460 octets elsewhere. */
export function* pieces(bytes: Uint8Array, next: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    let length = 1 + (next() % (next() % 4 === 0 ? 64 : 1460));
    const line = bytes.indexOf(10, at);
    if (line >= 0 && line - at < 200 && next() % 2 === 0) length = line + 1 - at;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
