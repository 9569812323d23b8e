/**
 * A scan as Nmap XML (nmap.dtd, xmloutputversion 1.05), for the many programs that read it.
 * Elements stand in the order the DTD asks for; characters XML cannot hold are left out as `?`.
 */
import type { PortState } from '../model/port-state.ts';
import type { PortGroup, ScannedHost, ScanRecord } from '../model/scanned-host.ts';
import { safeXml } from './escape.ts';

const XML_VERSION = '1.05';

/** The DTD's words for our ways to ask; without a way, by transport. */
const TYPES: Readonly<Record<string, string>> = {
  node: 'connect',
  tcp: 'connect',
  udp: 'udp',
  sctp: 'sctpinit',
};

/** Pieces of the document, which ends with a line end. */
export function* renderNmapXml(record: ScanRecord): Generator<string, void, undefined> {
  const start = Math.floor((record.startMs ?? 0) / 1000);
  const end = Math.floor((record.endMs ?? record.startMs ?? 0) / 1000);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n';
  yield `<nmaprun${attributes({
    scanner: record.scanner,
    args: record.command ?? '',
    start,
    startstr: new Date(start * 1000).toUTCString(),
    version: record.version ?? '',
    xmloutputversion: XML_VERSION,
  })}>\n`;
  for (const { transport, ports, method } of record.asked) {
    const numservices = countPorts(ports);
    const type = TYPES[method ?? transport] ?? method ?? 'connect';
    yield `<scaninfo${attributes({ type, protocol: transport, numservices, services: ports })}/>\n`;
  }
  yield '<verbose level="0"/>\n<debugging level="0"/>\n';
  for (const host of record.hosts) yield* hostElement(host, start, end);
  const up = record.hosts.filter(({ status }) => status !== 'down').length;
  const down = record.hostsDown;
  yield `<runstats><finished${attributes({
    time: end,
    timestr: new Date(end * 1000).toUTCString(),
    elapsed: (((record.endMs ?? 0) - (record.startMs ?? 0)) / 1000).toFixed(2),
    exit: record.interrupted ? 'error' : 'success',
    errormsg: record.interrupted ? 'interrupted' : undefined,
  })}/><hosts${attributes({ up, down, total: up + down })}/></runstats>\n</nmaprun>\n`;
}

function* hostElement(host: ScannedHost, start: number, end: number): Generator<string> {
  yield `<host${attributes({ starttime: start, endtime: end })}>`;
  const state = host.status;
  yield `<status${attributes({ state, reason: host.statusReason, reason_ttl: 0 })}/>`;
  const addrtype = host.address.includes(':') ? 'ipv6' : 'ipv4';
  yield `<address${attributes({ addr: host.address, addrtype })}/>`;
  if (host.mac !== undefined) {
    const vendor = host.vendor;
    yield `<address${attributes({ addr: host.mac.toUpperCase(), addrtype: 'mac', vendor })}/>`;
  }
  yield '<hostnames>';
  for (const name of host.names) yield `<hostname${attributes({ name, type: 'user' })}/>`;
  yield '</hostnames><ports>';
  for (const extra of extras(host.groups)) yield extra;
  for (const port of host.ports) yield portElement(port);
  yield '</ports></host>\n';
}

/** Groups of one state are one `extraports`, with a reason each. */
function* extras(groups: readonly PortGroup[]): Generator<string> {
  const states = new Set(groups.map(({ state }) => state));
  for (const state of states) {
    const same = groups.filter((group) => group.state === state);
    const count = same.reduce((sum, group) => sum + group.count, 0);
    yield `<extraports${attributes({ state, count })}>`;
    for (const { reason, count: reasons, transport, ports } of same) {
      const list = ports === '' ? undefined : ports;
      yield `<extrareasons${attributes({ reason, count: reasons, proto: transport, ports: list })}/>`;
    }
    yield '</extraports>';
  }
}

function portElement(port: PortState): string {
  const { target, state, reason, ttl, reasonFrom, service } = port;
  const named = attributes({ protocol: target.transport, portid: target.port });
  const told = attributes({ state, reason, reason_ttl: ttl ?? 0, reason_ip: reasonFrom });
  return `<port${named}><state${told}/>${service === undefined ? '' : serviceElement(service)}</port>`;
}

function serviceElement(service: NonNullable<PortState['service']>): string {
  const { name, product, version, extra, tunnel, method, confidence, cpe = [] } = service;
  const told = attributes({
    name,
    product,
    version,
    extrainfo: extra,
    tunnel,
    method,
    conf: confidence,
  });
  const inside = cpe.map((each) => `<cpe>${safeXml(each)}</cpe>`).join('');
  return inside === '' ? `<service${told}/>` : `<service${told}>${inside}</service>`;
}

function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  let text = '';
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) text += ` ${name}="${safeXml(String(value))}"`;
  }
  return text;
}

function countPorts(ports: string): number {
  let count = 0;
  for (const piece of ports.split(',')) {
    const [first, last = first] = piece.split('-').map(Number) as [number, number?];
    if (ports !== '') count += (last ?? first) - first + 1;
  }
  return count;
}
