/** Services as people write them: `tcp/1433`, `udp/53`, `tcp/8000-8099`, `icmp/8`, `icmp`, `gre`. */
import { protocolName } from '../catalog/protocols.ts';
import { ICMP, ICMPV6, PORT_PROTOCOLS } from '../net/header-fields.ts';
import { formatPorts, mergePorts, parsePorts } from '../net/port-range.ts';
import type { PolicyService } from './intent.ts';

/** Protocols by name; any other by number: `ip/89`. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map(
  [1, 2, 6, 17, 33, 47, 50, 51, 58, 89, 103, 112, 132, 136].map((number) => [
    protocolName(number),
    number,
  ]),
);

/** Reads one service. Throws RangeError with one sentence for what it is not. */
export function parseService(text: string): PolicyService {
  const [name, rest, ...more] = text.trim().toLowerCase().split('/');
  if (name === 'ip') {
    const protocol = /^\d{1,3}$/.test(rest ?? '') ? Number(rest) : 256;
    if (protocol > 255 || more.length > 0) throw new RangeError('A protocol is ip/0 to ip/255.');
    return { protocol };
  }
  const protocol = PROTOCOLS.get(name ?? '');
  if (protocol === undefined) {
    throw new RangeError(`“${text}” is not a service: write tcp/443, udp/53, icmp/8 or ip/47.`);
  }
  if (protocol === ICMP || protocol === ICMPV6) return icmpService(protocol, rest, more, text);
  if (rest === undefined) return { protocol };
  if (more.length > 0 || !PORT_PROTOCOLS.includes(protocol)) {
    throw new RangeError(`“${text}” has ports where there are none.`);
  }
  return { protocol, ports: parsePorts(rest) };
}

function icmpService(
  protocol: number,
  rest: string | undefined,
  more: readonly string[],
  text: string,
): PolicyService {
  if (rest === undefined) return { protocol };
  const numbers = [rest, ...more].map((word) => (/^\d{1,3}$/.test(word) ? Number(word) : 256));
  const [type, code] = numbers;
  if (numbers.length > 2 || numbers.some((number) => number > 255)) {
    throw new RangeError(`“${text}” is not an ICMP message: write icmp/TYPE or icmp/TYPE/CODE.`);
  }
  const range = (number: number) => ({ first: number, last: number });
  return {
    protocol,
    icmp: [{ type: range(type!), ...(code === undefined ? {} : { code: range(code) }) }],
  };
}

/** The services as text, one each for what `parseService` reads back. */
export function formatServices(services: readonly PolicyService[]): string[] {
  return services.flatMap(({ protocol, ports, icmp }) => {
    const known = protocolName(protocol);
    const name = PROTOCOLS.has(known) ? known : `ip/${protocol}`;
    if (ports !== undefined) return ports.map((range) => `${name}/${formatPorts([range])}`);
    if (icmp === undefined) return [name];
    return icmp.map(({ type, code }) =>
      code === undefined ? `${name}/${type.first}` : `${name}/${type.first}/${code.first}`,
    );
  });
}

/** Joins services of one protocol; ports in order, adjoining ones as ranges. */
export function mergeServices(services: readonly PolicyService[]): PolicyService[] {
  const byProtocol = new Map<number, PolicyService[]>();
  for (const service of services) {
    byProtocol.set(service.protocol, [...(byProtocol.get(service.protocol) ?? []), service]);
  }
  return [...byProtocol].map(([protocol, own]): PolicyService => {
    if (own.some(({ ports, icmp }) => ports === undefined && icmp === undefined)) {
      return { protocol };
    }
    const ports = own.flatMap((service) => service.ports ?? []);
    const icmp = own.flatMap((service) => service.icmp ?? []);
    if (ports.length > 0) return { protocol, ports: mergePorts(ports) };
    const distinct = new Map(icmp.map((message) => [JSON.stringify(message), message]));
    return { protocol, icmp: [...distinct.values()] };
  });
}
