/** Frames to flows, with the flow table in this thread and in a worker: both must agree. */
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  batchesOf,
  INTERFACES,
  START,
  type Step,
  step,
  tcpTalk,
  udpTalk,
} from '../../../test/builders/conversation.ts';
import { type WorkerPrograms, workerPrograms } from '../../../test/builders/flow-worker.ts';
import { icmp4, ipv4, udp } from '../../../test/builders/packet.ts';
import type { FlowVisitor } from '../../flow/flow-set.ts';
import { flowOf, type Names } from '../../flow/flow-view.ts';
import type { Flow } from '../../model/flow.ts';
import type { FrameBatch, FrameSource } from '../../wire/frame-batch.ts';
import { type ObserveOptions, observe } from './observe.ts';

let programs: WorkerPrograms;
beforeAll(async () => {
  programs = await workerPrograms();
});
afterAll(() => programs.remove());

/** A source that never gives the event loop a turn, the hardest case for a worker's messages. */
function sourceOf(batches: readonly FrameBatch[], repeat = 1): FrameSource {
  let next = 0;
  return {
    interfaces: INTERFACES,
    next: () =>
      Promise.resolve(
        next < batches.length * repeat ? batches[next++ % batches.length] : undefined,
      ),
    close: () => Promise.resolve(),
  };
}

interface Result {
  readonly flows: Flow[];
  readonly evicted: Flow[];
  readonly numbers: Readonly<Record<string, unknown>>;
}

async function run(source: FrameSource, options: ObserveOptions = {}): Promise<Result> {
  const evicted: Flow[] = [];
  const into =
    (names: Names, list: Flow[]): FlowVisitor =>
    (chunk, base, decision, extensions) => {
      list.push(flowOf(names, extensions, chunk, base, decision));
    };
  const seen = await observe(source, { ...options, onEvicted: (names) => into(names, evicted) });
  const flows: Flow[] = [];
  seen.flows.visit(into(seen.names, flows));
  const { firstMs, lastMs, evicted: count, evictedLive, orphanErrors, stopped } = seen;
  return {
    flows,
    evicted,
    numbers: { firstMs, lastMs, count, evictedLive, orphanErrors, stopped },
  };
}

/** Both ways of running must give the same flows in the same order. */
async function bothAgree(
  source: () => Promise<FrameSource> | FrameSource,
  options: ObserveOptions = {},
) {
  const here = await run(await source(), options);
  const there = await run(await source(), { ...options, worker: programs.worker });
  expect(there).toEqual(here);
  return here;
}

/** Threads of this process, where the system tells. */
function threads(): number {
  return existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0;
}

let people: Step[] = [];
beforeAll(() => void crowd(60_000), 60_000);

