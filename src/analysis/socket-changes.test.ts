import { describe, expect, it } from 'vitest';
import type { Connection } from '../model/connection.ts';
import type { Listener } from '../model/listener.ts';
import { socketChanges } from './socket-changes.ts';

const listener = (port: number, pid: number, more: Partial<Listener> = {}): Listener => ({
  kind: 'listener',
  local: { address: '0.0.0.0', transport: 'tcp', port },
  state: 'listening',
  exposure: 'every-address',
  acceptsIPv4: 'yes',
  owner: { kind: 'processes', processes: [{ pid, name: 'p', commandLine: [] }] },
  evidence: { source: 'proc', seenMs: pid, locator: `inode ${port}` },
  ...more,
});
const connection = (port: number, state: Connection['state']): Connection => ({
  kind: 'connection',
  local: { address: '10.0.0.5', transport: 'tcp', port },
  remote: { address: '10.0.0.9', port: 443 },
  state,
  owner: { kind: 'kernel' },
  evidence: { source: 'proc', seenMs: 0, locator: '' },
});
const look = (listeners: Listener[], connections: Connection[] = []) => ({
  listeners,
  connections,
});
const words = (before: ReturnType<typeof look>, after: ReturnType<typeof look>): string[] =>
  socketChanges(before, after).map(({ kind, socket }) => `${kind} ${socket.local.port}`);

describe('changes', () => {
  it.each<[string, ReturnType<typeof look>, ReturnType<typeof look>, string[]]>([
    [
      'none',
      look([listener(1, 1)]),
      look([listener(1, 1, { evidence: listener(2, 2).evidence })]),
      [],
    ],
    ['opened', look([]), look([listener(1, 1)]), ['opened 1']],
    ['closed', look([listener(1, 1)]), look([]), ['closed 1']],
    ['another process', look([listener(1, 1)]), look([listener(1, 2)]), ['closed 1', 'opened 1']],
    [
      'one of several alike',
      look([listener(1, 1), listener(1, 1)]),
      look([listener(1, 1)]),
      ['closed 1'],
    ],
    [
      'another namespace',
      look([listener(1, 1)]),
      look([listener(1, 1), listener(1, 1, { network: 'n' })]),
      ['opened 1'],
    ],
    [
      'a connection that moves on',
      look([], [connection(5, 'established')]),
      look([], [connection(5, 'time-wait')]),
      [],
    ],
    [
      'a connection that ends',
      look([], [connection(5, 'established')]),
      look([], [connection(6, 'established')]),
      ['closed 5', 'opened 6'],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(words(before, after)).toEqual(expected);
  });
});
