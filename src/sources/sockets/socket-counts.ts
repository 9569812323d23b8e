/**
 * How many sockets of a kind a network namespace has (`/proc/net/sockstat` and `sockstat6`, proc(5)):
 *
 *     TCP: inuse 4 orphan 0 tw 0 alloc 5 mem 1
 *     UDP6: inuse 2
 *
 * The kernel keeps the sockets of all namespaces in one table and walks the whole of it for each
 * that is asked for; counts it has at hand. Connections that wait to end are not among them.
 */
import { readFileSync } from 'node:fs';

/** By the names of the tables under /proc/net. Undefined: not known, for tables it does not name. */
export function parseSocketCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, name, inUse] of text.matchAll(/^([A-Z]+6?): inuse (\d+)/gm)) {
    counts.set(name!.toLowerCase(), Number(inUse));
  }
  return counts;
}

/** Of the network namespace we are in. Empty where the files cannot be read. */
export function socketCounts(root: string): Map<string, number> {
  try {
    const texts = ['sockstat', 'sockstat6'].map((name) =>
      readFileSync(`${root}/net/${name}`, 'latin1'),
    );
    return parseSocketCounts(texts.join('\n'));
  } catch {
    return new Map();
  }
}
