import { expect, it } from 'vitest';
import type { PortUse } from '../model/use.ts';
import { PORT_COLUMNS } from './assess-columns.ts';

const { text } = PORT_COLUMNS.find(({ key }) => key === 'service')!;

it.each<[number, string, string, PortUse['spoken'][number]['fit'], string]>([
  [6379, 'tcp', 'redis', 'usual', 'redis'],
  [8080, 'tcp', 'redis', 'other', 'redis (not http-alt)'],
  [16_384, 'udp', 'rtp', 'unusual', 'rtp'],
  [41_001, 'tcp', 'redis', 'unusual', 'redis'],
])(
  'the name of %i/%s where %s is spoken, %s there, is “%s”',
  (port, transport, protocol, fit, expected) => {
    const spoken = [{ protocol, fit, endpoints: 1, flows: 1 }];
    expect(text?.({ transport, port, spoken } as unknown as PortUse)).toBe(expected);
  },
);
