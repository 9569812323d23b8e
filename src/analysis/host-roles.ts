/**
 * Recognises server roles from the ports that answered, by the catalogue's rules (role.ts). Roles
 * are explained greedily: the strongest signature is taken, its ports are set aside, and the rest
 * is looked at again.
 */

import { addressText, type Names, placeOf, transportOf } from '../flow/flow-view.ts';
import type { Dependency, HostRoles, RoleCertainty, RoleOfHost } from '../model/host-role.ts';
import { firstOf } from './heaviest.ts';
import { Dependencies } from './host-dependencies.ts';
import { HostServices } from './host-services.ts';
import { misplaced } from './misplaced.ts';
import { PortNumbers } from './port-texts.ts';
import { allSignatures, type Signature } from './role-signatures.ts';
import type { SpokenView } from './spoken.ts';
import { TALLY_WORDS } from './tally-table.ts';
import type { Traffic } from './traffic.ts';

/** Hosts judged at most, those with the most services first. */
const MOST_HOSTS = 4096;
/** Roles of one host at most. */
const MOST_ROLES = 5;

/** Alone these show a web server, Windows, SMB, SSH, RDP or any Unix, and no role beyond. */
const SHARED: ReadonlySet<string> = new Set(
  '80/tcp 443/tcp 135/tcp 139/tcp 445/tcp 22/tcp 3389/tcp 8080/tcp 111/tcp 111/udp'.split(' '),
);
/**
 * Ports that other things answer on as often as the role that has them: web servers (8000, 5000, 8008,
 * 9091, 10443), X11 displays (6001 to 6004), WinRM of any Windows (5985), SMTP (2525), SSH (2222), VNC
 * (5500), FTPS (990), printing and exporters of figures (9101 to 9103), iperf (5001), AirPlay (7000),
 * WebLogic (7001), file locks of any Unix (4045), AFP (548), Erlang's (4369), ZooKeeper's
 * (2181). One of them alone shows no role, two of one role do.
 */
const WEAK: ReadonlySet<string> = new Set(
  (
    '8000/tcp 5000/tcp 8008/tcp 9091/tcp 10443/tcp 6001/tcp 6002/tcp 6004/tcp 5985/tcp 2525/tcp ' +
    '2222/tcp 5500/tcp 990/tcp 9101/tcp 9102/tcp 9103/tcp 5001/tcp 7000/tcp 7001/tcp ' +
    '4045/tcp 548/tcp 4369/tcp 2181/tcp 8003/tcp 2012/tcp 2014/tcp'
  ).split(' '),
);
/** What a shared port alone does show. */
const OF_SHARED_PORTS: ReadonlySet<string> = new Set(['web-server']);
const CERTAINTIES: readonly RoleCertainty[] = ['hint', 'likely', 'certain'];
const HINT = 0;
const LIKELY = 1;
const CERTAIN = 2;
/** In place of a certainty: the role does not apply. */
const NONE = -1;

/** A role that a set of ports shows. */
interface Judged {
  readonly role: string;
  readonly name: string;
  readonly certainty: RoleCertainty;
  readonly ports: readonly string[];
  /** The same as numbers of signatures. */
  readonly numbers: readonly number[];
  readonly signature: Signature;
}

/** All roles that a set of ports shows, and how sure they are together. */
interface Judgement {
  readonly roles: readonly Judged[];
  readonly sureness: number;
}

/** Hosts with roles or dependencies, those with the surest roles first. */
export function hostRoles(
  traffic: Traffic,
  names: Names,
  speech: SpokenView,
): readonly HostRoles[] {
  const offered = new HostServices(traffic.services.table);
  const numbers = new PortNumbers();
  const judgements = judgeHosts(traffic, offered, numbers, strangersOf(speech), names);
  const depends = new Dependencies(traffic, names, offered, judgements);
  const world = { traffic, names, offered, depends, numbers };
  const rows: HostRow[] = [];
  for (let host = 0; host < offered.hosts.count; host++) {
    const client = depends.clientOf(offered.hosts.address(host), offered.hosts.port(host));
    const judgement = judgements[host];
    const others = client < 0 ? 0 : depends.count(client);
    if ((judgement?.roles.length ?? 0) + others === 0) continue;
    rows.push(new HostRow(world, host, client, judgement));
  }
  for (let client = 0; client < depends.clients.count; client++) {
    const { clients } = depends;
    if (offered.find(clients.address(client), clients.port(client)) >= 0) continue;
    rows.push(new HostRow(world, -1, client, undefined));
  }
  return rows.sort(
    (left, right) => right.weight - left.weight || (left.address < right.address ? -1 : 1),
  );
}

