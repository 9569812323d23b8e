/** Reads scans that Portreeve wrote itself, as JSON or an object a line. */
import type { PortGroup, ScannedHost } from '../../../model/scanned-host.ts';
import { eachJsonObject } from './json-records.ts';
import { type ImportedScan, RecordBuilder } from './record-builder.ts';

interface Line {
  readonly kind?: string;
  readonly schema?: string;
  readonly facts?: {
    readonly startMs?: number;
    readonly endMs?: number;
    readonly hostsDown?: number;
    readonly interrupted?: boolean;
  };
  readonly ports?: readonly PortLine[];
  readonly hosts?: readonly HostLine[];
}

interface PortLine {
  readonly address: string;
  readonly port: number;
  readonly transport: string;
  readonly state: string;
  readonly reason: string;
  readonly ttl?: number | null;
  readonly seenMs?: number | null;
  readonly names?: readonly string[];
}

type HostLine = Pick<ScannedHost, 'address' | 'names' | 'status' | 'statusReason' | 'groups'> & {
  readonly mac?: string | null;
};

/**
 * Word of ports ahead of their final lines (`found`) counts only where the run did not come to its
 * end.
 */
export function readOwnJson(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'portreeve';
  let complete = false;
  const found: (readonly [PortLine, where: string])[] = [];
  eachJsonObject(
    text,
    ({ value, where }) => {
      const line = value as Line;
      if (line.facts !== undefined) {
        builder.startMs = line.facts.startMs;
        builder.endMs = line.facts.endMs;
        complete = line.facts.interrupted !== true;
        builder.hostsDown = line.facts.hostsDown ?? 0;
      }
      if (line.kind === 'found') found.push([value as unknown as PortLine, where]);
      if (line.kind === 'port') addPort(builder, value as unknown as PortLine, where);
      if (line.kind === 'host') addHost(builder, value as unknown as HostLine, where);
      for (const each of listOf(line.hosts)) addHost(builder, each, where);
      for (const each of listOf(line.ports)) addPort(builder, each, where);
    },
    (where, what) => builder.fault(where, what),
  );
  // Where the scan ended before they were asked what they are, that is all there is of them.
  if (!complete) for (const [line, where] of found) addPort(builder, line, where);
  return builder.build('portreeve-json');
}

function listOf<Item>(value: readonly Item[] | undefined): readonly Item[] {
  return Array.isArray(value) ? value : [];
}

function addPort(builder: RecordBuilder, line: PortLine, where: string): void {
  const { address, port, transport, state, reason, ttl, seenMs } = line;
  builder.port(
    String(address),
    {
      transport: String(transport),
      port,
      state: String(state),
      reason: String(reason),
      ...(typeof ttl === 'number' ? { ttl } : {}),
      ...(typeof seenMs === 'number' ? { seenMs } : {}),
    },
    where,
  );
}

function addHost(builder: RecordBuilder, line: HostLine, where: string): void {
  const host = builder.host(String(line.address), where);
  if (host === undefined) return;
  host.status = line.status === 'down' ? 'down' : 'up';
  host.statusReason = String(line.statusReason);
  for (const name of listOf(line.names)) host.names.push(String(name));
  if (typeof line.mac === 'string') host.mac = line.mac;
  for (const group of listOf(line.groups) as readonly PortGroup[]) host.groups.push(group);
}
