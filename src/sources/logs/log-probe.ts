/**
 * Whether a file is a log that can be read here, by its first octets, within gzip or zstd too: flow
 * export, or text of which some format knows a line. Captures and everything else are none.
 */
import { Readable } from 'node:stream';
import { NameTable } from '../../model/name-table.ts';
import { VerdictBatch } from '../../model/verdict-batch.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { CapturedExports } from '../flowlogs/captured-exports.ts';
import { FlowExports, isFlowExport } from '../flowlogs/flow-exports.ts';
import type { ByteSource } from '../pcap/byte-source.ts';
import { type OpenedForm, openForm } from '../pcap/form.ts';
import { captureInput } from './flow-inputs.ts';
import { LogReader } from './log-reader.ts';
import type { Mapping } from './mapping.ts';

const PROBED_OCTETS = 64 * 1024;

/** How inputs are to be looked at. */
export interface ProbeChoices {
  readonly mappings?: readonly Mapping[];
  /** A capture with flow export on one of these UDP ports is a log too. */
  readonly flowPorts?: readonly number[];
}

/** False too where it cannot be read: whoever reads it says why. */
export async function isLog(
  name: string,
  { mappings = [], flowPorts = [] }: ProbeChoices,
): Promise<boolean> {
  let opened: OpenedForm;
  try {
    opened = await openForm(name);
  } catch {
    return false;
  }
  const { source, head, form } = opened;
  try {
    if (form === 'pcap' || form === 'pcapng') {
      return flowPorts.length > 0 && (await holdsExport(source, name, flowPorts));
    }
    if (form !== undefined || head.length === 0) return false;
    return isFlowExport(head) || (await isKnownText(await firstOctets(source), mappings));
  } catch {
    return false;
  } finally {
    await source.close();
  }
}

/** Whether a datagram to one of the ports is flow export; reads as far as the first. */
async function holdsExport(
  source: ByteSource,
  name: string,
  ports: readonly number[],
): Promise<boolean> {
  const input = captureInput(source, name, () => {});
  const batch = new VerdictBatch(new AddressPool(), new NameTable(), () => {});
  const sink = { frame: () => {}, stranger: () => {}, cut: () => {} };
  const exports = new FlowExports(batch, 0, () => {});
  const found = new CapturedExports({ ...sink, exports }, ports, 0);
  for (;;) {
    const frames = await input.next();
    if (frames === undefined) return false;
    found.add(frames, input.interfaces);
    if (found.datagrams > 0) return true;
  }
}

async function firstOctets(source: ByteSource): Promise<Uint8Array> {
  const bytes = new Uint8Array(PROBED_OCTETS);
  let length = 0;
  while (length < bytes.length) {
    const count = await source.read(bytes, length, bytes.length - length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

async function isKnownText(bytes: Uint8Array, mappings: readonly Mapping[]): Promise<boolean> {
  const standardInput = Readable.from([bytes]);
  const reader = new LogReader({ nowMs: 0, seed: 0, standardInput, mappings }, () => {});
  await reader.read(['-']);
  const { read, silent, gaps, faults } = reader.tally;
  const known = [...faults.values()].some(({ format }) => format !== null);
  return read > 0 || silent.size > 0 || gaps.size > 0 || known;
}
