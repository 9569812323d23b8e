/** Sources whose attempts failed, with what else they did: the common start of scan detectors. */
import { BY_PORT, BY_TYPE, LIKELY } from '../flow-facts.ts';
import { MOST_SAMPLES, type Sample } from '../sample-lists.ts';
import { TALLY_FLOATS, TALLY_NOTE, TALLY_WORDS } from '../tally-table.ts';
import type { Case } from './case.ts';

export interface Suspect {
  readonly address: number;
  readonly family: number;
  /** Attempts to which nothing ever answered, one for each host and port. */
  readonly failed: readonly Sample[];
  /** Different pairs, hosts and ports of all failed attempts; estimates beyond 64 pairs. */
  readonly pairs: number;
  readonly hosts: number;
  readonly ports: number;
  readonly estimated: boolean;
  /** Endpoints that answered it: host, port with protocol. */
  readonly answered: readonly (readonly [host: number, port: number])[];
  /** Hosts that answered its pings. */
  readonly pinged: number;
}

/** Fewer failures are nobody's business. */
const FEWEST = 3;

/** Sources with at least three failed attempts or pings, in order of arrival. */
export function suspectsOf(c: Case): readonly Suspect[] {
  const { attempts, pings } = c.clues;
  const keys = new Map<string, { attempt: number; ping: number }>();
  for (let entry = 0; entry < attempts.count; entry++) {
    if (attempts.kept(entry) < FEWEST) continue;
    keys.set(`${attempts.key(entry, 0)} ${attempts.key(entry, 1)}`, { attempt: entry, ping: -1 });
  }
  for (let entry = 0; entry < pings.count; entry++) {
    if (pings.kept(entry) < FEWEST) continue;
    const key = `${pings.key(entry, 0)} ${pings.key(entry, 1)}`;
    if (!keys.has(key)) keys.set(key, { attempt: -1, ping: entry });
  }
  if (keys.size === 0) return [];
  const successes = successesOf(c, keys);
  return [...keys].map(([key, { attempt }]) => {
    const [address, family] = key.split(' ').map(Number) as [number, number];
    const { answered, pinged } = successes.get(key) ?? { answered: [], pinged: 0 };
    const failed = attempt < 0 ? [] : failedOf(c, attempt, address, family);
    return { address, family, failed, ...totalsOf(c, attempt, failed), answered, pinged };
  });
}

function failedOf(c: Case, entry: number, address: number, family: number): Sample[] {
  return c.clues.attempts.samples(entry).filter(({ first, second }) => {
    return !c.answered(address, first, second & 0xffff, (second >>> 16) | family);
  });
}

function totalsOf(c: Case, entry: number, failed: readonly Sample[]) {
  if (entry >= 0 && c.clues.attempts.kept(entry) === MOST_SAMPLES) {
    const { things, firsts, seconds, estimated } = c.clues.attempts.totals(entry);
    if (things > 0) return { pairs: things, hosts: firsts, ports: seconds, estimated };
  }
  return {
    pairs: failed.length,
    hosts: new Set(failed.map(({ first }) => first)).size,
    ports: new Set(failed.map(({ second }) => second)).size,
    estimated: false,
  };
}

interface Successes {
  readonly answered: (readonly [number, number])[];
  pinged: number;
}

/** What answered the sources, from one walk over all conversations. */
function successesOf(c: Case, keys: ReadonlyMap<string, unknown>): Map<string, Successes> {
  const { words, floats, count } = c.traffic.conversations;
  const found = new Map<string, Successes>();
  for (let entry = 0; entry < count; entry++) {
    const word = entry * TALLY_WORDS;
    const kind = words[word + 2]!;
    const listing = (kind >>> 25) & 3;
    if (listing !== BY_PORT && listing !== BY_TYPE) continue;
    const key = `${words[word]} ${(kind >>> 16) & 0x100}`;
    if (!keys.has(key)) continue;
    let successes = found.get(key);
    if (successes === undefined) {
      successes = { answered: [], pinged: 0 };
      found.set(key, successes);
    }
    if (listing === BY_PORT) {
      if ((words[word + TALLY_NOTE]! & 15) <= LIKELY) {
        successes.answered.push([words[word + 1]!, kind & 0xffffff]);
      }
    } else if (isEcho(kind) && floats[word / 2 + TALLY_FLOATS + 3]! > 0) successes.pinged++;
  }
  return found;
}

function isEcho(kind: number): boolean {
  const protocol = (kind >>> 16) & 0xff;
  return (protocol === 1 && (kind & 0xffff) === 8) || (protocol === 58 && (kind & 0xffff) === 128);
}
