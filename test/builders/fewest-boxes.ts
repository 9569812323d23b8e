/** The fewest boxes that hold exactly some triples, by trying all sets of boxes: an oracle. */
import type { Box, Triple } from '../../src/policy/cover.ts';
import type { Dice } from './policy.ts';

/** The cells of some boxes, as text. */
export function cellsOf(boxes: readonly Box[]): Set<string> {
  const keys = new Set<string>();
  for (const { clients, servers, services } of boxes) {
    for (const client of clients) {
      for (const server of servers) {
        for (const service of services) keys.add(`${client},${server},${service}`);
      }
    }
  }
  return keys;
}

/** For a handful of triples only: it takes exponential time. */
export function fewestBoxes(triples: readonly Triple[]): number {
  const wanted = new Set(triples.map((triple) => triple.join()));
  const axes = [0, 1, 2].map((axis) => [...new Set(triples.map((triple) => triple[axis]!))]);
  const subsets = (values: readonly number[]) =>
    Array.from({ length: 2 ** values.length - 1 }, (_, bits) =>
      values.filter((_value, at) => ((bits + 1) >> at) & 1),
    );
  const boxes: Set<string>[] = [];
  for (const clients of subsets(axes[0]!)) {
    for (const servers of subsets(axes[1]!)) {
      for (const services of subsets(axes[2]!)) {
        const keys = cellsOf([{ clients, servers, services }]);
        if ([...keys].every((key) => wanted.has(key))) boxes.push(keys);
      }
    }
  }
  const largest = boxes.filter(
    (box) =>
      !boxes.some((other) => other.size > box.size && [...box].every((key) => other.has(key))),
  );
  for (let count = 1; ; count++) if (reach(largest, wanted, count)) return count;
}

function reach(boxes: readonly Set<string>[], open: ReadonlySet<string>, count: number): boolean {
  const [first] = open;
  if (first === undefined) return true;
  if (count === 0) return false;
  return boxes
    .filter((box) => box.has(first))
    .some((box) => reach(boxes, new Set([...open].filter((key) => !box.has(key))), count - 1));
}

/** Up to `most` different triples of up to four clients, four servers and three services. */
export function someTriples(dice: Dice, most: number): Triple[] {
  const found = new Map<string, Triple>();
  const [clients, servers, services] = [2 + dice(3), 2 + dice(3), 1 + dice(3)];
  for (let count = 1 + dice(most); count > 0; count--) {
    const triple: Triple = [dice(clients), 10 + dice(servers), 20 + dice(services)];
    found.set(triple.join(), triple);
  }
  return [...found.values()];
}
