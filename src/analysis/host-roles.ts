/**
 * Recognises server roles from the ports that answered, by the catalogue's rules (role.ts). Roles
 * are explained greedily: the strongest signature is taken, its ports are set aside, and the rest
 * is looked at again.
 */

import type { ServerRole } from '../catalog/role.ts';
import { addressText, type Names, placeOf } from '../flow/flow-view.ts';
import { hostKey, hostOfKey } from '../flow/heard.ts';
import type { HostRoles, RoleCertainty, RoleOfHost } from '../model/host-role.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { dependencies } from './host-dependencies.ts';
import { misplaced } from './misplaced.ts';
import { PortTexts } from './port-texts.ts';
import { allSignatures, type Signature } from './role-signatures.ts';
import type { SpokenView } from './spoken.ts';
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
const HINT = 0;
const LIKELY = 1;
const CERTAIN = 2;
/** In place of a certainty: the role does not apply. */
const NONE = -1;
/** The role was not judged since its ports changed. */
const STALE = -2;

interface Judged {
  readonly role: ServerRole;
  readonly certainty: RoleCertainty;
  readonly ports: readonly string[];
}

/** Hosts with roles or dependencies, those with the surest roles first. */
export function hostRoles(
  traffic: Traffic,
  names: Names,
  speech: SpokenView,
): readonly HostRoles[] {
  const { services } = traffic;
  const hosts = [...answeredByHost(traffic, names, speech)].sort(
    (left, right) => right[1].size - left[1].size,
  );
  const roles = new Map<number, readonly RoleOfHost[]>();
  const judge = new RoleJudge();
  const locate = (entry: number) =>
    placeOf(names, services.interfaceOf(entry), services.frameOf(entry));
  for (const [key, ports] of hosts.slice(0, MOST_HOSTS)) {
    roles.set(key, judge.rolesOf(ports, locate));
  }
  const depends = dependencies(traffic, names, roles);
  const keys = new Set([...roles.keys(), ...depends.keys()]);
  const list: { readonly host: HostRoles; readonly weight: number }[] = [];
  for (const key of keys) {
    const ownRoles = roles.get(key) ?? [];
    const ownDepends = depends.get(key) ?? [];
    if (ownRoles.length + ownDepends.length === 0) continue;
    const [address, family] = hostOfKey(key);
    const host = {
      address: addressText(names.addresses, address, family),
      zone: traffic.zones.names[traffic.zoneOf(address, family)]!,
      roles: ownRoles,
      depends: ownDepends,
    };
    list.push({ host, weight: weight(host) });
  }
  list.sort(
    (left, right) =>
      right.weight - left.weight || (left.host.address < right.host.address ? -1 : 1),
  );
  return list.map(({ host }) => host);
}

function weight({ roles, depends }: HostRoles): number {
  const sure = roles.reduce((sum, { certainty }) => sum + CERTAINTIES.indexOf(certainty) + 1, 0);
  return sure * 100 + depends.length;
}

/** Judges hosts by their ports; remembers what it judged, since networks have many of a kind. */
export class RoleJudge {
  private readonly signatures = allSignatures();
  private readonly shared: Uint8Array;
  private readonly memory = new Map<string, readonly Judged[]>();
  /** By number of the port: whether it answered, and whether it is not explained yet. */
  private readonly answered: Uint8Array;
  private readonly left: Uint8Array;
  /** By signature: its certainty, `NONE` or `STALE`, and how many of its ports are left. */
  private readonly certainties: Int8Array;
  private readonly weights: Int32Array;
  /** The round in which a signature was looked at last. */
  private readonly rounds: Int32Array;
  private round = 0;

  constructor() {
    const { all, texts } = this.signatures;
    this.shared = Uint8Array.from(texts, (port) => (SHARED.has(port) ? 1 : 0));
    this.answered = new Uint8Array(texts.length);
    this.left = new Uint8Array(texts.length);
    this.certainties = new Int8Array(all.length);
    this.weights = new Int32Array(all.length);
    this.rounds = new Int32Array(all.length);
  }

  /**
   * The roles of a host, the strongest first.
   *
   * @param answered ports that answered, with what shows each
   * @param locate says where that is
   */
  rolesOf<Shown>(
    answered: ReadonlyMap<string, Shown>,
    locate: (shown: Shown) => string,
  ): readonly RoleOfHost[] {
    const ports = [...answered.keys()].sort();
    const key = ports.join(' ');
    let judged = this.memory.get(key);
    if (judged === undefined) {
      judged = this.judgeAll(ports);
      this.memory.set(key, judged);
    }
    return judged.map(({ role, certainty, ports }) => ({
      role: role.id,
      name: role.name,
      certainty,
      ports,
      evidence: ports.map((port) => locate(answered.get(port)!)),
    }));
  }

