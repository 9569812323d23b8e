/**
 * Verdict maps in a rule of nftables, `tcp dport vmap { 22 : accept, 80 : jump web }`, written out as
 * one rule for each key: keys are apart from each other, and what has none of them goes on to the
 * next rule (nft(8), VMAPS).
 */
import type { Token } from './nftables-tokens.ts';
import { Unknown } from './nftables-values.ts';

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
  const open = words[map + 1];
  if (open === undefined || !isMark(open, '{')) {
    throw new Unknown('A map by name may change; only one that stands in the rule is read.');
  }
  // Maps hold no blocks, but line ends.
  const close = words.findIndex((token, at) => at > map && isMark(token, '}'));
  if (close < 0) throw new Unknown('The verdict map is not closed.');
  const entries = entriesOf(words.slice(map + 2, close));
  // What was counted was counted for all keys together.
  const [before, after] = [words.slice(0, map), words.slice(close + 1)].map(withoutCounts);
  const rules = entries.flatMap(({ key, verdict }) => [
    ...[...before!, ...key, ...after!, ...verdict],
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

/** Takes `packets 3 bytes 180` out. */
function withoutCounts(words: readonly Token[]): Token[] {
  const at = words.findIndex(
    (word, index) => isMark(word, 'packets') && words[index - 1]?.text === 'counter',
  );
  return at < 0 ? [...words] : [...words.slice(0, at), ...words.slice(at + 4)];
}
