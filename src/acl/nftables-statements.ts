/** Parts of an nftables rule that say nothing of addresses: TCP flags, counters, logs, limits (nft(8)). */
import type { FlagsMatch } from '../net/header-match.ts';
import { flagMatches } from './flag-matches.ts';
import { FLAGS } from './nftables-names.ts';
import { type Reader, Unknown } from './nftables-values.ts';

/** `syn`, `== syn`, `& (fin | syn) == syn`, `syn / fin,syn,rst,ack`. */
export function readFlags(reader: Reader): FlagsMatch[] {
  if (reader.take('&')) {
    const mask = flagWord(reader);
    const negated = reader.take('!=');
    if (!negated) reader.expect('==');
    return flagMatches(mask, flagWord(reader), negated);
  }
  // `! psh,urg`: none of them.
  if (reader.take('!')) return [{ mask: flagWord(reader), value: 0 }];
  const negated = reader.take('!=');
  const exact = !negated && reader.take('==');
  const value = flagWord(reader);
  if (!exact && reader.take('/')) return flagMatches(flagWord(reader), value, negated);
  if (exact || negated) return flagMatches(255, value, negated);
  // A bare word asks whether any of its flags is set.
  const held: FlagsMatch[] = [];
  for (let bit = 1; bit < 256; bit <<= 1) if (value & bit) held.push({ mask: bit, value: bit });
  return held;
}

/** A number or flags joined by `|` or `,`, with or without parentheses. */
function flagWord(reader: Reader): number {
  const inside = reader.take('(');
  let value = 0;
  do {
    const word = reader.next();
    const flag = FLAGS.get(word) ?? (/^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(word) ? +word : 256);
    if (flag > 255) throw new Unknown(`“${word}” is not a TCP flag.`);
    value |= flag;
  } while (reader.take('|') || reader.take(','));
  if (inside) reader.expect(')');
  return value;
}

/** Numbers of packets and octets so far, or the name of a counter. Returns the packets, if told. */
export function readCounter(reader: Reader): number | undefined {
  const packets = reader.take('packets') ? readNumber(reader) : undefined;
  if (reader.take('bytes')) readNumber(reader);
  if (reader.take('name')) reader.string();
  return packets;
}

function readNumber(reader: Reader): number {
  const word = reader.next();
  if (!/^\d{1,20}$/.test(word)) throw new Unknown(`“${word}” is not a number.`);
  return Number(word);
}

/** Text before a log's lines. */
export function readLog(reader: Reader): string {
  let prefix = '';
  for (;;) {
    if (reader.take('prefix')) prefix = reader.string();
    else if (reader.take('group') || reader.take('snaplen') || reader.take('queue-threshold')) {
      readNumber(reader);
    } else if (reader.take('level') || reader.take('flags')) {
      const word = reader.next();
      if (!/^[a-z]+$/.test(word)) throw new Unknown(`“${word}” is not known in a log.`);
    } else break;
  }
  return prefix;
}

/** `rate 5/second burst 10 packets`, as packets in a second. */
export function readLimit(reader: Reader): number {
  reader.expect('rate');
  if (reader.take('over')) throw new Unknown('“limit rate over” depends on time.');
  const word = reader.next();
  const [, count, unit] = /^(\d{1,9})\/(second|minute|hour|day|week)$/.exec(word) ?? [];
  if (count === undefined) throw new Unknown(`“${word}” is not a rate.`);
  const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };
  if (reader.take('burst')) {
    readNumber(reader);
    reader.expect('packets');
  }
  return Number(count) / seconds[unit as keyof typeof seconds];
}
