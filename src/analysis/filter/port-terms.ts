/** The words of a filter that end in ports: `port:` and `service:`. */
import { entryNamed } from '../../catalog/entries.ts';
import type { CatalogPort } from '../../catalog/entry.ts';
import { servicePorts } from '../../catalog/services.ts';
import { DETECTORS } from '../../wire/payload/detectors.ts';
import { BY_LOWER_PORT } from '../flow-facts.ts';
import { FilterError, type Term, type Token } from './parse.ts';
import { type FilterWorld, PROTOCOLS, type Tests } from './row-tests.ts';

interface Ports {
  readonly first: number;
  readonly last: number;
  /** 0: any. */
  readonly protocol: number;
}

/** Protocols inside which others cannot be seen. */
const CARRIES: ReadonlySet<string> = new Set(['tls', 'dtls']);

/** A port matches the server's; where nobody can say who serves, the lower of the two. */
export function port(term: Term): Tests {
  return portTests(term.values.map(portsOf));
}

function portsOf(value: Token): Ports {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]+))?$/i.exec(value.text);
  if (match === null) throw new FilterError('a port is 443, 135-139 or 53/udp', value);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (last > 65_535 || first > last) {
    throw new FilterError('ports go from 0 to 65535, the lower one first', value);
  }
  const name = match[3]?.toLowerCase();
  const protocol = name === undefined ? 0 : PROTOCOLS[name];
  if (protocol === undefined) {
    const at = value.at + value.text.lastIndexOf('/') + 1;
    throw new FilterError(`there is no transport “${name}”`, { at, text: name! }, [
      ...['tcp', 'udp', 'sctp', 'dccp'],
    ]);
  }
  return { first, last, protocol };
}

function portTests(ranges: readonly Ports[]): Tests {
  const has = (number: number, protocol: number) =>
    ranges.some(
      (range) =>
        number >= range.first &&
        number <= range.last &&
        (range.protocol === 0 || range.protocol === protocol),
    );
  return {
    flow: ({ facts }) => facts.listing <= BY_LOWER_PORT && has(facts.port, facts.protocol),
    packet: ({ protocol, sourcePort, destinationPort }) =>
      hasPorts(protocol) && (has(sourcePort, protocol) || has(destinationPort, protocol)),
  };
}

function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
}

/**
 * What payloads show to be the service or, where they show nothing, the ports it has in the
 * catalogue or the registry.
 */
export function service(term: Term, { protocolAt }: FilterWorld): Tests {
  const ranges: Ports[] = [];
  const spoken = new Set<string>();
  for (const value of term.values) {
    const name = value.text.toLowerCase();
    const found = portsNamed(name);
    const protocols = protocolsNamed(name, found);
    for (const protocol of protocols) spoken.add(protocol);
    ranges.push(...found);
    if (found.length === 0 && protocols.length === 0) {
      const known = DETECTORS.map(({ protocol }) => protocol);
      const what = `neither payloads, catalogue nor registry know the service “${value.text}”`;
      throw new FilterError(what, value, known);
    }
  }
  const byPort = portTests(ranges);
  return {
    flow: (row) => {
      const { facts } = row;
      if (facts.listing > BY_LOWER_PORT) return false;
      const said = protocolAt?.(facts.server, facts.family, facts.protocol, facts.port);
      // A protocol inside TLS cannot be seen: the port is all there is to go by.
      if (said === undefined || CARRIES.has(said))
        return spoken.has(said ?? '') || byPort.flow(row);
      return spoken.has(said);
    },
  };
}

/** Protocols of payloads that go by the name, or are at home on the ports of it. */
function protocolsNamed(name: string, ports: readonly Ports[]): string[] {
  return DETECTORS.filter(
    ({ protocol, ports: own }) =>
      protocol === name ||
      (!CARRIES.has(protocol) &&
        ports.some(
          ({ first, last }) =>
            last - first < 10 && own.some((each) => each >= first && each <= last),
        )),
  ).map(({ protocol }) => protocol);
}

function portsNamed(name: string): Ports[] {
  const entry = entryNamed(name);
  if (entry !== undefined) return entry.ports.map(rangeOf);
  return servicePorts(name).map(({ transport, port }) => ({
    first: port,
    last: port,
    protocol: PROTOCOLS[transport] ?? 0,
  }));
}

function rangeOf({ transport, first, last }: CatalogPort): Ports {
  return { first, last, protocol: PROTOCOLS[transport]! };
}