/** Endpoints where another protocol is spoken than their port is for: they speak for no role. */
function strangersOf(speech: SpokenView): ReadonlySet<string> {
  const strangers = speech.endpoints().filter((each) => misplaced(each) !== undefined);
  return new Set(
    strangers.map(({ address, port, transport }) => `${address} ${port}/${transport}`),
  );
}

/** What the hosts with the most services are, by their numbers. */
function judgeHosts(
  { services }: Traffic,
  offered: HostServices,
  numbers: PortNumbers,
  strangers: ReadonlySet<string>,
  names: Names,
): (Judgement | undefined)[] {
  const { count } = offered.hosts;
  const hosts = firstOf(count, MOST_HOSTS, (left, right) => {
    const more = offered.count(left) - offered.count(right);
    return more === 0 ? left < right : more > 0;
  });
  const judgements: (Judgement | undefined)[] = new Array(count).fill(undefined);
  const judge = new RoleJudge();
  const { words } = services.table;
  for (const host of hosts) {
    const ports: number[] = [];
    for (const entry of offered.of(host)) {
      const word = entry * TALLY_WORDS;
      const kind = words[word + 2]!;
      const number = numbers.of(words[word + 1]!, kind & 0xff);
      if (number < 0) continue;
      if (strangers.size > 0) {
        const address = addressText(names.addresses, words[word]!, kind);
        const text = `${address} ${words[word + 1]!}/${transportOf(kind & 0xff)}`;
        if (strangers.has(text)) continue;
      }
      ports.push(number);
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
  readonly numbers: PortNumbers;
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
    const { traffic, names, offered, numbers } = this.world;
    const { services } = traffic;
    const { words } = services.table;
    const entries = offered.of(this.host);
    return told(this.judgement, (_, number) => {
      const shows = (entry: number) =>
        numbers.of(words[entry * TALLY_WORDS + 1]!, words[entry * TALLY_WORDS + 2]! & 0xff);
      const entry = entries.find((each) => shows(each) === number)!;
      return placeOf(names, services.interfaceOf(entry), services.frameOf(entry));
    });
  }

  get depends(): readonly Dependency[] {
    return this.client < 0 ? [] : this.world.depends.of(this.client);
  }
}

/** @param locate says where a port answered, given as text and by its number */
function told(
  { roles }: Judgement,
  locate: (port: string, number: number) => string,
): readonly RoleOfHost[] {
  return roles.map(({ role, name, certainty, ports, numbers }) => {
    const evidence = ports.map((port, at) => locate(port, numbers[at]!));
    return { role, name, certainty, ports, evidence };
  });
}

/** Judges hosts by their ports; remembers what it judged, since networks have many of a kind. */
export class RoleJudge {
  private readonly signatures = allSignatures();
  private readonly memory = new Map<string, Judgement>();
  /** By number of the port: whether alone it shows no role, and the host it is not explained for. */
  private readonly shared: Uint8Array;
  private readonly weak: Uint8Array;
  private readonly left: Int32Array;
  /** By signature: the host that it is ruled out for, the round it was met in last. */
  private readonly ruledOut: Int32Array;
  private readonly rounds: Int32Array;
  /** By signature, in that round: its voices together, how many, and how many of no shared port. */
  private readonly core: Int32Array;
  private readonly distinctive: Int32Array;
  private readonly same: Int32Array;
  private readonly weights: Int32Array;
  private readonly own: Int32Array;
  /** How many of the weak ones. */
  private readonly faint: Int32Array;
  /** Hosts and rounds are counted from 1. */
  private host = 0;
  private round = 0;

  constructor() {
    const { all, texts } = this.signatures;
    this.shared = Uint8Array.from(texts, (port) => (SHARED.has(port) ? 1 : 0));
    this.weak = Uint8Array.from(texts, (port) => (WEAK.has(port) ? 1 : 0));
    this.left = new Int32Array(texts.length);
    const count = all.length;
    this.ruledOut = new Int32Array(count);
    this.rounds = new Int32Array(count);
    this.core = new Int32Array(count);
    this.distinctive = new Int32Array(count);
    this.same = new Int32Array(count);
    this.weights = new Int32Array(count);
    this.own = new Int32Array(count);
    this.faint = new Int32Array(count);
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
    const host = ++this.host;
    for (const port of ports) {
      left[port] = host;
      // Also when another role explains it.
      for (const index of signatures.against[port]!) this.ruledOut[index] = host;
    }
    const found: Judged[] = [];
    while (found.length < MOST_ROLES) {
      const best = this.strongest(ports);
      if (best === undefined) break;
      const explained = this.met(best);
      found.push({
        role: best.role.id,
        name: best.role.name,
        certainty: CERTAINTIES[this.certaintyOf(best)]!,
        ports: explained.map((port) => signatures.texts[port]!),
        numbers: explained,
        signature: best,
      });
      for (const port of explained) left[port] = 0;
      for (const port of best.companions) left[port] = 0;
    }
    return found;
  }

  /** The strongest of the roles that a port left speaks for; of equals the first. */
  private strongest(ports: readonly number[]): Signature | undefined {
    const { left, weights, host } = this;
    const met: Signature[] = [];
    this.round++;
    for (const port of ports) if (left[port] === host) this.listen(port, met);
    let best: Signature | undefined;
    let certainty = NONE;
    let weight = 0;
    for (const signature of met) {
      const own = this.certaintyOf(signature);
      if (own < certainty || own === NONE) continue;
      if (own === certainty && weights[signature.index]! <= weight) continue;
      best = signature;
      certainty = own;
      weight = weights[signature.index]!;
    }
    return best;
  }

  /** Adds what a port says to the roles it speaks for; those not heard of yet come to `met`. */
  private listen(port: number, met: Signature[]): void {
    const { core, distinctive, same, weights, own, faint, rounds, round, host } = this;
    const counts = this.shared[port] === 0;
    const isWeak = this.weak[port] === 1;
    for (const voice of this.signatures.voices[port]!) {
      const { index } = voice.signature;
      if (this.ruledOut[index] === host) continue;
      if (rounds[index] !== round) {
        rounds[index] = round;
        core[index] = 0;
        distinctive[index] = 0;
        same[index] = 0;
        weights[index] = 0;
        own[index] = 0;
        faint[index] = 0;
        met.push(voice.signature);
      }
      core[index]! |= voice.core;
      distinctive[index]! |= voice.distinctive;
      weights[index]!++;
      if (!counts) continue;
      if (isWeak) faint[index]!++;
      else own[index]!++;
      same[index]! |= voice.same;
    }
  }

  /** How sure a role is by the ports heard in this round. */
  private certaintyOf({ role, core, absent, index }: Signature): number {
    const whole = 2 ** core.length - 1;
    const complete = whole > 0 && this.core[index] === whole;
    const own = this.own[index]! > 0 || this.faint[index]! > 1;
    // What must not answer may only not have been asked: then one port is not enough.
    if (complete && own) {
      return absent.length > 0 && this.weights[index]! < 2 ? LIKELY : CERTAIN;
    }
    if (OF_SHARED_PORTS.has(role.id)) return complete ? LIKELY : NONE;
    if (!own) return NONE;
    const distinctive = this.distinctive[index]!;
    const two = (distinctive & (distinctive - 1)) !== 0;
    // Or all that is missing of the core is the other transport of a port that answered.
    return two || (whole > 0 && this.same[index] === whole) ? LIKELY : HINT;
  }

  /** The ports left of those that speak for a role, each once. */
  private met({ core, distinctive }: Signature): number[] {
    const found: number[] = [];
    for (const choices of [core, distinctive]) {
      for (const choice of choices) {
        for (const port of choice) {
          if (this.left[port] === this.host && !found.includes(port)) found.push(port);
        }
      }
    }
    return found;
  }
}
