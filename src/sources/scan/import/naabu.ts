/**
 * Reads naabu's output: an object a line (ports as numbers, or as objects in old versions), CSV
 * with a header, or plain `host:port`. naabu lists open ports only.
 */
import { eachJsonObject, type JsonRecord } from './json-records.ts';
import { type ImportedScan, RecordBuilder } from './record-builder.ts';

/** Ports without a host, and what is no object, are faults with their place. */
export function readNaabuJson(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'naabu';
  eachJsonObject(
    text,
    (record) => addRecord(builder, record),
    (where, what) => builder.fault(where, what),
  );
  return builder.build('naabu-json');
}

function addRecord(builder: RecordBuilder, { value, where }: JsonRecord): void {
  const { host, ip, port, protocol, timestamp } = value;
  const old = port as { readonly Port?: unknown; readonly Protocol?: unknown } | undefined;
  const number = typeof port === 'object' && port !== null ? old?.Port : port;
  // Before it was text, the protocol was a number: 0 TCP, 1 UDP.
  const transport = protocol ?? (old?.Protocol === 1 ? 'udp' : 'tcp');
  const address = typeof ip === 'string' && ip !== '' ? ip : host;
  if (typeof address !== 'string') return builder.fault(where, 'a record without "ip"');
  addOpen(builder, address, Number(number), String(transport), where, timestamp);
  if (typeof host === 'string' && host !== address) addName(builder, address, host, where);
}

function addOpen(
  builder: RecordBuilder,
  address: string,
  port: number,
  transport: string,
  where: string,
  timestamp?: unknown,
): void {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  const seen = Number.isNaN(time) ? {} : { seenMs: time };
  builder.port(address, { transport, port, state: 'open', ...seen }, where);
}

function addName(builder: RecordBuilder, address: string, name: string, where: string): void {
  const host = builder.host(address, where);
  if (host !== undefined && name !== '' && !host.names.includes(name)) host.names.push(name);
}

/** `host,ip,port,protocol,tls,timestamp`; columns are found by name. */
export function readNaabuCsv(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'naabu';
  const [header = '', ...lines] = text.split(/\r?\n/);
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  lines.forEach((line, index) => {
    if (line.trim() === '' || line === header) return;
    const where = `line ${index + 2}`;
    const cells = line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
    const address = cell('ip') || cell('host');
    addOpen(
      builder,
      address,
      toPort(cell('port')),
      cell('protocol') || 'tcp',
      where,
      cell('timestamp'),
    );
    if (cell('host') !== address) addName(builder, address, cell('host'), where);
  });
  return builder.build('naabu-csv');
}

/** `192.0.2.10:443`, `[2001:db8::1]:443`, `2001:db8::1:443`, with `,udp` or `/udp` behind. */
const PLAIN = /^\[?([0-9a-f.:]+)\]?:(\d{1,5})(?:[/,](tcp|udp))?$/i;

/** Any list of addresses with ports: nothing says which program wrote it. */
export function readPlainPorts(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'naabu';
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const where = `line ${index + 1}`;
    const [, address, port, transport = 'tcp'] = PLAIN.exec(line.trim()) ?? [];
    if (address === undefined) {
      builder.fault(where, 'a line that is no address and port');
      return;
    }
    addOpen(builder, address, toPort(port!), transport.toLowerCase(), where);
  });
  return builder.build('naabu-plain');
}

function toPort(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : -1;
}
