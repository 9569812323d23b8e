/** Open ports asked in a time of their own: what was announced must come, or bound what comes. */
import { describe, expect, it } from 'vitest';
import type { PortState } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';
import { ServiceOutlook } from './service-outlook.ts';
import { ServiceQueue, type Turn } from './service-queue.ts';

const LIMITS = { atOnce: 96, listened: 12, questioned: 16, few: 100, alike: 256 };
const LISTENED_MS = 1500;
const QUESTIONED_MS = 27_000;

/** What a port does: says this after so long, or nothing until the question after so long. */
type Manner = { readonly says: string; readonly ms: number } | { readonly questionedMs: number };
const SILENT: Manner = { questionedMs: QUESTIONED_MS };
const greets = (ms: number, says = 'ssh'): Manner => ({ says, ms });

function hostOf(ports: number, address: string): ScannedHost {
  const open = { kind: 'port', state: 'open', reason: 'syn-ack', attempts: 1 } as const;
  return {
    ...{ kind: 'host', address, names: [], status: 'up', statusReason: 'user-set', groups: [] },
    ports: Array.from(
      { length: ports },
      (_, index): PortState => ({
        ...open,
        target: { address, transport: 'tcp', port: index + 1 },
      }),
    ),
  };
}

interface Run {
  readonly wholeMs: number;
  readonly unasked: number;
  readonly asked: number;
  readonly unquestioned: number;
  readonly mostAtOnce: number;
  readonly moments: readonly { readonly ms: number; readonly said: number; bound: unknown }[];
}

/** Asks hosts whose ports behave so, step by step. */
async function asked(hosts: readonly (readonly Manner[])[]): Promise<Run> {
  let now = 0;
  const scanned = hosts.map((manners, index) => hostOf(manners.length, `192.0.2.${index + 1}`));
  const queue = new ServiceQueue(
    scanned,
    LIMITS,
    () => false,
    () => now,
  );
  const outlook = new ServiceOutlook(queue, { briefMs: LISTENED_MS, questionedMs: QUESTIONED_MS });
  const events: { atMs: number; act: () => void }[] = [];
  const moments: { ms: number; said: number; bound: unknown }[] = [];
  let [count, mostAtOnce] = [0, 0];
  const mannerOf = ({ port, asked: { host } }: Turn): Manner =>
    hosts[scanned.indexOf(host)]![port.target.port - 1]!;
  const finish = (turn: Turn, answer: string): void => {
    outlook.done(turn, now);
    queue.done(turn, answer);
  };
  const begin = (turn: Turn): void => {
    count++;
    const manner = mannerOf(turn);
    if ('says' in manner) {
      events.push({ atMs: now + manner.ms, act: () => finish(turn, manner.says) });
      return;
    }
    const question = (): void => {
      outlook.heard(turn, now);
      void queue.mayQuestion(turn).then((go) => {
        const answer = manner.questionedMs < QUESTIONED_MS ? 'late' : '';
        if (go) events.push({ atMs: now + manner.questionedMs, act: () => finish(turn, answer) });
        else finish(turn, '');
      });
    };
    events.push({ atMs: now + LISTENED_MS, act: question });
  };
  for (; queue.hosts.size > 0; now += 50) {
    for (const event of events.filter(({ atMs }) => atMs <= now)) {
      events.splice(events.indexOf(event), 1);
      event.act();
    }
    await new Promise<void>((resolve) => resolve());
    await new Promise<void>((resolve) => resolve());
    for (let turn = queue.next(); turn !== undefined; turn = queue.next()) begin(turn);
    mostAtOnce = Math.max(mostAtOnce, events.length);
    const left = outlook.left(now);
    if (left !== undefined) moments.push({ ms: now, said: left.ms, bound: left.bound });
  }
  const unasked = queue.unasked.reduce((sum, { ports }) => sum + ports, 0);
  const unquestioned = queue.unquestioned.reduce((sum, { ports }) => sum + ports, 0);
  return { wholeMs: now, unasked, unquestioned, asked: count, mostAtOnce, moments };
}

