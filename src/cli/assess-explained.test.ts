/** Which entry of the catalogue explains a port: that of what is spoken, or that of the number. */
import { describe, expect, it } from 'vitest';
import type { PortFit } from '../model/spoken.ts';
import type { PortUse } from '../model/use.ts';
import { explainedTable } from './assess-explained.ts';

function used(port: number, ...spoken: readonly (readonly [string, PortFit])[]): PortUse {
  const use: Partial<PortUse> = {
    ...{ transport: 'tcp', port, direction: 'known', status: 'answered', packets: 4 },
    spoken: spoken.map(([protocol, fit]) => ({ protocol, fit, endpoints: 1, flows: 1 })),
  };
  return use as PortUse;
}

describe('what a port is for', () => {
  it.each([
    ['its own protocol', used(443, ['tls', 'usual']), '443/tcp  HTTPS', false],
    ['nothing heard', used(443), '443/tcp  HTTPS', false],
    [
      'another protocol on a port of some protocol',
      used(443, ['ssh', 'other']),
      '443/tcp  SSH, by what is spoken there; the port is that of: HTTPS',
      false,
    ],
    [
      'a port without an entry',
      used(4, ['ssh', 'unusual']),
      '4/tcp  SSH, by what is spoken there',
      false,
    ],
    // What stands on a port of its own and merely uses the protocol is told by its port.
    ['a product', used(6432, ['postgresql', 'unusual']), '6432/tcp  PgBouncer', true],
    [
      'a product with a web page',
      used(6379, ['http', 'other']),
      '6379/tcp  Redis and Valkey',
      true,
    ],
    [
      'a name that is only an alias',
      used(4369, ['tls', 'other']),
      '4369/tcp  Erlang port mapper',
      true,
    ],
    ['several', used(443, ['ssh', 'other'], ['tls', 'usual']), '443/tcp  HTTPS', true],
  ])('%s', (_, use, heading, speaks) => {
    const { rows, card } = explainedTable([use], [], 8);
    const [shown] = [...rows].map((row) => card!(row));
    expect(shown?.heading).toBe(heading);
    expect(shown?.parts.some(({ label }) => label === 'speaks')).toBe(speaks);
  });
});
