/**
 * Payloads that are no protocol's: random octets, texts and numbers of many kinds, made from a seed
 * and cut as packets cut them; and messages of formats that nobody has a name for.
 */
import { deflateRawSync } from 'node:zlib';

/** Payloads of one conversation: a tentative answer is believed when it comes twice. */
export const CONVERSATION = 4;

/** A repeatable source of numbers below 2^32 (mulberry32). */
function numbers(seed: number): () => number {
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

type Next = () => number;
/** Makes about so many octets, to be cut into payloads. */
type Maker = (next: Next, size: number) => Uint8Array;
/** Makes one payload after the other: four are a conversation. */
type Speaker = (next: Next) => () => Uint8Array;

/** The kind of which more is looked at, since what random octets look like is rare. */
export const RANDOM = 'random octets';

const random: Maker = (next, size) => {
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

/** Sentences, about so many characters. */
function sentences(next: () => number, size: number): string {
  let lines = '';
  while (lines.length < size) lines += sentence(next);
  return lines;
}

function sentence(next: () => number): string {
  const words = Array.from({ length: 3 + (next() % 12) }, () => pick(WORDS, next));
  const shouted = next() % 8 === 0 ? words.map((word) => word.toUpperCase()) : words;
  const text_ = shouted.join(' ');
  return (
    text_[0]!.toUpperCase() + text_.slice(1) + pick(['. ', '.\r\n', '.\n', ': ', '? ', ', '], next)
  );
}

const CUT: Readonly<Record<string, Maker>> = {
  [RANDOM]: random,
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
  'hex dumps': text((next) => {
    const octets = Buffer.from(random(next, 16));
    const shown = octets.toString('latin1').replace(/[^ -~]/g, '.');
    return `${(next() & 0xffff0).toString(16).padStart(8, '0')}  ${octets.toString('hex')}  |${shown}|\n`;
  }),
  'lines of logs': text((next) => {
    const time = `${next() % 24}:${10 + (next() % 50)}:${10 + (next() % 50)}`;
    return pick(
      [
        `Nov ${10 + (next() % 20)} ${time} ${pick(WORDS, next)}[${next() % 9999}]: ${sentence(next)}\n`,
        `2026-11-${10 + (next() % 20)}T${time}Z ERROR ${pick(WORDS, next)}: ${sentence(next)}\n`,
        `192.0.2.${next() & 255} - - "GET /${pick(WORDS, next)} HTTP/1.1" 200 ${next() % 9999}\n`,
        `${next() % 600} ${pick(WORDS, next)}: ${sentence(next)}\n`,
      ],
      next,
    );
  }),
  'text in UTF-16': (next, size) =>
    new Uint8Array(Buffer.from(sentences(next, size >> 1), 'utf16le')),
  'letters of other scripts': text((next) => {
    const first = pick([0x391, 0x410, 0x5d0, 0x3041, 0x4e00, 0xac00], next);
    const letters = Array.from({ length: 40 }, () => String.fromCharCode(first + (next() % 25)));
    return `${letters.join('')}${pick([' ', '\n', '\r\n'], next)}`;
  }),
  'deflated text': (next, size) =>
    new Uint8Array(deflateRawSync(sentences(next, 5 * size))).subarray(0, size),
  'numbers with fractions': (next, size) => {
    const bytes = new Uint8Array(size & ~7);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 4) {
      view.setFloat32(at, (next() % 2000) / pick([1, 10, 1000], next), (at & 4096) === 0);
    }
    return bytes;
  },
  sound: (next, size) => {
    const bytes = new Uint8Array(size & ~1);
    const view = new DataView(bytes.buffer);
    let [pitch, height] = [0.1, 8];
    for (let at = 0; at < bytes.length; at += 2) {
      if (at % 8192 === 0) [pitch, height] = [(next() % 1000) / 1000, 2 << (next() % 14)];
      view.setInt16(at, Math.sin(at * pitch) * height + (next() % 4), (at & 16_384) === 0);
    }
    return bytes;
  },
  pictures: (next, size) => {
    const bytes = new Uint8Array(size);
    let colour = 0;
    for (let at = 0; at < size; at++) {
      if (next() % 16 === 0) colour = pick([0, 255, next() & 255], next);
      bytes[at] = colour + (next() % 3);
    }
    return bytes;
  },
  'fields and values in variable integers': (next, size) => {
    const bytes: number[] = [];
    while (bytes.length < size) {
      bytes.push(8 * (1 + (next() % 15)));
      let value = next() >>> (next() % 32);
      for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
      bytes.push(value);
    }
    return Uint8Array.from(bytes);
  },
};

/** Numbers, a word each, mostly small ones. */
function numbered(octets: 2 | 4, little: boolean): Speaker {
  return (next) => {
    const most = pick([4, 16, 256, 65_536], next);
    const length = octets * (1 + (next() % 60));
    return () => {
      const bytes = new Uint8Array(length);
      const view = new DataView(bytes.buffer);
      for (let at = 0; at < length; at += octets) {
        if (octets === 2) view.setUint16(at, next() % most, little);
        else view.setUint32(at, next() % most, little);
      }
      return bytes;
    };
  };
}

/**
 * A header of words, one of which is the length of all or of what follows, and one a count of messages;
 * then random octets, zeros or small ones.
 */
function framed(octets: 2 | 4): Speaker {
  return (next) => {
    const little = next() % 3 === 0;
    const words = 2 + (next() % 3);
    const header = octets * words;
    const [lengthAt, countAt] = pick(
      [
        [0, 1],
        [1, 0],
        [words - 1, 0],
        [1, words - 1],
      ],
      next,
    );
    const isWhole = next() % 2 === 0;
    const values = Array.from({ length: words }, () => next() % 32);
    const most = pick([1, 10, 256], next);
    let count = next() % 1000;
    return () => {
      const size = next() % 200;
      values[countAt!] = count++;
      values[lengthAt!] = isWhole ? header + size : size;
      const bytes = new Uint8Array(header + size);
      const view = new DataView(bytes.buffer);
      values.forEach((value, index) => {
        if (octets === 2) view.setUint16(2 * index, value, little);
        else view.setUint32(4 * index, value, little);
      });
      for (let at = header; at < bytes.length; at++) bytes[at] = next() % most;
      return bytes;
    };
  };
}

const SPOKEN: Readonly<Record<string, Speaker>> = {
  'words of 16 bits': numbered(2, false),
  'words of 32 bits, big endian': numbered(4, false),
  'words of 32 bits, little endian': numbered(4, true),
  'messages with a header of 16 bits a field': framed(2),
  'messages with a header of 32 bits a field': framed(4),
  'a counter and zeros': (next) => {
    const size = 8 + (next() % 200);
    const at = pick([0, 2, 4], next);
    let count = next() >>> (next() % 32);
    return () => {
      const bytes = new Uint8Array(size);
      new DataView(bytes.buffer).setUint32(at, count++, size % 2 === 0);
      return bytes;
    };
  },
  'zeros with few others': (next) => () => {
    const bytes = new Uint8Array(1 + (next() % 120));
    for (let count = next() % 8; count >= 0; count--) {
      bytes[next() % Math.min(32, bytes.length)] = next() % pick([4, 32, 256], next);
    }
    return bytes;
  },
};

export const KINDS: readonly string[] = [...Object.keys(CUT), ...Object.keys(SPOKEN)];

/** Payloads of a kind, about so many octets of them, four to a conversation. */
export function payloadsOf(kind: string, seed: number, size: number): Uint8Array[] {
  const next = numbers(seed);
  const make = CUT[kind];
  // Cuts of their own, so that they do not depend on what is cut.
  if (make !== undefined) return [...pieces(make(next, size), numbers(seed))];
  const payloads: Uint8Array[] = [];
  for (let octets = 0; octets < size; ) {
    const say = SPOKEN[kind]!(next);
    for (let count = 0; count < CONVERSATION; count++) {
      const said = say();
      octets += said.length;
      payloads.push(said);
    }
  }
  return payloads;
}

/** Cuts octets into payloads: of lines where there are some, of 1 to 1460 octets elsewhere. */
function* pieces(bytes: Uint8Array, next: () => number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    let length = 1 + (next() % (next() % 4 === 0 ? 64 : 1460));
    const line = bytes.indexOf(10, at);
    if (line >= 0 && line - at < 200 && next() % 2 === 0) length = line + 1 - at;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
