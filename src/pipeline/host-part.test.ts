/** Flows folded by host in the worker that kept them: the answer must be that of one thread. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  batchesOf,
  INTERFACES,
  type Step,
  tcpTalk,
  udpTalk,
} from '../../test/builders/conversation.ts';
import { type WorkerPrograms, workerPrograms } from '../../test/builders/flow-worker.ts';
import { Case } from '../analysis/findings/case.ts';
import { findings } from '../analysis/findings/find.ts';
import { thresholdsOf } from '../analysis/findings/thresholds.ts';
import { FlowFolder } from '../analysis/flow-folder.ts';
import { portUses, topHosts } from '../analysis/port-use.ts';
import { SpokenView } from '../analysis/spoken.ts';
import { type ZoneRule, ZoneTable } from '../analysis/zones.ts';
import { parsePrefix } from '../net/prefix.ts';
import { type Observation, observe } from '../sources/flows/observe.ts';
import type { FrameSource } from '../wire/frame-batch.ts';
import { askForHosts } from './host-part.ts';

let programs: WorkerPrograms;
beforeAll(async () => {
  programs = await workerPrograms();
});
afterAll(() => programs.remove());

const ZONES: readonly ZoneRule[] = [
  { name: 'dmz', prefix: parsePrefix('198.51.100.0/24') },
  { name: 'six', prefix: parsePrefix('2001:db8:1::/48') },
];
const DARK = [parsePrefix('203.0.113.128/25')];

/** A sweep, services used from two zones and both families, a broadcast, and more hosts than a run. */
const STEPS: readonly Step[] = [
  ...Array.from({ length: 150 }, (_, host) =>
    tcpTalk(['> S 100'], { client: '192.0.2.9:40000', server: `203.0.113.${host}:3389` }),
  ).flat(),
  ...Array.from({ length: 90 }, (_, host) =>
    tcpTalk(['> S 100', '< SA 500 101', '> PA 101 501 +20', '< PA 501 121 +90'], {
      client: `192.0.2.${host + 1}:${41_000 + host}`,
      server: `198.51.100.${host % 3}:${host % 2 === 0 ? 23 : 443}`,
    }),
  ).flat(),
  ...udpTalk(['> +48', '< +48'], { client: '[2001:db8:1::5]:50000', server: '[2001:db8::7]:9000' }),
  ...udpTalk(['> +30'], { client: '192.0.2.77:138', server: '255.255.255.255:138' }),
];

function sourceOf(steps: readonly Step[]): FrameSource {
  const batches = batchesOf(steps);
  let next = 0;
  return {
    interfaces: INTERFACES,
    next: () => Promise.resolve(batches[next++]),
    close: () => Promise.resolve(),
  };
}

/** Everything that is told of the flows. */
async function told(
  { names, flows }: Observation,
  beside: (folder: FlowFolder) => Promise<void>,
): Promise<unknown> {
  const thresholds = thresholdsOf();
  const zones = new ZoneTable(ZONES);
  const folder = new FlowFolder({ zones, thresholds, seed: 5, dark: DARK, overTime: false });
  const done = beside(folder);
  flows.visit(folder.visitor(names, null));
  const { traffic, clues } = folder.finish();
  await done;
  const speech = new SpokenView(null, names);
  return {
    ports: portUses(traffic, speech),
    hosts: topHosts(traffic, names, 500, speech),
    count: traffic.hostCount,
    findings: findings(new Case(traffic, clues, names, thresholds, 1000, speech)),
  };
}

describe('askForHosts', () => {
  it('gives what one thread finds', async () => {
    const alone = await observe(sourceOf(STEPS), { seed: 5 });
    expect(alone.helper).toBeUndefined();
    const seen = await observe(sourceOf(STEPS), {
      seed: 5,
      worker: programs.worker,
      keepsHelper: true,
    });
    const helper = seen.helper!;
    const apart = await told(seen, async (folder) => {
      const task = folder.leaveHosts(seen.names);
      folder.adoptHosts(await askForHosts(helper, task, seen.flows.soleDecisions!));
    });
    await helper.end();
    const together = (await told(alone, () => Promise.resolve())) as { findings: unknown[] };
    expect(together.findings.length).toBeGreaterThan(1);
    expect(apart).toEqual(together);
  });

  it('fails where the thread does', async () => {
    const { helper } = await observe(sourceOf(STEPS), {
      worker: programs.worker,
      keepsHelper: true,
    });
    await expect(helper!.ask({ task: null })).rejects.toThrow(TypeError);
    await helper!.end();
    await expect(helper!.ask({ task: null })).rejects.toThrow('gone');
  });

  it('no thread stays that nobody asked for', async () => {
    const seen = await observe(sourceOf(STEPS), { worker: programs.worker });
    expect(seen.helper).toBeUndefined();
  });
});
