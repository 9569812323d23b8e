/**
 * Recognises server roles from the ports that answered, by the catalogue's rules (role.ts), and
 * what hosts depend on from the answered conversations they began. Roles are explained greedily:
 * the strongest signature is taken, its ports are set aside, and the rest is looked at again.
 */
import { allRoles } from '../catalog/entries.ts';
import type { CatalogPort, NotThere } from '../catalog/entry.ts';
import type { ServerRole } from '../catalog/role.ts';
import { addressText, type Names, transportOf } from '../flow/flow-view.ts';
import type { Dependency, HostRoles, RoleCertainty, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { BY_PORT, REPLY } from './flow-facts.ts';
import { TALLY_NOTE, TALLY_WORDS } from './tally-table.ts';
import type { Traffic } from './traffic.ts';
import { OUTSIDE } from './zones.ts';

/** Hosts judged at most, those with the most services first. */
const MOST_HOSTS = 4096;
/** Hosts inside whose dependencies are looked for at most. */
const MOST_CLIENTS = 1024;
/** Roles of one host and servers it depends on at most. */
const MOST_ROLES = 5;
const MOST_DEPENDENCIES = 12;

/** Alone these show a web server, Windows, SMB, SSH or RDP, and no role beyond. */
const SHARED: ReadonlySet<string> = new Set(
  '80/tcp 443/tcp 135/tcp 139/tcp 445/tcp 22/tcp 3389/tcp 8080/tcp'.split(' '),
);
/** What a shared port alone does show. */
const OF_SHARED_PORTS: ReadonlySet<string> = new Set(['web-server']);
/** Ports in a range from which it names a class of ports rather than a service. */
const WIDE = 1000;
const CERTAINTIES: readonly RoleCertainty[] = ['hint', 'likely', 'certain'];

/** One host's answered ports, with the frame that shows each. */
export type AnsweredPorts = ReadonlyMap<string, string>;

interface Judged {
  readonly signature: Signature;
  readonly certainty: RoleCertainty;
  readonly ports: readonly string[];
  /** Core and companion ports, which are explained with it. */
  readonly explains: readonly string[];
}

/** Hosts with roles or dependencies, those with the surest roles first. */
export function hostRoles(traffic: Traffic, names: Names): readonly HostRoles[] {
  const answered = answeredByHost(traffic, names);
  const hosts = [...answered].sort((left, right) => right[1].ports.size - left[1].ports.size);
  const roles = new Map<string, readonly RoleOfHost[]>();
  const memory = new Map<string, readonly Judged[]>();
  for (const [key, { ports }] of hosts.slice(0, MOST_HOSTS)) {
    roles.set(key, rolesOf(ports, memory));
  }
  const depends = dependencies(traffic, names, roles);
  const keys = new Set([...roles.keys(), ...depends.keys()]);
  const list = [...keys].map((key): HostRoles => {
    const [address, family] = key.split(' ').map(Number) as [number, number];
    return {
      address: addressText(names.addresses, address, family),
      zone: traffic.zones.names[traffic.zoneOf(address, family)]!,
      roles: roles.get(key) ?? [],
      depends: depends.get(key) ?? [],
    };
  });
  return list
    .filter((host) => host.roles.length + host.depends.length > 0)
    .sort((left, right) => weight(right) - weight(left) || (left.address < right.address ? -1 : 1));
}

function weight({ roles, depends }: HostRoles): number {
  const sure = roles.reduce((sum, { certainty }) => sum + CERTAINTIES.indexOf(certainty) + 1, 0);
  return sure * 100 + depends.length;
}

/**
 * The roles of a host, the strongest first. `memory` holds what was judged of hosts with the same
 * ports: networks have many of a kind.
 */
export function rolesOf(
  answered: AnsweredPorts,
  memory: Map<string, readonly Judged[]> = new Map(),
): readonly RoleOfHost[] {
  const ports = [...answered.keys()].sort();
  const key = ports.join(' ');
  let judged = memory.get(key);
  if (judged === undefined) {
    judged = judgeAll(ports);
    memory.set(key, judged);
  }
  return judged.map(({ signature, certainty, ports }) => ({
    role: signature.role.id,
    name: signature.role.name,
    certainty,
    ports,
    evidence: ports.map((port) => answered.get(port)!),
  }));
}

function judgeAll(answered: readonly string[]): Judged[] {
  const all = new Set(answered);
  const left = new Set(answered);
  const found: Judged[] = [];
  while (left.size > 0 && found.length < MOST_ROLES) {
    let best: Judged | undefined;
    for (const signature of candidates(left)) {
      const judged = judge(signature, left, all);
      if (judged !== undefined && (best === undefined || stronger(judged, best))) best = judged;
    }
    if (best === undefined) break;
    found.push(best);
    for (const port of [...best.ports, ...best.explains]) left.delete(port);
  }
  return found;
}

function stronger(left: Judged, right: Judged): boolean {
  const by = CERTAINTIES.indexOf(left.certainty) - CERTAINTIES.indexOf(right.certainty);
  if (by !== 0) return by > 0;
  return left.ports.length > right.ports.length;
}

/** Judges a role by the ports not explained yet; those explained still speak against it. */
function judge(
  signature: Signature,
  left: ReadonlySet<string>,
  answered: ReadonlySet<string>,
): Judged | undefined {
  const { role, core, distinctive } = signature;
  if (signature.absent.some((choice) => choice.some((port) => answered.has(port)))) {
    return undefined;
  }
  const met = (choice: readonly string[]) => choice.filter((port) => left.has(port));
  const coreMet = core.map(met).filter((ports) => ports.length > 0);
  const distinctiveMet = distinctive.map(met).filter((ports) => ports.length > 0);
  const ports = [...new Set([...coreMet, ...distinctiveMet].flat())];
  if (ports.length === 0) return undefined;
  const own = ports.filter((port) => !SHARED.has(port));
  const complete = core.length > 0 && coreMet.length === core.length;
  let certainty: RoleCertainty | undefined;
  if (complete && own.length > 0) certainty = 'certain';
  else if (OF_SHARED_PORTS.has(role.id)) certainty = complete ? 'likely' : undefined;
  else if (own.length > 0) {
    certainty = distinctiveMet.length >= 2 || sameNumbers(core, own) ? 'likely' : 'hint';
  }
  if (certainty === undefined) return undefined;
  return {
    signature,
    certainty,
    ports,
    explains: signature.companions.filter((port) => left.has(port)),
  };
}

/** Whether all that is missing of the core is the other transport of a port that answered. */
function sameNumbers(core: readonly (readonly string[])[], ports: readonly string[]): boolean {
  const numbers = new Set(ports.map(numberOf));
  return (
    core.length > 0 && core.every((choice) => choice.some((port) => numbers.has(numberOf(port))))
  );
}

function numberOf(port: string): number {
  return Number.parseInt(port, 10);
}

function listOf<Item>(value: readonly Item[] | NotThere): readonly Item[] {
  return 'none' in value ? [] : value;
}

/** Ports of a choice as text; wide ranges are no signature. */
function keysOf(ports: readonly CatalogPort[]): string[] {
  return ports.flatMap(({ transport, first, last }) =>
    last - first > WIDE
      ? []
      : Array.from({ length: last - first + 1 }, (_, step) => `${first + step}/${transport}`),
  );
}

/** A role with its ports as text. */
interface Signature {
  readonly role: ServerRole;
  readonly core: readonly (readonly string[])[];
  readonly distinctive: readonly (readonly string[])[];
  readonly absent: readonly (readonly string[])[];
  readonly companions: readonly string[];
}

let signatures: ReadonlyMap<string, Signature> | undefined;
let byPort: ReadonlyMap<string, readonly Signature[]> | undefined;

function signaturesById(): ReadonlyMap<string, Signature> {
  signatures ??= new Map(
    allRoles().map((role) => [
      role.id,
      {
        role,
        core: listOf(role.core).map(keysOf),
        distinctive: listOf(role.distinctive).map(keysOf),
        absent: listOf(role.absent).map(keysOf),
        companions: listOf(role.companions).flatMap(({ ports }) => keysOf(ports)),
      },
    ]),
  );
  return signatures;
}

/** Roles for which one of the ports speaks. */
function candidates(ports: ReadonlySet<string>): ReadonlySet<Signature> {
  byPort ??= indexed();
  const found = new Set<Signature>();
  for (const port of ports) for (const role of byPort.get(port) ?? []) found.add(role);
  return found;
}

function indexed(): Map<string, Signature[]> {
  const index = new Map<string, Signature[]>();
  for (const signature of signaturesById().values()) {
    for (const key of new Set([...signature.core, ...signature.distinctive].flat())) {
      const list = index.get(key);
      if (list === undefined) index.set(key, [signature]);
      else list.push(signature);
    }
  }
  return index;
}

interface Answered {
  readonly ports: Map<string, string>;
}

function answeredByHost(traffic: Traffic, names: Names): Map<string, Answered> {
  const { services } = traffic;
  const { table } = services;
  const hosts = new Map<string, Answered>();
  for (let entry = 0; entry < table.count; entry++) {
    const word = entry * TALLY_WORDS;
    const kind = table.words[word + 2]!;
    const key = `${table.words[word]} ${kind & FAMILY_6}`;
    let host = hosts.get(key);
    if (host === undefined) {
      host = { ports: new Map() };
      hosts.set(key, host);
    }
    const source = names.interfaces[services.interfaceOf(entry)]?.source ?? '-';
    const port = `${table.words[word + 1]}/${transportOf(kind & 0xff)}`;
    host.ports.set(port, `${source}#${services.frameOf(entry)}`);
  }
  return hosts;
}

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

function dependencies(
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
