/** Every public capture gives the same flows with the flow table in a worker, evicting or not. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flowOf } from '../../src/flow/flow-view.ts';
import type { Flow } from '../../src/model/flow.ts';
import { type ObserveOptions, observe } from '../../src/sources/flows/observe.ts';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import { type WorkerPrograms, workerPrograms } from '../builders/flow-worker.ts';
import { corpus } from './corpora.ts';

const FEW = 64;

const captures = ['zeek', 'scan', 'bpf', 'decode'].flatMap((name) => {
  const folder = corpus(name);
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((file) => /\.(pcap|pcapng|trace)$/.test(file))
    .map((file) => join(folder, file));
});

let programs: WorkerPrograms;
beforeAll(async () => {
  programs = await workerPrograms();
});
afterAll(() => programs.remove());

async function flowsOf(path: string, options: ObserveOptions): Promise<Flow[]> {
  const reader = await openCaptures([path]);
  const flows: Flow[] = [];
  const seen = await observe(reader, {
    ...options,
    onEvicted: (names) => (chunk, base, decision, extensions) => {
      flows.push(flowOf(names, extensions, chunk, base, decision));
    },
  });
  await reader.close();
  seen.flows.visit((chunk, base, decision, extensions) => {
    flows.push(flowOf(seen.names, extensions, chunk, base, decision));
  });
  return flows;
}

const packetsOf = (flows: readonly Flow[]) =>
  flows.reduce((sum, { toServer, toClient }) => sum + toServer.packets + toClient.packets, 0);
const octetsOf = (flows: readonly Flow[]) =>
  flows.reduce((sum, { toServer, toClient }) => sum + toServer.bytes + toClient.bytes, 0);

describe.skipIf(captures.length === 0)('public captures', () => {
  it('give the same flows with a worker', { timeout: 120_000 }, async () => {
    let flows = 0;
    for (const capture of captures) {
      const all = await flowsOf(capture, {});
      const here = await flowsOf(capture, { maxFlows: FEW });
      expect(await flowsOf(capture, { maxFlows: FEW, worker: programs.worker })).toEqual(here);
      if (all.length > FEW) {
        expect(await flowsOf(capture, { worker: programs.worker })).toEqual(all);
      } else expect(here).toEqual(all);
      // Evicting cuts flows in two, and loses nothing.
      expect(packetsOf(here)).toBe(packetsOf(all));
      expect(octetsOf(here)).toBe(octetsOf(all));
      flows += all.length;
    }
    expect(flows).toBeGreaterThan(2000);
  });
});
