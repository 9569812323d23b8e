import { describe, expect, it } from 'vitest';
import { cellsOf, fewestBoxes, someTriples } from '../../test/builders/fewest-boxes.ts';
import { diceOf } from '../../test/builders/policy.ts';
import { coverTriples, type Triple } from './cover.ts';

describe('coverTriples', () => {
  it('holds exactly the triples, in the fewest boxes there can be', () => {
    for (let seed = 0; seed < 150; seed++) {
      const triples = someTriples(diceOf(seed), 14);
      const { boxes, atLeast } = coverTriples(triples);
      expect([...cellsOf(boxes)].sort()).toEqual(triples.map((triple) => triple.join()).sort());
      const least = fewestBoxes(triples);
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
    expect(cellsOf(boxes).size).toBe(triples.length);
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
    expect(cellsOf(boxes)).toEqual(new Set(found.keys()));
    expect(boxes.length).toBeLessThan(found.size / 2);
    expect(atLeast).toBeLessThanOrEqual(boxes.length);
  });

  it('of nothing is nothing', () => {
    expect(coverTriples([])).toEqual({ boxes: [], atLeast: 0 });
  });
});
