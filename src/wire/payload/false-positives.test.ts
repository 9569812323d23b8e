/**
 * Ten megabytes of random octets and of texts of many kinds, in pieces of many lengths as packets
 * cut them: no detector may be certain of any, and none may be believed on ports that are nobody's.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { payloadOf } from '../../../test/builders/payload.ts';
import { DETECTORS } from './detectors.ts';
import { Identifier, TENTATIVE } from './identify.ts';
import { CERTAIN, type Detector, LIKELY } from './payload.ts';

const MEGABYTE = 1 << 20;
/** Another seed makes other ten megabytes. */
const { PORTREEVE_SEED } = process.env;
const SEED = Number(PORTREEVE_SEED ?? 20_261_122);
/** Share of other payloads that may look like a protocol when they are shown on its own port. */
const RARELY = 1 / 30;
const RANDOM_RARELY = 1 / 300;
/** Payloads of one conversation: a tentative answer is believed when it comes twice. */
const CONVERSATION = 4;

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

type Maker = (next: () => number, size: number) => Uint8Array;

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

function sentence(next: () => number): string {
  const words = Array.from({ length: 3 + (next() % 12) }, () => pick(WORDS, next));
  const shouted = next() % 8 === 0 ? words.map((word) => word.toUpperCase()) : words;
  const text_ = shouted.join(' ');
  return (
    text_[0]!.toUpperCase() + text_.slice(1) + pick(['. ', '.\r\n', '.\n', ': ', '? ', ', '], next)
  );
}

const KINDS: Readonly<Record<string, Maker>> = {
  'random octets': random,
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

/** Every detector over every transport that it is asked over. */
function overTransports(): [detector: Detector, transport: number][] {
  return DETECTORS.flatMap((detector) =>
    detector.transports.map((transport): [Detector, number] => [detector, transport]),
  );
}

/** To the protocol's own port, from it, or between two of it, in turns. */
function endsOf(
  { ports: [port = 5004] }: Detector,
  turn: number,
): { sport: number; dport: number } {
  const [sport, dport] = [[40_000, port] as const, [port, 40_000] as const, [port, port] as const][
    turn % 3
  ]!;
  return { sport, dport };
}

/** The beginning of a payload, for people. */
function shown(piece: Uint8Array): string {
  const begin = Buffer.from(piece.subarray(0, 40));
  return `${piece.length} octets, ${begin.toString('hex')}, ${JSON.stringify(begin.toString('latin1'))}`;
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

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  const bytes = make(numbers(SEED), MEGABYTE);
  // Of its own for each test, so that cuts do not depend on how many detectors there are.
  let next = numbers(0);
  beforeEach(() => {
    next = numbers(SEED);
  });

  it.each([6, 17, 132])('are no protocol over IP protocol %i', (transport) => {
    const identifier = new Identifier();
    const mistakes: string[] = [];
    let before = -1;
    let count = 0;
    for (const piece of pieces(bytes, next)) {
      if (count++ % CONVERSATION === 0) before = -1;
      const payload = payloadOf(piece, { transport, sport: 61_000, dport: 61_001 });
      const found = identifier.identify(payload, before);
      if (found === 0) continue;
      if ((found & TENTATIVE) === 0) {
        const { protocol } = DETECTORS[identifier.protocol]!;
        mistakes.push(`${protocol}: ${shown(piece)}`);
      } else before = identifier.protocol;
    }
    expect(mistakes).toEqual([]);
  });

  it('make no detector certain, whatever the ports', () => {
    const mistakes: string[] = [];
    for (const [detector, transport] of overTransports()) {
      let count = 0;
      for (const piece of pieces(bytes.subarray(0, MEGABYTE >> 3), next)) {
        if (detector.begins?.includes(piece[0]!) === false) continue;
        const payload = payloadOf(piece, { transport, ...endsOf(detector, count++) });
        if ((detector.detect(payload) & CERTAIN) === 0) continue;
        mistakes.push(`${detector.protocol}: ${shown(piece)}`);
      }
    }
    expect(mistakes).toEqual([]);
  });

  it('seldom look like a protocol on its own port', () => {
    // Of what is rare, more must be looked at.
    const looked = [...pieces(bytes.subarray(0, make === random ? MEGABYTE : MEGABYTE >> 3), next)];
    const most = looked.length * (make === random ? RANDOM_RARELY : RARELY);
    const often: string[] = [];
    for (const [detector, transport] of overTransports()) {
      let likely = 0;
      let count = 0;
      for (const piece of looked) {
        if (detector.begins?.includes(piece[0]!) === false) continue;
        const payload = payloadOf(piece, { transport, ...endsOf(detector, count++) });
        if ((detector.detect(payload) & LIKELY) !== 0) likely++;
      }
      if (likely > most) often.push(`${detector.protocol}: ${likely} of ${looked.length}`);
    }
    expect(often).toEqual([]);
  });
});
