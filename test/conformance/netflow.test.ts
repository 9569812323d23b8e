/** NetFlow v5, v9 and IPFIX datagrams of many exporters: every record and field of the corpus. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatIPv4, formatIPv6 } from '../../src/net/address.ts';
import * as places from '../../src/sources/flowlogs/flow-record.ts';
import { NetflowDecoder } from '../../src/sources/flowlogs/netflow.ts';
import { corpus } from './corpora.ts';

const found = corpus('netflow');
const FOLDER = found ?? '';

interface Case {
  readonly name: string;
  readonly files: readonly string[];
  readonly flowRecords: number;
  readonly optionRecords: number;
  readonly setsWithoutTemplate: number;
  readonly flows: readonly Readonly<Record<string, number | string>>[];
}

const KEYS: Readonly<Record<string, number>> = {
  ...{ sport: places.SOURCE_PORT, dport: places.DESTINATION_PORT, proto: places.PROTOCOL },
  ...{ packets: places.PACKETS, bytes: places.BYTES, tcp_flags: places.TCP_FLAGS },
  ...{ in_if: places.IN_INTERFACE, out_if: places.OUT_INTERFACE, direction: places.DIRECTION },
  ...{ out_bytes: places.OUT_BYTES, out_pkts: places.OUT_PACKETS },
  ...{ fwd_bytes: places.INITIATOR_BYTES, rev_bytes: places.RESPONDER_BYTES },
};

function read(files: readonly string[]) {
  const flows: Record<string, number | string>[] = [];
  const decoder = new NetflowDecoder(({ family, source, destination, values }) => {
    const text = (words: Int32Array) => (family === 4 ? formatIPv4(words[0]!) : formatIPv6(words));
    const flow: Record<string, number | string> = {};
    if (family !== 0) Object.assign(flow, { src: text(source), dst: text(destination) });
    for (const [key, place] of Object.entries(KEYS)) {
      if (values[place]! >= 0) flow[key] = values[place]!;
    }
    flows.push(flow);
  });
  for (const file of files) decoder.read(new Uint8Array(readFileSync(join(FOLDER, file))));
  return { flows, decoder };
}

const cases: readonly Case[] =
  found === undefined ? [] : JSON.parse(readFileSync(join(found, 'cases.json'), 'utf8'));

describe.runIf(found !== undefined)('flow export', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    const { flows, decoder } = read(each.files);
    expect({
      flowRecords: decoder.flows,
      optionRecords: decoder.optionRecords,
      setsWithoutTemplate: decoder.setsWithoutTemplate,
    }).toEqual({
      flowRecords: each.flowRecords,
      optionRecords: each.optionRecords,
      setsWithoutTemplate: each.setsWithoutTemplate,
    });
    flows.forEach((flow, index) => {
      expect(flow, `record ${index}`).toMatchObject(each.flows[index]!);
    });
  });

  it.each([...new Set(cases.flatMap(({ files }) => files))])('survives any cut of %s', (file) => {
    const whole = new Uint8Array(readFileSync(join(FOLDER, file)));
    const flowsUpTo = (length: number): number => {
      const decoder = new NetflowDecoder(() => {});
      decoder.readAll(whole.subarray(0, length));
      return decoder.flows;
    };
    const all = flowsUpTo(whole.length);
    for (let length = 0; length < whole.length; length++) {
      expect(flowsUpTo(length)).toBeLessThanOrEqual(all);
    }
  });
});
