/**
 * Recognises server roles from the ports that answered, by the catalogue's rules (role.ts). Roles
 * are explained greedily: the strongest signature is taken, its ports are set aside, and the rest
 * is looked at again.
 */

import { addressText, type Names, placeOf } from '../flow/flow-view.ts';
import type { Dependency, HostRoles, RoleCertainty, RoleOfHost } from '../model/host-role.ts';
import { firstOf } from './heaviest.ts';
import { Dependencies } from './host-dependencies.ts';
import { HostServices } from './host-services.ts';
import { PortNumbers, PortTexts } from './port-texts.ts';
import { allSignatures, type Signature } from './role-signatures.ts';
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

/** A role that a set of ports shows. */
interface Judged {
  readonly role: string;
  readonly name: string;
  readonly certainty: RoleCertainty;
  readonly ports: readonly string[];
  readonly signature: Signature;
}

/** All roles that a set of ports shows, and how sure they are together. */
interface Judgement {
  readonly roles: readonly Judged[];
  readonly sureness: number;
}

/** Hosts with roles or dependencies, those with the surest roles first. */
export function hostRoles(traffic: Traffic, names: Names): readonly HostRoles[] {
  const offered = new HostServices(traffic.services.table);
  const judgements = judgeHosts(traffic, offered);
  const depends = new Dependencies(traffic, names, offered, judgements);
  const rows: HostRow[] = [];
  for (let host = 0; host < offered.hosts.count; host++) {
    const client = depends.clientOf(offered.hosts.address(host), offered.hosts.port(host));
    const judgement = judgements[host];
    const others = client < 0 ? 0 : depends.count(client);
    if ((judgement?.roles.length ?? 0) + others === 0) continue;
    rows.push(new HostRow({ traffic, names, offered, depends }, host, client, judgement));
  }
  for (let client = 0; client < depends.clients.count; client++) {
    const { clients } = depends;
    if (offered.find(clients.address(client), clients.port(client)) >= 0) continue;
    rows.push(new HostRow({ traffic, names, offered, depends }, -1, client, undefined));
  }
  return rows.sort(
    (left, right) => right.weight - left.weight || (left.address < right.address ? -1 : 1),
  );
}

/** What the hosts with the most services are, by their numbers. */
function judgeHosts({ services }: Traffic, offered: HostServices): (Judgement | undefined)[] {
  const { count } = offered.hosts;
  const hosts = firstOf(count, MOST_HOSTS, (left, right) => {
    const more = offered.count(left) - offered.count(right);
    return more === 0 ? left < right : more > 0;
  });
  const judgements: (Judgement | undefined)[] = new Array(count).fill(undefined);
  const judge = new RoleJudge();
  const numbers = new PortNumbers();
  const { words } = services.table;
  for (const host of hosts) {
    const ports: number[] = [];
    for (const entry of offered.of(host)) {
      const word = entry * TALLY_WORDS;
      const number = numbers.of(words[word + 1]!, words[word + 2]! & 0xff);
      if (number >= 0) ports.push(number);
    }
    judgements[host] = judge.judge(ports);
  }
  return judgements;
}

/** What rows are described from. */
interface World {
  readonly traffic: Traffic;
  readonly names: Names;
  readonly offered: HostServices;
  readonly depends: Dependencies;
}

/**
 * A host of the answer. Its roles and dependencies are described when they are looked at: of thousands
 * of hosts with a dozen each, few may be.
 */
class HostRow implements HostRoles {
  readonly address: string;
  readonly zone: string;
  readonly weight: number;
  private readonly world: World;
  private readonly host: number;
  private readonly client: number;
  private readonly judgement: Judgement | undefined;

  /** @param host, client its numbers as server and as client, -1 where it is none */
  constructor(world: World, host: number, client: number, judgement: Judgement | undefined) {
    const { traffic, names, offered, depends } = world;
    const table = host < 0 ? depends.clients : offered.hosts;
    const entry = host < 0 ? client : host;
    this.address = addressText(names.addresses, table.address(entry), table.port(entry));
    this.zone = traffic.zones.names[traffic.zoneOf(table.address(entry), table.port(entry))]!;
    const dependencies = client < 0 ? 0 : depends.count(client);
    this.weight = (judgement?.sureness ?? 0) * 100 + dependencies;
    this.world = world;
    this.host = host;
    this.client = client;
    this.judgement = judgement;
  }

  get roles(): readonly RoleOfHost[] {
    if (this.judgement === undefined || this.judgement.roles.length === 0) return [];
    const { traffic, names, offered } = this.world;
    const { services } = traffic;
    const texts = new PortTexts();
    const shown = new Map<string, string>();
    for (const entry of offered.of(this.host)) {
      const word = entry * TALLY_WORDS;
      const { words } = services.table;
      const locator = placeOf(names, services.interfaceOf(entry), services.frameOf(entry));
      shown.set(texts.of(words[word + 1]!, words[word + 2]! & 0xff), locator);
    }
    return told(this.judgement, (port) => shown.get(port)!);
  }

  get depends(): readonly Dependency[] {
    return this.client < 0 ? [] : this.world.depends.of(this.client);
  }
}

function told({ roles }: Judgement, locate: (port: string) => string): readonly RoleOfHost[] {
  return roles.map(({ role, name, certainty, ports }) => {
    return { role, name, certainty, ports, evidence: ports.map(locate) };
  });
}

/** Judges hosts by their ports; remembers what it judged, since networks have many of a kind. */
export class RoleJudge {
  private readonly signatures = allSignatures();
  private readonly shared: Uint8Array;
  private readonly memory = new Map<string, Judgement>();
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
   * @param answered ports that answered, with the place that shows each
   */
  rolesOf(answered: ReadonlyMap<string, string>): readonly RoleOfHost[] {
    const ports: number[] = [];
    for (const text of answered.keys()) {
      const port = this.signatures.find(text);
      if (port >= 0) ports.push(port);
    }
    return told(this.judge(ports), (port) => answered.get(port)!);
  }

  /** What ports show, the strongest first. Sorts them. @param ports numbers of signatures' ports */
  judge(ports: number[]): Judgement {
    const key = ports.sort((left, right) => left - right).join(' ');
    let judgement = this.memory.get(key);
    if (judgement === undefined) {
      const { texts } = this.signatures;
      ports.sort((left, right) => (texts[left]! < texts[right]! ? -1 : 1));
      const roles = this.judgeAll(ports);
      const sureness = roles.reduce(
        (sum, role) => sum + CERTAINTIES.indexOf(role.certainty) + 1,
        0,
      );
      judgement = { roles, sureness };
      this.memory.set(key, judgement);
    }
    return judgement;
  }

  private judgeAll(ports: readonly number[]): Judged[] {
    const { signatures, left } = this;
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
        role: best.role.id,
        name: best.role.name,
        certainty: CERTAINTIES[this.certainties[best.index]!]!,
        ports: explained.map((port) => signatures.texts[port]!),
        signature: best,
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
        if (certainties[index] === STALE) this.weigh(signature);
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
  private weigh(signature: Signature): void {
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
