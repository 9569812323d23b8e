/** What hosts depend on: the servers that answered them, by their roles. */
import { addressText, type Names } from '../flow/flow-view.ts';
import { hostKey, hostOfKey } from '../flow/heard.ts';
import type { Dependency, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { BY_PORT, REPLY } from './flow-facts.ts';
import { PortTexts } from './port-texts.ts';
import { allSignatures } from './role-signatures.ts';
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

/** By client (see `hostKey`, as `roles` are), the servers that answered it. */
export function dependencies(
  traffic: Traffic,
  names: Names,
  roles: ReadonlyMap<number, readonly RoleOfHost[]>,
): Map<number, Dependency[]> {
  const depends = new Map<number, Dependency[]>();
  const texts = new Map<number, string>();
  for (const [client, servers] of usedPorts(traffic)) {
    const withRole: Dependency[] = [];
    const others: Dependency[] = [];
    for (const [server, ports] of servers) {
      // What has a role comes first: no more of anything would be kept.
      if (withRole.length >= MOST_DEPENDENCIES) break;
      const known = roles.get(server) ?? [];
      if (known.length === 0 && others.length >= MOST_DEPENDENCIES) continue;
      let text = texts.get(server);
      if (text === undefined) {
        const [address, family] = hostOfKey(server);
        text = addressText(names.addresses, address, family);
        texts.set(server, text);
      }
      for (const each of dependenciesOn(text, ports, known)) {
        (each.role === null ? others : withRole).push(each);
      }
    }
    depends.set(client, [...withRole, ...others].slice(0, MOST_DEPENDENCIES));
  }
  return depends;
}

/** What use of a server's ports means, by the server's roles; a port counts for one role. */
export function dependenciesOn(
  server: string,
  used: readonly string[],
  roles: readonly RoleOfHost[],
): Dependency[] {
  const signatures = allSignatures();
  let left: readonly string[] = used;
  const found: Dependency[] = [];
  for (const { role, name, certainty } of roles) {
    if (certainty === 'hint') continue;
    const wanted = signatures.of(role).ports;
    const ports = left.filter((port) => wanted.has(signatures.find(port)));
    if (ports.length === 0) continue;
    const member = role !== 'domain-controller' || ports.some((port) => MEMBERSHIP.includes(port));
    left = left.filter((port) => !ports.includes(port));
    const phrase = member ? (PHRASES[role] ?? `uses the ${name}`) : `uses the ${name}`;
    found.push({ server, text: `${phrase} ${server}`, role, ports });
  }
  if (left.length > 0) {
    const rest = [...left].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    const shown = rest.length > 6 ? `${rest.slice(0, 6).join(', ')} …` : rest.join(', ');
    found.push({ server, text: `uses ${shown} of ${server}`, role: null, ports: rest });
  }
  return found;
}

/** Answered ports by client inside, then by server. */
function usedPorts(traffic: Traffic): Map<number, Map<number, string[]>> {
  const { words, count } = traffic.conversations;
  const clients = new Map<number, Map<number, string[]>>();
  const texts = new PortTexts();
  for (let entry = 0; entry < count; entry++) {
    const word = entry * TALLY_WORDS;
    const kind = words[word + 2]!;
    if (((kind >>> 25) & 3) !== BY_PORT || (words[word + TALLY_NOTE]! & 15) > REPLY) continue;
    const family = (kind >>> 16) & FAMILY_6;
    const client = hostKey(words[word]!, family);
    let servers = clients.get(client);
    if (servers === undefined) {
      if (clients.size >= MOST_CLIENTS) continue;
      if (traffic.zoneOf(words[word]!, family) === OUTSIDE) continue;
      servers = new Map();
      clients.set(client, servers);
    }
    const server = hostKey(words[word + 1]!, family);
    const port = texts.of(kind & 0xffff, (kind >>> 16) & 0xff);
    const ports = servers.get(server);
    if (ports === undefined) servers.set(server, [port]);
    else ports.push(port);
  }
  return clients;
}
