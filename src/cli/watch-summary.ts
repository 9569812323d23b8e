/** What is left of a live view when it ends: the assessment of all that passed. */
import type { BlindSpot } from '../model/blind-spot.ts';
import type { Assessment } from '../pipeline/assess.ts';
import { count } from '../report/numbers.ts';
import { assessReport } from './assess-report.ts';
import { WHOLE } from './drill-down.ts';
import { type OutputOptions, writeReport } from './output.ts';
import type { WatchFacts } from './watch-view.ts';

/** Writes the assessment to standard output. */
export async function summaryOf(
  facts: WatchFacts,
  judged: Pick<Assessment, 'findings' | 'roles'>,
  options: OutputOptions,
): Promise<void> {
  const assessment = assessmentOf(facts, judged);
  const inText = process.stdout.isTTY === true;
  const report = assessReport(assessment, {
    sort: 'bytes',
    sizes: false,
    live: true,
    drill: WHOLE,
    limit: inText ? undefined : 100,
  });
  await writeReport({ ...report, next: [] }, options);
}

function assessmentOf(
  { picture, counts }: WatchFacts,
  judged: Pick<Assessment, 'findings' | 'roles'>,
): Assessment {
  const times = picture.ports.flatMap(({ firstMs, lastMs }) => [firstMs, lastMs]);
  const notes: BlindSpot[] = counts
    .filter(({ dropped }) => dropped > 0)
    .map(({ name, dropped }) => ({
      id: 'drops',
      what: `${count(dropped)} packets on ${name} were dropped`,
      because: 'the ring was full: they came faster than they were read',
      remedy: 'use a larger ring (-B 65536) or a filter',
      missing: true,
    }));
  if (picture.evicted > 0) {
    notes.push({
      id: 'flows-let-go',
      what: `${count(picture.evicted)} flows were summed up and let go`,
      because: 'memory is bounded; those that led nowhere went first',
      remedy: 'keep more with --max-flows',
      missing: false,
    });
  }
  return {
    inputs: counts.map(({ name }) => name),
    inputBytes: 0,
    packets: picture.packets,
    bytes: picture.bytes,
    capturedBytes: picture.bytes,
    firstMs: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    lastMs: times.length === 0 ? null : times.reduce((a, b) => Math.max(a, b)),
    flows: picture.flows,
    faults: [],
    unreadInputs: 0,
    interrupted: false,
    notes,
    hosts: picture.hostCount,
    hostsEstimated: picture.evicted > 0,
    ports: picture.ports,
    services: picture.services,
    serviceCount: picture.services.length,
    conversations: picture.conversations,
    conversationCount: picture.conversations.length,
    conversationBytesMissing: 0,
    topHosts: picture.hosts,
    remainder: [],
    sizes: picture.sizes,
    ...judged,
    matchedFlows: null,
    passedOver: null,
    overTime: null,
    logs: null,
  };
}
