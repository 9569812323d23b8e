/**
 * Reads masscan's JSON (a list, or an object a line) and its list format. Timestamps are text in
 * the first, IPv6 is written plainly in both, and a port comes again for every answer and banner.
 */
import { eachJsonObject, type JsonRecord } from './json-records.ts';
import { bannerService, type ImportedScan, RecordBuilder, secondsToMs } from './record-builder.ts';

/** Also where it was cut off: whole objects are kept, the rest is a fault. */
export function readMasscanJson(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'masscan';
  eachJsonObject(
    text,
    (record) => addRecord(builder, record),
    (where, what) => builder.fault(where, what),
  );
  return builder.build('masscan-json');
}

function addRecord(builder: RecordBuilder, { value, where }: JsonRecord): void {
  const { ip, timestamp, ports, port, proto, data } = value;
  if (typeof ip !== 'string') return builder.fault(where, 'a record without "ip"');
  const seenMs = secondsToMs(timestamp);
  const list = Array.isArray(ports) ? ports : [{ ...(data as object), port, proto }];
  for (const each of list as Readonly<Record<string, unknown>>[]) {
    if (typeof each !== 'object' || each === null) {
      builder.fault(where, 'a port that is no object');
      continue;
    }
    addPort(builder, ip, each, seenMs, where);
  }
}

function addPort(
  builder: RecordBuilder,
  ip: string,
  each: Readonly<Record<string, unknown>>,
  seenMs: number | undefined,
  where: string,
): void {
  const { port, proto = 'tcp', status, reason, ttl, service, service_name, banner } = each;
  const told = service as { readonly name?: unknown; readonly banner?: unknown } | undefined;
  const name = told?.name ?? service_name;
  if (proto === 'icmp') {
    // An answer to an echo shows a host, no port.
    const host = builder.host(ip, where);
    if (host !== undefined) {
      host.status = 'up';
      host.statusReason = 'echo-reply';
    }
    return;
  }
  const words = String(told?.banner ?? banner ?? '');
  builder.port(
    ip,
    {
      transport: String(proto),
      port: typeof port === 'number' ? port : -1,
      state: typeof status === 'string' ? status : 'open',
      ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
      ...(typeof ttl === 'number' && ttl > 0 && ttl < 256 ? { ttl } : {}),
      ...(seenMs === undefined ? {} : { seenMs }),
      ...(typeof name === 'string' ? { service: bannerService(name, words) } : {}),
    },
    where,
  );
}

/** `open tcp 443 192.0.2.10 1767225600`, `banner tcp 22 192.0.2.10 1767225601 ssh SSH-2.0-X`. */
const LINE = /^(open|closed|banner)\s+(\S+)\s+(\d{1,5})\s+(\S+)\s+(\d{1,12})(?:\s+(\S+)\s?(.*))?$/;

/** Lines `open`, `closed` and `banner`; any other is a fault. */
export function readMasscanList(text: string): ImportedScan {
  const builder = new RecordBuilder();
  builder.scanner = 'masscan';
  text.split(/\r?\n/).forEach((line, index) => {
    if (line === '' || line.startsWith('#')) return;
    const where = `line ${index + 1}`;
    const [, what, transport, port, address, time, name, banner] = LINE.exec(line) ?? [];
    if (what === undefined) {
      builder.fault(where, 'a line that is no masscan list entry');
      return;
    }
    const seenMs = secondsToMs(time);
    builder.port(
      address!,
      {
        transport: transport!,
        port: Number(port),
        state: what === 'closed' ? 'closed' : 'open',
        ...(seenMs === undefined ? {} : { seenMs }),
        ...(what === 'banner' ? { service: bannerService(name ?? 'unknown', banner ?? '') } : {}),
      },
      where,
    );
  });
  return builder.build('masscan-list');
}
