/** What hosts depend on: the servers that answered them, by their roles. */
import { addressText, type Names, transportOf } from '../flow/flow-view.ts';
import type { Dependency, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { BY_PORT, REPLY } from './flow-facts.ts';
import { signaturesById } from './role-signatures.ts';
import { TALLY_NOTE, TALLY_WORDS } from './tally-table.ts';
import type { Traffic } from './traffic.ts';
import { OUTSIDE } from './zones.ts';

/** Hosts inside whose dependencies are looked for at most. */
const MOST_CLIENTS = 1024;
/** Servers that a host depends on at most. */
const MOST_DEPENDENCIES = 12;

/** Ports that make a client a member of the domain: logon or directory. */
const MEMBERSHIP = ['88/tcp', '88/udp', '389/tcp', '389/udp', '464/tcp', '464/udp'];

const PHRASES: Readonly<Record<string, string>> = {
  'domain-controller': 'member of the domain served by',
  'dns-server': 'asks the DNS server',
  'ntp-server': 'sets its clock by',
  'dhcp-server': 'has its address from the DHCP server',
  'file-server': 'uses files of',
  'forward-proxy': 'goes through the proxy',
};

/** By client (address word and family), the servers that answered it. */
export function dependencies(
  traffic: Traffic,
  names: Names,
  roles: ReadonlyMap<string, readonly RoleOfHost[]>,
): Map<string, Dependency[]> {
  const used = usedPorts(traffic);
  const depends = new Map<string, Dependency[]>();
  for (const [client, servers] of used) {
    const list: Dependency[] = [];
    for (const [server, ports] of servers) {
      const [address, family] = server.split(' ').map(Number) as [number, number];
      const text = addressText(names.addresses, address, family);
      list.push(...dependenciesOn(text, ports, roles.get(server) ?? []));
    }
    list.sort((left, right) => Number(right.role !== null) - Number(left.role !== null));
    depends.set(client, list.slice(0, MOST_DEPENDENCIES));
  }
  return depends;
}

/** What use of a server's ports means, by the server's roles; a port counts for one role. */
export function dependenciesOn(
  server: string,
  used: readonly string[],
  roles: readonly RoleOfHost[],
): Dependency[] {
  const left = new Set(used);
  const found: Dependency[] = [];
  for (const { role, name, certainty } of roles) {
    if (certainty === 'hint') continue;
    const { core, distinctive, companions } = signaturesById().get(role)!;
    const wanted = new Set([...core.flat(), ...distinctive.flat(), ...companions]);
    const ports = [...left].filter((port) => wanted.has(port));
    if (ports.length === 0) continue;
    const member = role !== 'domain-controller' || ports.some((port) => MEMBERSHIP.includes(port));
    for (const port of ports) left.delete(port);
    const phrase = member ? (PHRASES[role] ?? `uses the ${name}`) : `uses the ${name}`;
    found.push({ server, text: `${phrase} ${server}`, role, ports });
  }
  const rest = [...left].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  if (rest.length > 0) {
    const shown = rest.length > 6 ? `${rest.slice(0, 6).join(', ')} …` : rest.join(', ');
    found.push({ server, text: `uses ${shown} of ${server}`, role: null, ports: rest });
  }
  return found;
}

/** Answered ports by client inside, then by server. */
function usedPorts(traffic: Traffic): Map<string, Map<string, string[]>> {
  const { words, count } = traffic.conversations;
  const clients = new Map<string, Map<string, string[]>>();
  for (let entry = 0; entry < count; entry++) {
    const word = entry * TALLY_WORDS;
    const kind = words[word + 2]!;
    if (((kind >>> 25) & 3) !== BY_PORT || (words[word + TALLY_NOTE]! & 15) > REPLY) continue;
    const family = (kind >>> 16) & FAMILY_6;
    const client = `${words[word]} ${family}`;
    let servers = clients.get(client);
    if (servers === undefined) {
      if (clients.size >= MOST_CLIENTS) continue;
      if (traffic.zoneOf(words[word]!, family) === OUTSIDE) continue;
      servers = new Map();
      clients.set(client, servers);
    }
    const server = `${words[word + 1]} ${family}`;
    const port = `${kind & 0xffff}/${transportOf((kind >>> 16) & 0xff)}`;
    const ports = servers.get(server);
    if (ports === undefined) servers.set(server, [port]);
    else ports.push(port);
  }
  return clients;
}
