/**
 * Reads RustScan's output: `Open 192.0.2.10:22` among its banner and advice, in colours or not,
 * and its greppable form `192.0.2.10 -> [22,80]`. It lists open TCP ports, and says nothing of
 * those that it could not ask.
 */
import { type ImportedScan, RecordBuilder } from './record-builder.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is to be taken out.
const COLOURS = /\x1b\[[0-9;]*m/g;
const OPEN = /^Open \[?([0-9a-f.:%\w]+?)\]?:(\d{1,5})$/i;
const LISTED = /^([0-9a-f.:%\w]+) -> \[([\d,\s]*)\]$/i;

/** Of what is printed around ports nothing is a fault: banner and advice differ by release. */
export function readRustScan(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'rustscan';
  text.split(/\r?\n/).forEach((line, index) => {
    const plain = withoutColours(line).trim();
    const where = `line ${index + 1}`;
    const [, address, port] = OPEN.exec(plain) ?? [];
    if (address !== undefined) {
      builder.port(address, { transport: 'tcp', port: Number(port), state: 'open' }, where);
      return;
    }
    const [, host, ports] = LISTED.exec(plain) ?? [];
    if (host === undefined) return;
    builder.host(host, where);
    for (const each of ports!.split(',').filter((word) => word.trim() !== '')) {
      builder.port(host, { transport: 'tcp', port: Number(each), state: 'open' }, where);
    }
  });
  return builder.build('rustscan');
}

/** The text without the sequences that colour it on a terminal. */
export function withoutColours(text: string): string {
  return text.replace(COLOURS, '');
}
