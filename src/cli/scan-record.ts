/** Writes a scan in formats of other programs. */
import type { ScanOutcome } from '../pipeline/scan.ts';
import { renderGreppable } from '../report/greppable.ts';
import { renderNmapXml } from '../report/nmap-xml.ts';
import { OutputBuffer } from './output.ts';

export async function writeRecord(
  outcome: ScanOutcome,
  format: 'nmap-xml' | 'greppable',
): Promise<void> {
  const record = {
    ...outcome.record,
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