  private judgeAll(texts: readonly string[]): Judged[] {
    const { signatures, left } = this;
    const ports = texts.map((port) => signatures.find(port)).filter((port) => port >= 0);
    this.answered.fill(0);
    left.fill(0);
    for (const port of ports) {
      left[port] = 1;
      this.answered[port] = 1;
    }
    this.certainties.fill(STALE);
    const found: Judged[] = [];
    while (found.length < MOST_ROLES) {
      const best = this.strongest(ports);
      if (best === undefined) break;
      const explained = this.met(best);
      found.push({
        role: best.role,
        certainty: CERTAINTIES[this.certainties[best.index]!]!,
        ports: explained.map((port) => signatures.texts[port]!),
      });
      for (const port of [...explained, ...best.companions]) this.explain(port);
    }
    return found;
  }

  /** Sets a port aside; the roles that it speaks for are to be judged again. */
  private explain(port: number): void {
    if (this.left[port] === 0) return;
    this.left[port] = 0;
    for (const { index } of this.signatures.speaksFor[port]!) this.certainties[index] = STALE;
  }

  /** The strongest of the roles that a port left speaks for; of equals the first. */
  private strongest(ports: readonly number[]): Signature | undefined {
    const { certainties, weights, rounds, left } = this;
    const round = ++this.round;
    let best: Signature | undefined;
    let certainty = NONE;
    let weight = 0;
    for (const port of ports) {
      if (left[port] === 0) continue;
      for (const signature of this.signatures.speaksFor[port]!) {
        const { index } = signature;
        if (rounds[index] === round) continue;
        rounds[index] = round;
        if (certainties[index] === STALE) this.judge(signature);
        const own = certainties[index]!;
        if (own < certainty || own === NONE) continue;
        if (own === certainty && weights[index]! <= weight) continue;
        best = signature;
        certainty = own;
        weight = weights[index]!;
      }
    }
    return best;
  }

  /** Judges a role by the ports not explained yet; those explained still speak against it. */
  private judge(signature: Signature): void {
    const { role, core, distinctive, absent, index } = signature;
    this.certainties[index] = NONE;
    for (const choice of absent) {
      for (const port of choice) if (this.answered[port] === 1) return;
    }
    const coreMet = this.countMet(core);
    const distinctiveMet = this.countMet(distinctive);
    if (coreMet + distinctiveMet === 0) return;
    const ports = this.met(signature);
    this.weights[index] = ports.length;
    const own = ports.filter((port) => this.shared[port] === 0);
    const complete = core.length > 0 && coreMet === core.length;
    if (complete && own.length > 0) this.certainties[index] = CERTAIN;
    else if (OF_SHARED_PORTS.has(role.id)) this.certainties[index] = complete ? LIKELY : NONE;
    else if (own.length > 0) {
      const likely = distinctiveMet >= 2 || this.sameNumbers(core, own);
      this.certainties[index] = likely ? LIKELY : HINT;
    }
  }

  /** Choices of which a port is left. */
  private countMet(choices: readonly (readonly number[])[]): number {
    let count = 0;
    for (const choice of choices) {
      for (const port of choice) {
        if (this.left[port] === 0) continue;
        count++;
        break;
      }
    }
    return count;
  }

  /** The ports left of those that speak for a role, each once. */
  private met({ core, distinctive }: Signature): number[] {
    const found: number[] = [];
    for (const choices of [core, distinctive]) {
      for (const choice of choices) {
        for (const port of choice) {
          if (this.left[port] === 1 && !found.includes(port)) found.push(port);
        }
      }
    }
    return found;
  }

  /** Whether all that is missing of the core is the other transport of a port that answered. */
  private sameNumbers(core: readonly (readonly number[])[], ports: readonly number[]): boolean {
    const { numbers } = this.signatures;
    const same = (port: number) => ports.some((each) => numbers[each] === numbers[port]);
    return core.length > 0 && core.every((choice) => choice.some(same));
  }
}

/**
 * By host (see `hostKey`) the ports that answered, with the service entry of each. Where another
 * protocol is spoken than the port is for, the port speaks for no role.
 */
function answeredByHost(
  { services: { table } }: Traffic,
  names: Names,
  speech: SpokenView,
): Map<number, Map<string, number>> {
  const strangers = new Set(
    speech
      .endpoints()
      .filter((each) => misplaced(each) !== undefined)
      .map(({ address, port, transport }) => `${address} ${port}/${transport}`),
  );
  const hosts = new Map<number, Map<string, number>>();
  const texts = new PortTexts();
  for (let entry = 0; entry < table.count; entry++) {
    const word = entry * TALLY_WORDS;
    const kind = table.words[word + 2]!;
    const key = hostKey(table.words[word]!, kind & FAMILY_6);
    const text = texts.of(table.words[word + 1]!, kind & 0xff);
    if (strangers.size > 0) {
      const address = addressText(names.addresses, table.words[word]!, kind & FAMILY_6);
      if (strangers.has(`${address} ${text}`)) continue;
    }
    let ports = hosts.get(key);
    if (ports === undefined) {
      ports = new Map();
      hosts.set(key, ports);
    }
    ports.set(text, entry);
  }
  return hosts;
}
