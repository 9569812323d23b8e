/**
 * Verdict maps in a rule of nftables, `tcp dport vmap { 22 : accept, 80 : jump web }`, written out as
 * one rule for each key: keys are apart from each other, and what has none of them goes on to the
 * next rule (nft(8), VMAPS). The kernel decides at the map: a condition behind it is never asked of
 * a packet whose key is in it, so none is read there.
 */
import type { AddressRange } from '../net/address-range.ts';
import { intersectRanges } from '../net/address-range.ts';
import type { Token } from './nftables-tokens.ts';
import { addressRange, numberRange, Unknown } from './nftables-values.ts';

/** A map of more keys is no person's work, and each key repeats the rule. */
const MOST_KEYS = 1000;

const isMark = ({ text, quoted }: Token, mark: string): boolean => !quoted && text === mark;

/** Where the statement ends that begins at `start`: a line end, or the end of its block. */
function endOf(tokens: readonly Token[], start: number): number {
  let at = start;
  for (let depth = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (isMark(token, '{')) depth++;
    else if (isMark(token, '}') && depth-- === 0) break;
    else if (isMark(token, ';') && depth === 0) break;
  }
  return at;
}

/**
 * Puts rules without the map in the place of the one that begins at `start`. Throws `Unknown` for a
 * map that is not written in the rule, or not understood.
 */
export function expandVerdictMap(tokens: Token[], start: number): void {
  const end = endOf(tokens, start);
  const words = tokens.slice(start, end);
  const map = words.findIndex((token) => isMark(token, 'vmap'));
  if (map < 0) return;
  if (['!=', '=='].some((sign) => map > 0 && isMark(words[map - 1]!, sign))) {
    throw new Unknown('A verdict map stands behind what it looks up, and nothing between them.');
  }
  const open = words[map + 1];
  if (open === undefined || !isMark(open, '{')) {
    throw new Unknown('A map by name may change; only one that stands in the rule is read.');
  }
  // Maps hold no blocks, but line ends.
  const close = words.findIndex((token, at) => at > map && isMark(token, '}'));
  if (close < 0) throw new Unknown('The verdict map is not closed.');
  const entries = entriesOf(words.slice(map + 2, close));
  refuseOverlaps(entries);
  // What was counted was counted for all keys together.
  const before = withoutCounts(words.slice(0, map));
  const after = remarkOf(words.slice(close + 1));
  const rules = entries.flatMap(({ key, verdict }) => [
    ...[...before, ...key, ...after, ...verdict],
    { text: ';', quoted: false, line: open.line },
  ]);
  tokens.splice(start, end - start, ...rules);
}

interface Entry {
  readonly key: readonly Token[];
  readonly verdict: readonly Token[];
}

function entriesOf(words: readonly Token[]): Entry[] {
  const entries: Entry[] = [];
  let own: Token[] = [];
  for (const word of [...words, undefined]) {
    if (word !== undefined && isMark(word, ';')) continue;
    if (word !== undefined && !isMark(word, ',')) {
      own.push(word);
      continue;
    }
    if (own.length === 0 && word === undefined) break;
    const colon = own.findIndex((token) => isMark(token, ':'));
    const [key, verdict] = [own.slice(0, colon), own.slice(colon + 1)];
    if (colon < 0 || key.length !== 1 || verdict.length < 1 || verdict.length > 2) {
      throw new Unknown('A verdict map holds “key : verdict” with blanks around the colon.');
    }
    if (entries.push({ key, verdict }) > MOST_KEYS) {
      throw new Unknown(`A verdict map of more than ${MOST_KEYS} keys is not read.`);
    }
    own = [];
  }
  if (entries.length === 0) throw new Unknown('The verdict map is empty.');
  return entries;
}

/** The comment of what stands behind a map; a counter counts what has no key. */
function remarkOf(words: readonly Token[]): readonly Token[] {
  let left = withoutCounts(words);
  if (left[0] !== undefined && isMark(left[0], 'counter')) left = left.slice(1);
  if (left.length === 0) return [];
  if (left.length === 2 && isMark(left[0]!, 'comment')) return left;
  throw new Unknown(
    `“${left[0]!.text}” behind a verdict map is asked of no packet whose key is in it.`,
  );
}

/** Throws where one packet would have two verdicts: nft takes no such map. */
function refuseOverlaps(entries: readonly Entry[]): void {
  const spans = entries.map(({ key: [token] }) => spanOf(token!.text));
  const said = entries.map(({ verdict }) => verdict.map(({ text }) => text).join(' '));
  for (const [at, { key }] of entries.entries()) {
    for (let before = 0; before < at; before++) {
      if (said[before] === said[at]) continue;
      const [one, two] = [entries[before]!.key[0]!.text, key[0]!.text];
      if (one === two || overlap(spans[before], spans[at])) {
        throw new Unknown(`“${one}” and “${two}” of a verdict map have packets in common.`);
      }
    }
  }
}

type Span = readonly [first: number, last: number] | AddressRange | undefined;

/** What a key covers, where it is a number or an address. */
function spanOf(text: string): Span {
  const readers: readonly (() => Span)[] = [
    () => {
      const { first, last } = numberRange(text, 65_535);
      return [first, last];
    },
    () => addressRange(text, 4),
    () => addressRange(text, 6),
  ];
  for (const read of readers) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
    }
  }
  return undefined;
}

function overlap(one: Span, two: Span): boolean {
  if (one === undefined || two === undefined) return false;
  if ('family' in one) return 'family' in two && intersectRanges([one], [two]).length > 0;
  return !('family' in two) && one[0] <= two[1] && two[0] <= one[1];
}

/** Takes `packets 3 bytes 180` out. */
function withoutCounts(words: readonly Token[]): Token[] {
  const at = words.findIndex(
    (word, index) => isMark(word, 'packets') && words[index - 1]?.text === 'counter',
  );
  return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + 4)];
}
