import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REACHES, type Reach } from './surface.ts';
import { onePerPort, type SurfacePort, surfaceChanges } from './surface-changes.ts';

const at = (port: number, reach: Reach, ...processes: string[]): SurfacePort => ({
  transport: 'tcp',
  port,
  reach,
  processes,
});

describe('changes of the attack surface', () => {
  it.each<[string, SurfacePort[], SurfacePort[], string[]]>([
    ['nothing', [at(22, 'anywhere', 'sshd')], [at(22, 'anywhere', 'sshd')], []],
    ['a new one', [], [at(22, 'this-machine')], ['new 22']],
    ['one that is gone', [at(22, 'this-machine')], [], ['gone 22']],
    ['more reach', [at(80, 'this-machine')], [at(80, 'local-network')], ['wider 80']],
    ['less reach', [at(80, 'anywhere')], [at(80, 'local-network')], ['narrower 80']],
    [
      'another program',
      [at(80, 'anywhere', 'nginx')],
      [at(80, 'anywhere', 'nc')],
      ['other-process 80'],
    ],
    [
      'another program that is reached from less far: the program is what matters',
      [at(80, 'anywhere', 'nginx')],
      [at(80, 'this-machine', 'nc')],
      ['other-process 80'],
    ],
    ['a program that is not known now', [at(80, 'anywhere', 'nginx')], [at(80, 'anywhere')], []],
    ['a program that was not known', [at(80, 'anywhere')], [at(80, 'anywhere', 'nginx')], []],
    [
      'several, what widens first',
      [at(1, 'anywhere'), at(2, 'this-machine'), at(3, 'anywhere'), at(9, 'anywhere')],
      [at(9, 'local-network'), at(3, 'anywhere'), at(2, 'anywhere'), at(4, 'anywhere')],
      ['new 4', 'wider 2', 'narrower 9', 'gone 1'],
    ],
  ])('says %s', (_what, before, now, expected) => {
    const changes = surfaceChanges(before, now);
    expect(changes.map((each) => `${each.kind} ${(each.now ?? each.before)!.port}`)).toEqual(
      expected,
    );
  });

  it('tells transports apart, and takes the widest of several services on a port', () => {
    const ports = onePerPort([
      at(53, 'this-machine', 'b'),
      { ...at(53, 'anywhere', 'c'), transport: 'udp' },
      at(53, 'local-network', 'a', 'b'),
    ]);
    expect(ports).toEqual([
      at(53, 'local-network', 'a', 'b'),
      { ...at(53, 'anywhere', 'c'), transport: 'udp' },
    ]);
  });

  it('is empty for the same, and turns round with the sides', () => {
    const ports = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(...REACHES)))
      .map((list) => onePerPort(list.map(([port, reach]) => at(port, reach))));
    const turned = { new: 'gone', gone: 'new', wider: 'narrower', narrower: 'wider' };
    fc.assert(
      fc.property(ports, ports, (before, now) => {
        expect(surfaceChanges(now, now)).toEqual([]);
        const back = surfaceChanges(now, before).map(({ kind, ...each }) => ({
          kind: turned[kind as keyof typeof turned],
          port: (each.now ?? each.before)!.port,
        }));
        const there = surfaceChanges(before, now).map(({ kind, ...each }) => ({
          kind,
          port: (each.now ?? each.before)!.port,
        }));
        const sorted = (list: { kind: string; port: number }[]): string[] =>
          list.map(({ kind, port }) => `${kind} ${port}`).sort();
        expect(sorted(there)).toEqual(sorted(back));
      }),
    );
  });
});
