/**
 * Recognises server roles from the ports that answered, by the catalogue's rules (role.ts). Roles
 * are explained greedily: the strongest signature is taken, its ports are set aside, and the rest
 * is looked at again.
 */
import { addressText, type Names, placeOf, transportOf } from '../flow/flow-view.ts';
import type { HostRoles, RoleCertainty, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { dependencies } from './host-dependencies.ts';
import { candidates, type Signature } from './role-signatures.ts';
import { TALLY_WORDS } from './tally-table.ts';
import type { Traffic } from './traffic.ts';

/** Hosts judged at most, those with the most services first. */
const MOST_HOSTS = 4096;
/** Roles of one host at most. */
const MOST_ROLES = 5;

/** Alone these show a web server, Windows, SMB, SSH or RDP, and no role beyond. */
const SHARED: ReadonlySet<string> = new Set(
  '80/tcp 443/tcp 135/tcp 139/tcp 445/tcp 22/tcp 3389/tcp 8080/tcp'.split(' '),
);
/** What a shared port alone does show. */
const OF_SHARED_PORTS: ReadonlySet<string> = new Set(['web-server']);
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
    const port = `${table.words[word + 1]}/${transportOf(kind & 0xff)}`;
    host.ports.set(port, placeOf(names, services.interfaceOf(entry), services.frameOf(entry)));
  }
  return hosts;
}
