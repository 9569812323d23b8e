import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { PortState } from '../../model/port-state.ts';
import { type JournalHeader, JournalWriter, readJournal } from './journal.ts';
import { Telling } from './telling.ts';

const HEADER: JournalHeader = {
  portreeve: 'scan-resume/1',
  seed: 7,
  targets: '192.0.2.1',
  ports: { tcp: '1-100' },
  shard: '1/1',
  engines: ['auto'],
};
const KILLED = new Error('killed');

function open(port: number): PortState {
  const target = { address: '192.0.2.1', transport: 'tcp', port } as const;
  return { kind: 'port', target, state: 'open', reason: 'syn-ack', attempts: 1 };
}

describe('an open port', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-telling-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Tells ports 22 and 80 in two runs; the first ends at the second port, as `killed` says. */
  function twice(
    killed: 'before' | 'behind' | 'never',
    wasTold?: (told: number[]) => boolean,
  ): { readonly told: number[]; readonly repeated: string[] } {
    const file = join(folder, `${killed}-${wasTold}`.replaceAll(/\W/g, ''));
    const told: number[] = [];
    const tell = ({ target }: PortState): void => {
      if (killed === 'before' && target.port === 80 && told.length === 1) throw KILLED;
      told.push(target.port);
      if (killed === 'behind' && target.port === 80 && told.length === 2) throw KILLED;
    };
    const writer = new JournalWriter(file, HEADER);
    const first = new Telling({ writer, tell });
    try {
      for (const port of [22, 80]) first.tell(open(port));
    } catch (error) {
      expect(error).toBe(KILLED);
    }
    writer.close();
    if (killed === 'before') told.push(0);
    const second: Telling = new Telling({
      journal: readJournal(file),
      writer: new JournalWriter(file, undefined),
      tell: ({ target }) => told.push(target.port),
      ...(wasTold === undefined ? {} : { wasTold: () => wasTold(told) }),
    });
    for (const port of [22, 80, 443]) second.tell(open(port));
    expect(readFileSync(file, 'utf8').split('"told"').length - 1).toBe(3);
    return { told: told.filter((port) => port !== 0), repeated: second.repeated };
  }

  it.each([
    ['never', undefined, [22, 80, 443], 0],
    ['before', (): boolean => false, [22, 80, 443], 0],
    ['behind', (): boolean => true, [22, 80, 443], 0],
    ['before', undefined, [22, 80, 443], 1],
    ['behind', undefined, [22, 80, 80, 443], 1],
  ] as const)('is told once, killed %s the line, %s', (killed, wasTold, told, repeated) => {
    const done = twice(killed, wasTold);
    expect(done.told).toEqual(told);
    expect(done.repeated.length).toBe(repeated);
  });
});
