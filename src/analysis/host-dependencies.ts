/** What hosts depend on: the servers that answered them, by their roles. */
import { Column, EndpointTable } from '../flow/endpoint-table.ts';
import { addressText, type Names } from '../flow/flow-view.ts';
import type { Dependency, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { BY_PORT, REPLY } from './flow-facts.ts';
import type { HostServices } from './host-services.ts';
import { PortNumbers, PortTexts } from './port-texts.ts';
import { allSignatures, type Signature } from './role-signatures.ts';
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
  // A relay asks for others: whose address it is cannot be told from ports.
  'dhcp-server': 'asks the DHCP server',
  'file-server': 'uses files of',
  'forward-proxy': 'goes through the proxy',
};

/** What is known of a server's roles. */
export interface KnownRoles {
  readonly roles: readonly (Pick<RoleOfHost, 'role' | 'name' | 'certainty'> & {
    readonly signature: Signature;
  })[];
}

/** Clients inside, and the servers that answered them. Counted at once, told one by one. */
export class Dependencies {
  /** Address and family (as port), in order of their first conversation that was answered. */
  readonly clients = new EndpointTable();
  private readonly traffic: Traffic;
  private readonly names: Names;
  private readonly offered: HostServices;
  private readonly known: readonly (KnownRoles | undefined)[];
  /** By client: its conversations are a chain from its first; `next` is by conversation. */
  private readonly first = new Int32Array(MOST_CLIENTS).fill(-1);
  private readonly last = new Int32Array(MOST_CLIENTS).fill(-1);
  private readonly next: Int32Array;
  private readonly counts = new Int32Array(MOST_CLIENTS);
  private readonly texts = new PortTexts();

  /** @param known by the numbers of `offered` */
  constructor(
    traffic: Traffic,
    names: Names,
    offered: HostServices,
    known: readonly (KnownRoles | undefined)[],
  ) {
    this.traffic = traffic;
    this.names = names;
    this.offered = offered;
    this.known = known;
    this.next = new Int32Array(traffic.conversations.count).fill(-1);
    this.gather();
  }

  /** The number of a client, or -1. */
  clientOf(address: number, family: number): number {
    return this.clients.find(address, family, 0);
  }

  /** How many dependencies are told of a client. */
  count(client: number): number {
    return Math.min(MOST_DEPENDENCIES, this.counts[client]!);
  }

  /** What a client depends on: what has a role comes first. */
  of(client: number): Dependency[] {
    const { words } = this.traffic.conversations;
    const { texts } = this;
    const servers = new Map<number, string[]>();
    for (let entry = this.first[client]!; entry >= 0; entry = this.next[entry]!) {
      const word = entry * TALLY_WORDS;
      const kind = words[word + 2]!;
      const port = texts.of(kind & 0xffff, (kind >>> 16) & 0xff);
      const ports = servers.get(words[word + 1]!);
      if (ports === undefined) servers.set(words[word + 1]!, [port]);
      else ports.push(port);
    }
    const family = this.clients.port(client);
    const withRole: Dependency[] = [];
    const others: Dependency[] = [];
    for (const [server, ports] of servers) {
      // No more of anything would be kept.
      if (withRole.length >= MOST_DEPENDENCIES) break;
      const known = this.known[this.offered.find(server, family)]?.roles ?? [];
      if (known.length === 0 && others.length >= MOST_DEPENDENCIES) continue;
      const text = addressText(this.names.addresses, server, family);
      for (const each of dependenciesOn(text, ports, known)) {
        (each.role === null ? others : withRole).push(each);
      }
    }
    return [...withRole, ...others].slice(0, MOST_DEPENDENCIES);
  }

  /** Chains the conversations that count, and counts what `of` would tell without the limit. */
  private gather(): void {
    const { words, count } = this.traffic.conversations;
    const pairs = new EndpointTable();
    const met = new Column();
    const numbers = new PortNumbers();
    for (let entry = 0; entry < count; entry++) {
      const word = entry * TALLY_WORDS;
      const kind = words[word + 2]!;
      if (((kind >>> 25) & 3) !== BY_PORT || (words[word + TALLY_NOTE]! & 15) > REPLY) continue;
      // What a host asks of itself makes it depend on nobody.
      if (words[word] === words[word + 1]) continue;
      const family = (kind >>> 16) & FAMILY_6;
      const client = this.intern(words[word]!, family);
      if (client < 0) continue;
      if (this.first[client]! < 0) this.first[client] = entry;
      else this.next[this.last[client]!] = entry;
      this.last[client] = entry;
      const server = this.offered.find(words[word + 1]!, family);
      const known = server < 0 ? undefined : this.known[server];
      const role = roleOf(known, numbers.of(kind & 0xffff, (kind >>> 16) & 0xff));
      const pair = pairs.intern(words[word + 1]!, client, 0);
      const before = met.get(pair);
      const now = before | (1 << role);
      if (now === before) continue;
      met.set(pair, now);
      this.counts[client]!++;
    }
  }

  private intern(address: number, family: number): number {
    const { clients, traffic } = this;
    const client = clients.find(address, family, 0);
    if (client >= 0 || clients.count >= MOST_CLIENTS) return client;
    if (traffic.zoneOf(address, family) === OUTSIDE) return -1;
    return clients.intern(address, family, 0);
  }
}

/** Place (from 1) of the first role of a server that a port is used for, 0 for none. */
function roleOf(known: KnownRoles | undefined, port: number): number {
  if (known === undefined || port < 0) return 0;
  const { roles } = known;
  for (let at = 0; at < roles.length; at++) {
    const { certainty, signature } = roles[at]!;
    if (certainty !== 'hint' && signature.ports.has(port)) return at + 1;
  }
  return 0;
}

/** What use of a server's ports means, by the server's roles; a port counts for one role. */
export function dependenciesOn(
  server: string,
  used: readonly string[],
  roles: readonly Pick<RoleOfHost, 'role' | 'name' | 'certainty'>[],
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
