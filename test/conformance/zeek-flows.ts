/** Flows of a capture, as this program sees them, beside those of Zeek's own test suite. */
import { readdirSync, readFileSync } from 'node:fs';
import { flowOf } from '../../src/flow/flow-view.ts';
import type { Flow } from '../../src/model/flow.ts';
import { observe } from '../../src/sources/flows/observe.ts';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import type { FrameBatch, FrameSource } from '../../src/wire/frame-batch.ts';

export interface ExpectedFlow {
  readonly proto: string;
  readonly orig_h: string;
  readonly orig_p: number;
  readonly resp_h: string;
  readonly resp_p: number;
  readonly orig_pkts: number | null;
  readonly orig_ip_bytes: number | null;
  readonly resp_pkts: number | null;
  readonly resp_ip_bytes: number | null;
  readonly conn_state: string | null;
  readonly service: string | null;
  readonly history: string | null;
  readonly ip_proto: number | null;
  readonly evidence?: 'syn' | 'syn-ack' | 'first-packet' | 'reversed';
  readonly unsure?: readonly string[];
  readonly tunnelled?: boolean;
}

export interface Expectation {
  readonly trace: string;
  readonly checksums: string;
  readonly caveats: readonly string[];
  readonly flows: readonly ExpectedFlow[];
}

export interface Case {
  readonly name: string;
  readonly path: string;
  readonly expected: Expectation;
}

/** The captures of the corpus with their expectations. */
export function zeekCases(folder: string): Case[] {
  const files = readdirSync(folder);
  return files
    .filter((file) => file.endsWith('.expect.json'))
    .map((file) => {
      const name = file.slice(0, -'.expect.json'.length);
      const capture = files.find((each) => each === `${name}.pcap` || each === `${name}.pcapng`)!;
      const expected = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Expectation;
      return { name, path: `${folder}/${capture}`, expected };
    });
}

/** All flows of a capture; the first `skip` frames are left out. */
export async function flowsOf(path: string, skip = 0): Promise<Flow[]> {
  const reader = await openCaptures([path]);
  const { names, flows } = await observe(skipping(reader, skip));
  await reader.close();
  const list: Flow[] = [];
  for (const [chunk, base, decision, extensions] of flows.inTimeOrder()) {
    list.push(flowOf(names, extensions, chunk, base, decision));
  }
  return list;
}

function skipping(source: FrameSource, skip: number): FrameSource {
  let left = skip;
  return {
    interfaces: source.interfaces,
    close: () => source.close(),
    async next(): Promise<FrameBatch | undefined> {
      const batch = await source.next();
      if (batch === undefined || left === 0) return batch;
      const gone = Math.min(left, batch.count);
      left -= gone;
      for (const column of [
        batch.offset,
        batch.captured,
        batch.original,
        batch.seconds,
        batch.nanoseconds,
        batch.number,
        batch.interface,
      ]) {
        column.copyWithin(0, gone, batch.count);
      }
      batch.count -= gone;
      return batch;
    },
  };
}

/** A key that both directions of a conversation share. */
export function pairKey(proto: string, a: string, ap: number, b: string, bp: number): string {
  const one = `${a} ${ap}`;
  const other = `${b} ${bp}`;
  return one < other ? `${proto} ${one} ${other}` : `${proto} ${other} ${one}`;
}

export function keyOfFlow(flow: Flow): string {
  const proto = flow.transport === 'icmpv6' ? 'icmp' : flow.transport;
  return pairKey(proto, flow.client, flow.clientPort, flow.server, flow.serverPort);
}

export function keyOfExpected(row: ExpectedFlow): string {
  const proto =
    row.proto !== 'unknown_transport'
      ? row.proto
      : row.ip_proto === 132
        ? 'sctp'
        : `ip-${row.ip_proto}`;
  return pairKey(proto, row.orig_h, row.orig_p, row.resp_h, row.resp_p);
}
