import { describe, expect, it } from 'vitest';
import { type Dice, diceOf } from '../../test/builders/policy.ts';
import { type Box, coverTriples, type Triple } from './cover.ts';

const keysOf = (boxes: readonly Box[]): Set<string> => {
  const keys = new Set<string>();
  for (const { clients, servers, services } of boxes) {
    for (const client of clients) {
      for (const server of servers) {
        for (const service of services) keys.add(`${client},${server},${service}`);
      }
    }
  }
  return keys;
};

/** The fewest boxes by trying all sets of boxes, for a handful of triples. */
function fewest(triples: readonly Triple[]): number {
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
        const keys = keysOf([{ clients, servers, services }]);
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

function someTriples(dice: Dice, most: number): Triple[] {
  const found = new Map<string, Triple>();
  const [clients, servers, services] = [2 + dice(3), 2 + dice(3), 1 + dice(3)];
  for (let count = 1 + dice(most); count > 0; count--) {
    const triple: Triple = [dice(clients), 10 + dice(servers), 20 + dice(services)];
    found.set(triple.join(), triple);
  }
  return [...found.values()];
}

describe('coverTriples', () => {
  it('holds exactly the triples, in the fewest boxes there can be', () => {
    for (let seed = 0; seed < 150; seed++) {
      const triples = someTriples(diceOf(seed), 14);
      const { boxes, atLeast } = coverTriples(triples);
      expect([...keysOf(boxes)].sort()).toEqual(triples.map((triple) => triple.join()).sort());
      const least = fewest(triples);
      expect(boxes.length, `seed ${seed}`).toBe(least);
      expect(atLeast).toBe(least);
    }
  });

  it('finds the roles of a network again', () => {
    const dice = diceOf(5);
    const triples: Triple[] = [];
    // 40 roles of 12 hosts; each role asks two others for a few services.
    for (let role = 0; role < 40; role++) {
      for (const other of [(role + 1) % 40, (role + 7) % 40]) {
        const services = [100 + dice(5), 110 + dice(5)];
        for (let client = 0; client < 12; client++) {
          for (let server = 0; server < 12; server++) {
            for (const service of services) {
              triples.push([role * 12 + client, 1000 + other * 12 + server, service]);
            }
          }
        }
      }
    }
    const { boxes } = coverTriples(triples);
    expect(keysOf(boxes).size).toBe(triples.length);
    expect(boxes.length).toBeLessThanOrEqual(80);
  });

  it('stays exact in what it holds when it must be greedy', () => {
    const dice = diceOf(8);
    const found = new Map<string, Triple>();
    for (let count = 0; count < 5000; count++) {
      const triple: Triple = [dice(60), dice(60), dice(6)];
      found.set(triple.join(), triple);
    }
    const { boxes, atLeast } = coverTriples([...found.values()]);
    expect(keysOf(boxes)).toEqual(new Set(found.keys()));
    expect(boxes.length).toBeLessThan(found.size / 2);
    expect(atLeast).toBeLessThanOrEqual(boxes.length);
  });

  it('of nothing is nothing', () => {
    expect(coverTriples([])).toEqual({ boxes: [], atLeast: 0 });
  });
});
