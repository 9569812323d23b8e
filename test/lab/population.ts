/** Random sockets in random processes inside a namespace, to compare what tools see of them. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Space } from './lab.ts';

const PROGRAM = fileURLToPath(new URL('population.pl', import.meta.url));
const WAIT_MS = 120_000;

/** mulberry32: the same population for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface PopulationSize {
  readonly processes: number;
  /** At most, each. */
  readonly sockets: number;
}

const PLACES: readonly (readonly [family: string, address: string, scope: number])[] = [
  ['4', '0.0.0.0', 0],
  ['4', '127.0.0.1', 0],
  ['4', '10.9.0.1', 0],
  ['4', '127.3.2.1', 0],
  ['6', '::', 0],
  ['6', '::1', 0],
  ['6', 'fd00:9::1', 0],
  ['6', '::ffff:127.0.0.1', 0],
  ['6', '::ffff:10.9.0.1', 0],
];

const NAMES = ['web', 'a-very-long-name-of-a-program', 'x"y', 'p,q)', '(z)', 'ünicode', 'a=b;c'];

/** Text for population.pl and the number of processes that will answer. */
export function describePopulation(
  seed: number,
  size: PopulationSize,
): { text: string; count: number } {
  const chance = random(seed);
  const below = (limit: number): number => Math.floor(chance() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;
  const lines: string[] = [];
  let count = 0;
  for (let index = 0; index < size.processes; index++) {
    const copies = chance() < 0.15 ? 1 + below(3) : 0;
    count += 1 + copies;
    lines.push(`process ${pick(NAMES)}${index} ${copies}`);
    for (let socket = 1 + below(size.sockets); socket > 0; socket--) {
      const [family, address, scope] = pick(PLACES);
      const mapped = address.startsWith('::ffff:');
      const v6Only = mapped ? 0 : below(2);
      const device = chance() < 0.1 ? pick(['lo', 'eth0']) : '-';
      const port = 1024 + below(60_000);
      lines.push(
        `socket ${family} ${pick(['tcp', 'udp'])} ${address} ${port} ${scope} ${v6Only} ${device} ${1 + below(500)}`,
      );
    }
  }
  return { text: `${lines.join('\n')}\n`, count };
}

/** Starts it and waits until every process has its sockets. */
export async function populate(
  space: Space,
  seed: number,
  size: PopulationSize,
): Promise<ChildProcess> {
  const { text, count } = describePopulation(seed, size);
  const child = space.start('perl', [PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin!.end(text);
  await new Promise<void>((resolve, reject) => {
    let ready = 0;
    const late = setTimeout(
      () => reject(new Error(`only ${ready} of ${count} are ready`)),
      WAIT_MS,
    );
    child.stdout!.on('data', (chunk: Buffer) => {
      ready += chunk.length;
      if (ready < count) return;
      clearTimeout(late);
      resolve();
    });
  });
  return child;
}
