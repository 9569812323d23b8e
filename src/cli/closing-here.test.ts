import { describe, expect, it } from 'vitest';
import type { SurfaceItem } from '../analysis/surface.ts';
import { entryNamed, entryOf } from '../catalog/entries.ts';
import type { Listener } from '../model/listener.ts';
import type { Process } from '../model/process.ts';
import type { UnitTies } from '../model/unit-ties.ts';
import { closingSteps, unitSteps, unitsHolding } from './closing-here.ts';

function held(processes: readonly Process[], activation?: string): SurfaceItem {
  const owner =
    processes.length === 0
      ? { kind: 'unknown', because: 'privilege' }
      : { kind: 'processes', processes };
  return {
    transport: 'tcp',
    port: 6379,
    reach: 'anywhere',
    because: '',
    concern: 'error',
    reasons: ['open'],
    listeners: [{ owner, ...(activation === undefined ? {} : { activation }) } as Listener],
    rows: [],
    entry: entryOf(entryNamed('redis')!),
  };
}

const program = (name: string, more: Partial<Process> = {}): Process => ({
  pid: 7,
  name,
  commandLine: [name],
  ...more,
});
const none = (): readonly UnitTies[] => [];
const tie = (unit: string, more: Partial<UnitTies> = {}): UnitTies => ({
  ...{ unit, names: [unit], triggeredBy: [], triggers: [], pulledInBy: [], endsWith: [] },
  ...more,
});

describe('closing on this machine', () => {
  it('stops what starts the unit with it, and says what follows', () => {
    const item = held([program('systemd', { pid: 1, unit: 'init.scope' })], 'cups.socket');
    const cupsd = program('cupsd', { unit: 'cups.service' });
    const both = { ...item, listeners: [...item.listeners, ...held([cupsd]).listeners] };
    expect(unitsHolding(both)).toEqual(['cups.socket', 'cups.service']);
    const ties = [
      tie('cups.service', { triggeredBy: ['cups.path', 'cups.socket'], endsWith: ['x.service'] }),
      tie('cups.socket', {
        triggers: ['cups.service'],
        pulledInBy: ['cups.service', 'browsed.service'],
      }),
    ];
    expect(closingSteps(both, () => ties)).toEqual([
      {
        run: 'systemctl stop cups.path cups.socket cups.service; systemctl disable cups.path cups.socket cups.service',
      },
      { say: 'started again by browsed.service, where that is in use: mask it then instead' },
      { say: 'with it ends x.service, if it runs' },
    ]);
  });

  it('names units that have no file, and quotes odd names', () => {
    const item = held([program('a', { unit: 'a\\x2db.service' })]);
    expect(closingSteps(item, none)).toEqual([
      { run: "systemctl stop 'a\\x2db.service'; systemctl disable 'a\\x2db.service'" },
    ]);
    expect(unitsHolding(held([program('a', { unit: 'a b;c.service' })]))).toEqual([]);
  });

  it('leaves a user’s unit to that user', () => {
    expect(
      closingSteps(held([program('sync', { unit: 's.service', unitOf: 1000 })]), none),
    ).toEqual([
      { say: 'as user 1000, whose unit it is:' },
      { run: 'systemctl --user disable --now s.service' },
    ]);
  });

  it('stops containers by their runtime', () => {
    const container = { runtime: 'docker', id: '3f4e5d6c7b8a' } as const;
    expect(closingSteps(held([program('redis-server', { container })]), none)).toEqual([
      { run: 'docker stop 3f4e5d6c7b8a' },
    ]);
  });

  it('takes of the catalogue’s units those that are here, else all it says', () => {
    const asked: string[][] = [];
    const steps = closingSteps(held([]), (units) => {
      asked.push([...units]);
      return [tie('redis-server.service')];
    });
    expect(steps).toEqual([
      { run: 'systemctl stop redis-server.service; systemctl disable redis-server.service' },
    ]);
    expect(asked[0]).toContain('redis-server.service');
    expect(closingSteps(held([]), none).length).toBeGreaterThan(1);
  });

  it('does not stop the catalogue’s service for another program', () => {
    expect(closingSteps(held([program('python3')]), () => [tie('redis-server.service')])).toEqual([
      { say: expect.stringContaining('process 7') },
    ]);
  });

  it('leaves alone what only this machine reaches', () => {
    const item = { ...held([program('redis-server')]), reach: 'this-machine', concern: 'ok' };
    expect(closingSteps(item as SurfaceItem, none)).toEqual([]);
  });

  it('counts what is too much to name', () => {
    const endsWith = Array.from({ length: 9 }, (_, index) => `u${index}.service`);
    expect(unitSteps([tie('a.service', { endsWith })])[1]).toEqual({
      say: expect.stringMatching(/u5\.service and 3 more, if it runs$/),
    });
  });
});
