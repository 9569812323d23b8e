/** Writes a scan in formats of other programs. */
import { serviceName } from '../catalog/services.ts';
import type { PortState } from '../model/port-state.ts';
import type { ScannedHost } from '../model/scanned-host.ts';
import type { ScanOutcome } from '../pipeline/scan.ts';
import { renderGreppable } from '../report/greppable.ts';
import { renderNmapXml } from '../report/nmap-xml.ts';
import { OutputBuffer } from './output.ts';

/** On standard output, a piece at a time. */
export async function writeRecord(
  outcome: ScanOutcome,
  format: 'nmap-xml' | 'greppable',
): Promise<void> {
  const record = {
    ...outcome.record,
    hosts: outcome.record.hosts.map(withNames),
    version: process.env.PORTREEVE_VERSION ?? 'development',
    command: ['portreeve', ...process.argv.slice(2)].join(' '),
  };
  const pieces = format === 'nmap-xml' ? renderNmapXml(record) : renderGreppable(record);
  const output = new OutputBuffer();
  for (const piece of pieces) {
    output.add(piece);
    if (output.full) await output.drain();
  }
  await output.flush();
}

/** Names what runs by its port where nobody was asked, and says so (`method="table"`), as Nmap does. */
function withNames(host: ScannedHost): ScannedHost {
  return { ...host, ports: host.ports.map(named) };
}

function named(state: PortState): PortState {
  const { transport, port } = state.target;
  if (state.service !== undefined) return state;
  const name = serviceName(transport, port);
  return name === undefined
    ? state
    : { ...state, service: { name, method: 'table', confidence: 3 } };
}
