/**
 * Reads greppable output: Nmap's (`Host: … Ports: …`, fields parted by tabs), and masscan's with
 * one port a line, with or without a leading timestamp, and its banners.
 */
import type { PortStateName } from '../../../model/port-state.ts';
import { bannerService, type ImportedScan, RecordBuilder, secondsToMs } from './record-builder.ts';

/**
 * Nmap's unless a line or remark says masscan. Lines that make no sense are faults with their
 * number.
 */
export function readGreppable(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'nmap';
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.startsWith('#')) readRemark(builder, line);
    else if (line.trim() !== '') readLine(builder, line, `line ${index + 1}`);
  });
  return builder.build(builder.scanner === 'masscan' ? 'masscan-greppable' : 'nmap-greppable');
}

/** `# Nmap 7.93 scan initiated Sat … as: nmap …`, `# Masscan 1.3.2 scan initiated …`. */
function readRemark(builder: RecordBuilder, line: string): void {
  const [, name, version, rest] =
    /^# (Nmap|Masscan|portreeve) (\S+) scan initiated (.*)$/i.exec(line) ?? [];
  if (name !== undefined) {
    builder.scanner = name.toLowerCase();
    builder.version = version;
    const [when = '', command] = rest!.split(' as: ');
    const time = Date.parse(when);
    if (!Number.isNaN(time)) builder.startMs = time;
    builder.command = command;
  }
  const [, ports] = /^# Ports scanned: (.*)$/.exec(line) ?? [];
  for (const [, transport, list] of (ports ?? '').matchAll(/(TCP|UDP|SCTP)\(\d+;([^)]*)\)/g)) {
    if (list !== '') {
      builder.asked.push({ transport: transport!.toLowerCase() as 'tcp', ports: list! });
    }
  }
}

function readLine(builder: RecordBuilder, line: string, where: string): void {
  const fields = new Map<string, string>();
  for (const field of line.split('\t')) {
    const colon = field.indexOf(':');
    if (colon > 0) fields.set(field.slice(0, colon).trim(), field.slice(colon + 1).trim());
  }
  const [, address, name] = /^(\S+)(?:\s+\((.*)\))?$/.exec(fields.get('Host') ?? '') ?? [];
  if (address === undefined) return builder.fault(where, 'a line without "Host:"');
  const host = builder.host(address, where);
  if (host === undefined) return;
  if (name && !host.names.includes(name)) host.names.push(name);
  const status = fields.get('Status')?.toLowerCase();
  if (status === 'up' || status === 'down') host.status = status;
  const seenMs = secondsToMs(fields.get('Timestamp'));
  // Old masscan wrote one entry with "Ports:" and no timestamp; banners come as "Port:".
  for (const entry of splitEntries(fields.get('Ports') ?? '')) {
    readEntry(builder, address, entry, seenMs, where);
  }
  readBanner(builder, address, fields, seenMs, where);
  readIgnored(fields.get('Ignored State'), host.groups);
}

/** Entries are parted by `, `, which also stands in versions: an entry begins `22/open/`. */
function splitEntries(text: string): string[] {
  return text === '' ? [] : text.split(/,\s+(?=\d{1,5}\/)/);
}

function readEntry(
  builder: RecordBuilder,
  address: string,
  entry: string,
  seenMs: number | undefined,
  where: string,
): void {
  const [port = '', state = '', transport = '', , name = '', , version = ''] = entry
    .trim()
    .split('/');
  const [tunnel, service] = name.includes('|') ? name.split('|') : [undefined, name];
  const words = version.replaceAll('|', '/').trim();
  builder.port(
    address,
    {
      transport,
      port: /^\d{1,5}$/.test(port) ? Number(port) : -1,
      state,
      ...(seenMs === undefined ? {} : { seenMs }),
      ...(service
        ? {
            service: {
              name: service.replace(/\?$/, ''),
              ...(words === '' ? {} : { product: words }),
              ...(tunnel === undefined ? {} : { tunnel }),
              method: words === '' ? ('table' as const) : ('probed' as const),
              confidence: words === '' ? 3 : 8,
            },
          }
        : {}),
    },
    where,
  );
}

function readBanner(
  builder: RecordBuilder,
  address: string,
  fields: ReadonlyMap<string, string>,
  seenMs: number | undefined,
  where: string,
): void {
  const port = fields.get('Port');
  if (port === undefined) return;
  builder.scanner = 'masscan';
  builder.port(
    address,
    {
      transport: 'tcp',
      port: /^\d{1,5}$/.test(port) ? Number(port) : -1,
      state: 'open',
      ...(seenMs === undefined ? {} : { seenMs }),
      service: bannerService(fields.get('Service') ?? 'unknown', fields.get('Banner') ?? ''),
    },
    where,
  );
}

function readIgnored(
  text: string | undefined,
  groups: {
    push(group: {
      transport: 'tcp';
      state: PortStateName;
      reason: string;
      count: number;
      ports: string;
    }): void;
  },
): void {
  const [, state, count] = /^(\S+) \((\d+)\)$/.exec(text ?? '') ?? [];
  if (state === undefined) return;
  groups.push({
    transport: 'tcp',
    state: state as PortStateName,
    reason: 'not-said',
    count: Number(count),
    ports: '',
  });
}
