/**
 * Services that answered on a port for which neither the registry nor the catalogue has a name, and
 * whose payload nobody recognised. One finding for each host.
 *
 * Not meant: ports that another conversation arranged (dynamic ports of a host that answers on
 * 135/tcp, 111, 69 or 21), hosts outside, and what hopping explains.
 */
import { serviceName } from '../../catalog/services.ts';
import type { Finding } from '../../model/finding.ts';
import { FAMILY_6 } from '../../wire/packet-batch.ts';
import { TALLY_WORDS } from '../tally-table.ts';
import { type Case, plural, protocolText, some } from './case.ts';
import { CATALOGUED } from './watched-ports.ts';

interface Unknown {
  readonly address: number;
  readonly family: number;
  readonly ports: { text: string; entry: number; transport: string; port: number }[];
}

/** First port that systems hand out at run time, of any in use (Windows before Vista: 1025). */
const DYNAMIC = 32_768;
const OLD_DYNAMIC_LAST = 5000;
const SYSTEM = 1024;
/** Endpoint mapper, portmapper, FTP, TFTP: they tell clients of other ports. */
const BROKERS = [135, 111, 21, 69];

/**
 * Hosts with the most such ports first.
 * @param explained servers that another finding accounts for, by their address word
 */
export function unknownServices(
  c: Case,
  explained: (server: number) => boolean,
): readonly Finding[] {
  const hosts = new Map<string, Unknown>();
  const { table } = c.traffic.services;
  for (let entry = 0; entry < table.count; entry++) {
    const word = entry * TALLY_WORDS;
    const address = table.words[word]!;
    const port = table.words[word + 1]!;
    const kind = table.words[word + 2]!;
    const family = kind & FAMILY_6;
    if (!isUnknown(c, address, family, kind & 0xff, port) || explained(address)) continue;
    const key = `${address} ${family}`;
    const host = hosts.get(key) ?? { address, family, ports: [] };
    const transport = protocolText(kind & 0xff);
    host.ports.push({ text: `${port}/${transport}`, entry, transport, port });
    hosts.set(key, host);
  }
  const found = [...hosts.values()].sort((left, right) => right.ports.length - left.ports.length);
  return c.tellMost('unknown-service', found, (host) => tell(c, host));
}

function isUnknown(
  c: Case,
  address: number,
  family: number,
  protocol: number,
  port: number,
): boolean {
  if (protocol !== 6 && protocol !== 17) return false;
  if ((c.clues.watchedOf(protocol, port) & CATALOGUED) !== 0) return false;
  if (serviceName(protocolText(protocol), port) !== undefined) return false;
  if (c.isOutside(address, family)) return false;
  if (c.spoken.protocolAt(address, family, protocol, port) !== undefined) return false;
  return !(isHandedOut(port) && brokers(c, address, family));
}

function isHandedOut(port: number): boolean {
  return port >= DYNAMIC || (port > SYSTEM && port <= OLD_DYNAMIC_LAST);
}

function brokers(c: Case, address: number, family: number): boolean {
  const { table } = c.traffic.services;
  return BROKERS.some(
    (port) =>
      table.find(address, port, 6 | family) >= 0 || table.find(address, port, 17 | family) >= 0,
  );
}

function tell(c: Case, { address, family, ports }: Unknown): Finding {
  const { services } = c.traffic;
  const host = c.host(address, family);
  const [first] = ports;
  const alone = ports.length === 1 ? first : undefined;
  const clients = ports.reduce((sum, { entry }) => sum + services.clients.count(entry), 0);
  return {
    kind: 'finding',
    id: 'unknown-service',
    severity: 'low',
    subject: {
      text: alone === undefined ? host : `${host} ${alone.text}`,
      server: host,
      ...(alone === undefined ? {} : { port: alone.port, transport: alone.transport as 'tcp' }),
    },
    what: `${plural(ports.length, 'service')} that nobody knows answered: ${some(ports.map(({ text }) => text))}`,
    why: 'no registry or catalogue entry explains it and its payload was not recognised: it cannot be judged, nor a rule for it',
    do: `see on ${host} which program holds the port (portreeve sockets), then name it or stop it`,
    otherwise: 'a product of your own, peer-to-peer programs, a known service on another port',
    evidence: ports.slice(0, 20).map(({ entry }) => ({
      seenMs: services.table.floats[entry * (TALLY_WORDS / 2) + 2 + 4]!,
      locator: c.locator(services.interfaceOf(entry), services.frameOf(entry)),
    })),
    filter:
      alone === undefined
        ? `host ${host}`
        : `host ${host} and ${alone.transport} port ${alone.port}`,
    numbers: { services: ports.length, clients },
    thresholds: {},
  };
}
