/** A scan in Nmap's greppable form: a line a host, fields parted by tabs, `/` in values as `|`. */
import type { PortState } from '../model/port-state.ts';
import type { PortGroup, ScannedHost, ScanRecord } from '../model/scanned-host.ts';
import { parsePorts } from '../net/port-range.ts';
import { printableAscii } from './escape.ts';

/** Lines with their line ends. */
export function* renderGreppable(record: ScanRecord): Generator<string, void, undefined> {
  const start = new Date(record.startMs ?? 0).toUTCString();
  const { scanner, version = '', command = '' } = record;
  yield `# ${clean(scanner)} ${clean(version)} scan initiated ${start} as: ${clean(command)}\n`;
  yield `# Ports scanned: ${['tcp', 'udp', 'sctp'].map((each) => askedOf(record, each)).join(' ')}\n`;
  for (const host of record.hosts) {
    yield `${startOf(host)}\tStatus: Up\n`;
    if (host.ports.length > 0 || host.groups.length > 0) yield hostLine(host);
  }
  const end = new Date(record.endMs ?? 0).toUTCString();
  const up = record.hosts.length;
  yield `# ${clean(scanner)} done at ${end} -- ${up + record.hostsDown} addresses (${up} hosts up) scanned\n`;
}

/** `TCP(3;22,80-81)`; nobody but this line says which ports were asked. */
function askedOf({ asked }: ScanRecord, transport: string): string {
  const ports = asked.filter((each) => each.transport === transport).map((each) => each.ports);
  const list = ports.join(',');
  const count =
    list === '' ? 0 : parsePorts(list).reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return `${transport.toUpperCase()}(${count};${list})`;
}

function startOf({ address, names }: ScannedHost): string {
  return `Host: ${clean(address)} (${names[0] === undefined ? '' : clean(names[0])})`;
}

function hostLine(host: ScannedHost): string {
  const [ignored] = [...host.groups].sort((left, right) => right.count - left.count);
  const fields = [startOf(host)];
  if (host.ports.length > 0) fields.push(`Ports: ${host.ports.map(portField).join(', ')}`);
  // The format has room for one state that is not listed.
  if (ignored !== undefined)
    fields.push(`Ignored State: ${ignored.state} (${totalOf(host.groups, ignored)})`);
  return `${fields.join('\t')}\n`;
}

function totalOf(groups: readonly PortGroup[], { state }: PortGroup): number {
  return groups.reduce((sum, group) => sum + (group.state === state ? group.count : 0), 0);
}

function portField({ target, state, service }: PortState): string {
  const name =
    service === undefined
      ? ''
      : (service.tunnel === undefined ? '' : `${service.tunnel}|`) + service.name;
  const words = [service?.product, service?.version, service?.extra && `(${service.extra})`];
  const version = words.filter(Boolean).join(' ');
  const fields = [target.port, state, target.transport, '', name, '', version, ''];
  return fields
    .map((field) => clean(String(field)).replaceAll('/', '|').replaceAll(',', ' '))
    .join('/');
}

function clean(text: string): string {
  return printableAscii(text).replaceAll('\t', ' ');
}