const times = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

describe('the time left for services', () => {
  it.each<[string, (readonly Manner[])[]]>([
    ['all greet', [times(200, () => greets(300))]],
    ['all greet with this and that', [times(800, (at) => greets(300, `${at % 9}`))]],
    ['all are silent', [times(10, () => SILENT)]],
    ['ten thousand are silent', [times(10_000, () => SILENT)]],
    ['one in six is silent', [times(60, (at) => (at % 6 === 5 ? SILENT : greets(400)))]],
    ['one in fifty is silent', [times(600, (at) => (at % 50 ? greets(400, `${at % 7}`) : SILENT))]],
    ['all kinds', [times(80, (at) => greets(300 + ((at * 7919) % 13) * 900))]],
    [
      'many hosts',
      times(40, (host) => times(12, (at) => (host * at === 77 ? SILENT : greets(900)))),
    ],
    ['forty are silent', [times(40, () => SILENT)]],
    ['many answer late', [times(300, (at) => (at % 3 ? greets(300) : { questionedMs: 6000 }))]],
    ['some answer late', [times(40, (at) => (at % 4 ? greets(300) : { questionedMs: 9000 }))]],
  ])('is within a quarter after a tenth: %s', async (_name, hosts) => {
    const { wholeMs, moments } = await asked(hosts);
    const wrong = moments.filter(({ ms, said, bound }) => {
      const came = wholeMs - ms;
      if (ms < 0.1 * wholeMs || Math.abs(said - came) < 500) return false;
      if (bound === 'most') return said < came;
      return said > 1.25 * came || (said < 0.75 * came && bound !== 'least');
    });
    const told = wrong.map(
      ({ ms, said, bound }) => `${bound ?? ''} ${Math.round(said)} ms, ${wholeMs - ms} came`,
    );
    expect(told).toEqual([]);
  });

  it('is not known before any port says something of the others', () => {
    let now = 0;
    const queue = new ServiceQueue(
      [hostOf(30, '192.0.2.1')],
      LIMITS,
      () => false,
      () => now,
    );
    const outlook = new ServiceOutlook(queue, {
      briefMs: LISTENED_MS,
      questionedMs: QUESTIONED_MS,
    });
    expect(queue.next()).toBeDefined();
    now = 10;
    expect(outlook.left(now)).toBeUndefined();
    now = 2000;
    expect(outlook.left(now)).toMatchObject({ bound: 'least' });
  });
});

describe('ports that tell nothing', () => {
  it('are done in a minute, however many: a few in full, others briefly, most not at all', async () => {
    const {
      wholeMs,
      asked: count,
      unasked,
      mostAtOnce,
    } = await asked([times(60_000, () => SILENT)]);
    expect(wholeMs).toBeLessThan(70_000);
    expect(count + unasked).toBe(60_000);
    expect(count).toBeLessThan(300);
    expect(mostAtOnce).toBeLessThanOrEqual(LIMITS.listened + LIMITS.questioned);
  });

  it('are questioned one after the other where some of them do answer', async () => {
    const manners = times(100, (at) => (at < 50 ? { questionedMs: 6000 } : SILENT));
    const { asked: count, unasked } = await asked([manners]);
    expect([count, unasked]).toEqual([100, 0]);
  });

  it('are all questioned where they are few, or as long as enough of them tell something', async () => {
    const few = await asked([times(90, () => SILENT)]);
    expect(few.unquestioned).toBe(0);
    const telling = times(300, (at) => (at % 4 ? SILENT : { questionedMs: 6000 }));
    expect((await asked([telling])).unquestioned).toBe(0);
    const many = await asked([times(101, () => SILENT)]);
    expect(many.unquestioned).toBe(101 - LIMITS.questioned);
  });

  it('keep nobody else waiting', async () => {
    const { wholeMs } = await asked([
      times(2000, () => SILENT),
      ...times(20, () => times(20, () => greets(400))),
    ]);
    expect(wholeMs).toBeLessThan(70_000);
  });
});