/** Conversations of every kind, `count` packets of them. */
function crowd(count: number): Step[] {
  if (people.length >= count) return people.slice(0, count);
  const steps: Step[] = [];
  for (let index = 0; steps.length < count; index++) {
    const client = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:${20000 + (index % 40000)}`;
    const start = START + Math.floor(index / 50);
    if (index % 3 === 0) {
      steps.push(
        ...tcpTalk(
          ['> S 100', '< SA 500 101', '> A 101 501', '> PA 101 501 +9', '< PA 700 110 +1 w0'],
          { client, start },
        ),
      );
    } else if (index % 3 === 1) {
      steps.push(...tcpTalk(['> S 100'], { client, start }));
    } else {
      const talk = udpTalk(['> +20', '< +40'], { client, start });
      const error = ipv4(
        { src: '203.0.113.1', dst: '10.0.0.1' },
        icmp4({ type: 3, code: 3 }, talk[0]!.packet),
      );
      steps.push(...talk, { ...talk[0]!, packet: error });
    }
  }
  people = steps;
  return steps.slice(0, count);
}

describe('observe', () => {
  it('finds nothing in nothing', async () => {
    const { flows, numbers } = await bothAgree(() => sourceOf([]));
    expect(flows).toEqual([]);
    expect(numbers).toEqual({ count: 0, evictedLive: 0, orphanErrors: 0, stopped: false });
  });

  it.each([1, 4095, 4096, 4097, 40_000])('agrees with a worker on %i packets', async (count) => {
    const batches = batchesOf(crowd(count));
    const { flows } = await bothAgree(() => sourceOf(batches));
    expect(flows.length).toBeGreaterThan(0);
  });

  it.each([64, 1000])('agrees with a worker that evicts, keeping %i flows', async (maxFlows) => {
    const steps = crowd(60_000);
    const { flows, evicted, numbers } = await bothAgree(() => sourceOf(batchesOf(steps)), {
      maxFlows,
    });
    expect(flows.length).toBeLessThanOrEqual(maxFlows);
    expect(evicted.length).toBe(numbers.count);
    const packets = [...flows, ...evicted].reduce(
      (sum, flow) => sum + flow.toServer.packets + flow.toClient.packets,
      0,
    );
    expect(packets).toBe(steps.length);
  });

  it('stops early where it is told to, and keeps what it has', async () => {
    const batches = batchesOf(crowd(20_000));
    const make = () => {
      let left = 2;
      return { onBatch: () => --left === 0 };
    };
    const here = await run(sourceOf(batches), make());
    const there = await run(sourceOf(batches), { ...make(), worker: programs.worker });
    expect(there).toEqual(here);
    expect(here.numbers.stopped).toBe(true);
    const packets = here.flows.reduce(
      (sum, { toServer, toClient }) => sum + toServer.packets + toClient.packets,
      0,
    );
    expect(packets).toBeGreaterThan(4096);
    expect(packets).toBeLessThanOrEqual(2 * 4096);
  });

  it('gives the earliest and the latest time whatever the order', async () => {
    const at = (seconds: number, nanoseconds: number) =>
      step(ipv4({}, udp({}, 'x')), seconds, nanoseconds);
    const { numbers } = await run(
      sourceOf(batchesOf([at(5, 2e6), at(9, 1e6), at(5, 1e6), at(9, 7e6), at(7, 0)])),
    );
    expect(numbers.firstMs).toBe((START + 5) * 1000 + 1);
    expect(numbers.lastMs).toBe((START + 9) * 1000 + 7);
  });
});

describe('observe, when something fails', () => {
  const batches = () => batchesOf(crowd(8000));
  const RING =
    "import { workerData, parentPort } from 'node:worker_threads'; import { consumeRows } from 'FLOWS/row-ring.ts';";
  it.each<[string, string, RegExp]>([
    [
      'throws at the first batch',
      `${RING} consumeRows(workerData.ring, () => { throw new Error('boom'); });`,
      /boom/,
    ],
    [
      'throws at the 40th batch',
      `${RING} let n = 0; consumeRows(workerData.ring, () => { if (++n === 40) throw new Error('boom'); });`,
      /boom/,
    ],
    [
      'throws at the end',
      `${RING} consumeRows(workerData.ring, () => {}); throw new Error('boom');`,
      /boom/,
    ],
    ['throws before it starts', "throw new Error('boom');", /boom/],
    ['exits', 'process.exit(3);', /ended before its work did \(exit code 3\)/],
    [
      'exits without an answer',
      `${RING} consumeRows(workerData.ring, () => {});`,
      /ended before its work did \(exit code 0\)/,
    ],
  ])('a worker that %s is an error, not a wait', async (name, source, message) => {
    const worker = await programs.program(name.replaceAll(/\W/g, '-'), source);
    await expect(observe(sourceOf(batches(), 10), { worker })).rejects.toThrow(message);
  });

  it('a worker that is not there is an error', async () => {
    const worker = new URL('file:///nonexistent/worker.mjs');
    await expect(observe(sourceOf(batches(), 10), { worker })).rejects.toThrow(/worker\.mjs/);
  });

  it('waits for a slow worker without losing a packet', async () => {
    const worker = await programs.program(
      'slow',
      `${RING} let packets = 0;
       consumeRows(workerData.ring, (rows, count) => {
         packets += count;
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
       });
       parentPort.postMessage({ kind: 'finished', table: { chunks: [], count: 0, extensions: { words: new Int32Array(0) }, evicted: packets, evictedLive: 0, orphanErrors: 0 } });`,
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const talk = batchesOf(Array.from({ length: 4000 }, () => udpTalk(['> +1', '< +1'])).flat());
    const seen = await observe(sourceOf(talk, 20), { worker });
    clearInterval(timer);
    expect(seen.evicted).toBe(seen.decoder.frames);
    // The event loop went on meanwhile: signals and progress are not held up.
    expect(turns).toBeGreaterThan(0);
  });

  it.each(['here', 'there'])(
    'what a callback throws comes out, with the table %s',
    async (where) => {
      const worker = where === 'there' ? { worker: programs.worker } : {};
      const visit = () => {
        throw new Error('no room for flows');
      };
      await expect(
        observe(sourceOf(batches()), { ...worker, maxFlows: 64, onEvicted: () => visit }),
      ).rejects.toThrow('no room for flows');
      const onBatch = () => {
        throw new Error('no more');
      };
      await expect(observe(sourceOf(batches()), { ...worker, onBatch })).rejects.toThrow('no more');
    },
  );

  it.each(['here', 'there'])(
    'a source that fails leaves no thread behind, with the table %s',
    async (where) => {
      const worker = where === 'there' ? { worker: programs.worker } : {};
      const source = sourceOf(batches());
      let left = 2;
      const failing = {
        ...source,
        next: () => (left-- > 0 ? source.next() : Promise.reject(new Error('disk gone'))),
      };
      const before = threads();
      await expect(observe(failing, worker)).rejects.toThrow('disk gone');
      expect(threads()).toBeLessThanOrEqual(before);
    },
  );
});
