/**
 * Reads ufw's commands, as in a script or from `ufw show added`, in the order they are given, and
 * what `ufw status` prints (`ufw-status.ts`). A
 * command that asks the same as an earlier one changes that one where it stands, as ufw does. Some
 * messages of ICMP, DHCP, mDNS and UPnP pass before any rule (before.rules, before6.rules of 0.36);
 * ICMP does not where the script takes it out. Names of applications and services, and `limit`,
 * decide by more than the packet.
 */
import type { Family } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterChain, FilterMatch, FilterRule, Hook, Verdict } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { AUTHENTICATION } from './linux-protocols.ts';
import { LineWords, numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { SESSIONLESS, TO_ITSELF } from './session-chain.ts';
import { wordsOf } from './shell-words.ts';
import { isUfwStatus, readUfwStatus } from './ufw-status.ts';

/** Takes the messages of ICMP out of ufw's own files, but for neighbours and listeners of IPv6. */
export const WITHOUT_ICMP =
  "sed -i -E '/icmp(v6)?-type (echo|destination|packet|time|parameter|14[124-9]|15[123])/d' /etc/ufw/before.rules /etc/ufw/before6.rules";

const VERDICTS: ReadonlyMap<string, Verdict> = new Map([
  ['allow', 'accept'],
  ['deny', 'drop'],
  ['reject', 'reject'],
]);
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['igmp', 2],
  ['ipv6', 41],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['vrrp', 112],
]);
/** Protocols that ufw writes for IPv4 alone. */
const OF_IPV4 = new Set(['igmp', 'ipv6']);
const DIRECTIONS: ReadonlyMap<string, Hook> = new Map([
  ['incoming', 'input'],
  ['outgoing', 'output'],
  ['routed', 'forward'],
]);
/** Commands that change nothing about the rules. */
const HARMLESS =
  /^(?:(?:--force )?enable|reload|logging (?:on|off|low|medium|high|full)|status(?: verbose| numbered)?)$/;
/** What `ufw show added` says before its commands. */
const SHOWN = /^(?:Added user rules \(see 'ufw status' for running firewall\):|\(None\))$/;
/** Ports in one rule; a range counts as two. */
const MOST_PORTS = 15;

/** A rule for one family, kept by what it asks. */
interface Known {
  readonly hook: Hook;
  rule: FilterRule;
}

export function parseUfw(text: string): Parsed {
  if (isUfwStatus(text)) return parseStatus(text);
  const parser = new UfwParser();
  text.split('\n').forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  const assumed = parser.unsaid;
  return { filter: { chains: parser.chains() }, faults: parser.faults, assumed };
}

/** Rules and defaults that are in force; what ufw's own files let pass is taken as it is shipped. */
function parseStatus(text: string): Parsed {
  const { lines, active, saysDefaults } = readUfwStatus(text);
  const parser = new UfwParser();
  for (const each of lines) {
    if ('fault' in each) parser.faults.push({ line: each.line, what: each.fault });
    else guarded(parser.faults, each.line, () => parser.command(each.words, each.line));
  }
  if (!active) parser.letAllPass();
  const files = 'that the files /etc/ufw/before*.rules are as they were shipped';
  const assumed = active ? [...(saysDefaults ? [] : parser.unsaid), files] : [];
  return { filter: { chains: parser.chains() }, faults: parser.faults, assumed };
}

class UfwParser {
  readonly faults: ParseFault[] = [];
  private readonly rules = new Map<string, Known>();
  private otherwise: Record<Hook, Verdict> = { input: 'drop', output: 'accept', forward: 'drop' };
  private passesIcmp = true;
  private isOff = false;
  private readonly said = new Set<string>();

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#') || SHOWN.test(line)) return;
    if (line === WITHOUT_ICMP) {
      this.passesIcmp = false;
      return;
    }
    guarded(this.faults, number, () => {
      const words = wordsOf(line);
      if (words === undefined) throw new LineFault('A quote is not closed.');
      const [program, ...rest] = words[0] === 'sudo' ? words.slice(1) : words;
      if (program !== 'ufw') throw new LineFault(`“${program ?? line}” is not read.`);
      this.command(rest, number);
    });
  }

  /** The firewall is off: its rules are not asked. */
  letAllPass(): void {
    this.isOff = true;
  }

  /** Defaults that no line told. */
  get unsaid(): string[] {
    const unsaid = [...DIRECTIONS.keys()].filter((word) => !this.said.has(word));
    const shipped = { incoming: 'denied', outgoing: 'allowed', routed: 'denied' };
    return unsaid.map(
      (word) => `that what is ${word} is ${shipped[word as keyof typeof shipped]} by default`,
    );
  }

  command(words: readonly string[], line: number): void {
    const text = words.join(' ');
    if (HARMLESS.test(text)) return;
    if (text === 'reset' || text === '--force reset') {
      this.rules.clear();
      this.otherwise = { input: 'drop', output: 'accept', forward: 'drop' };
      // The files are as they came as well.
      this.passesIcmp = true;
      for (const word of DIRECTIONS.keys()) this.said.add(word);
      return;
    }
    if (words[0] === 'default') return this.setDefault(words.slice(1));
    const isRoute = words[0] === 'route';
    const isRule = words[0] === 'rule';
    this.rule(new LineWords(isRoute || isRule ? words.slice(1) : words), isRoute, line);
  }

  private setDefault([verb = '', direction = 'incoming', ...more]: readonly string[]): void {
    const verdict = VERDICTS.get(verb);
    const hook = DIRECTIONS.get(direction);
    if (verdict === undefined || hook === undefined || more.length > 0) {
      throw new LineFault(`“default ${[verb, direction, ...more].join(' ')}” is not read.`);
    }
    this.otherwise[hook] = verdict;
    this.said.add(direction);
  }

  private rule(words: LineWords, isRoute: boolean, line: number): void {
    const verb = words.next('allow, deny or reject');
    const action = VERDICTS.get(verb);
    if (action === undefined) throw new LineFault(`“${verb}” is not read.`);
    const asked = new RuleReader(words, isRoute);
    asked.read();
    const hook: Hook = isRoute ? 'forward' : asked.direction === 'out' ? 'output' : 'input';
    for (const [family, match] of asked.matches()) {
      const key = JSON.stringify([hook, family, match]);
      const states = action === 'accept' ? { states: ['new'] as const } : {};
      const rule: FilterRule = {
        ...{ action, line, match: { ...match, ...states, family } },
        ...(asked.comment === undefined ? {} : { comment: asked.comment }),
        ...(asked.logs ? { log: { prefix: '' } } : {}),
      };
      const before = this.rules.get(key);
      if (before === undefined) this.rules.set(key, { hook, rule });
      else before.rule = rule;
    }
  }

  chains(): FilterChain[] {
    return (['input', 'output', 'forward'] as const).map((hook) => {
      if (this.isOff) return { name: hook, hook, otherwise: 'accept', line: 0, rules: [] };
      const own = [...this.rules.values()].flatMap((known) =>
        known.hook === hook ? known.rule : [],
      );
      const before = unasked(hook, this.passesIcmp).map(
        (match): FilterRule => ({ action: 'accept', match, line: 0 }),
      );
      const open: FilterRule = { action: 'accept', match: { states: ['new'] }, line: 0 };
      const after = this.otherwise[hook] === 'accept' ? [open] : [];
      const rules = [...before, ...own, ...after];
      return { name: hook, hook, otherwise: 'drop', line: 0, rules };
    });
  }
}

/** What ufw lets pass before any rule. */
function unasked(hook: Hook, passesIcmp: boolean): FilterMatch[] {
  const one = (number: number): NumberRange => ({ first: number, last: number });
  const messages = (family: Family, ...types: number[]): FilterMatch => ({
    ...{ family, states: ['new', 'untracked'] as const },
    protocols: [one(family === 4 ? 1 : 58)],
    icmp: types.map((type) => ({ type: one(type) })),
  });
  const udp = (match: FilterMatch, port: number): FilterMatch => ({
    ...match,
    ...{ states: ['new'] as const, protocols: [one(17)], destinationPorts: [one(port)] },
  });
  const to = (word: string) => ({ destination: [prefixRange(word, word.includes(':') ? 6 : 4)] });
  const link = prefixRange('fe80::/10', 6);
  const linkLocal: FilterMatch = { source: [link], destination: [link], sourcePorts: [one(547)] };
  const answers: FilterMatch = { states: ['established', 'related'] };
  const errors = hook === 'output' ? [] : [messages(4, 3, 8, 11, 12)];
  const six = [1, 2, 3, 4, 128, 129];
  const more = [141, 142, 144, 145, 146, 147, 148, 149, 151, 152, 153];
  return [
    answers,
    ...(hook === 'forward' ? [] : [TO_ITSELF[hook], SESSIONLESS]),
    ...(passesIcmp ? [...errors, messages(6, ...six, ...(hook === 'forward' ? [] : more))] : []),
    ...(hook === 'input'
      ? [
          udp({ family: 4, sourcePorts: [one(67)] }, 68),
          udp(linkLocal, 546),
          ...[udp(to('224.0.0.251'), 5353), udp(to('239.255.255.250'), 1900)],
          ...[udp(to('ff02::fb'), 5353), udp(to('ff02::f'), 1900)],
        ]
      : []),
  ];
}

type Side = 'source' | 'destination';

class RuleReader {
  direction: 'in' | 'out' | undefined;
  comment: string | undefined;
  logs = false;
  private readonly words: LineWords;
  private readonly isRoute: boolean;
  private readonly interfaces = new Map<'in' | 'out', string>();
  private readonly addresses = new Map<Side, AddressRange>();
  private readonly ports = new Map<Side, NumberRange[]>();
  private protocol = 'any';

  constructor(words: LineWords, isRoute: boolean) {
    this.words = words;
    this.isRoute = isRoute;
  }

  read(): void {
    const { words } = this;
    this.directions();
    if (words.take('log') || words.take('log-all')) this.logs = true;
    let kind: 'none' | 'simple' | 'full' = 'none';
    while (!words.ended) {
      const word = words.next('a condition');
      if (word === 'comment') {
        this.comment = words.next('a comment');
        words.end();
      } else if (kind === 'none' && !['proto', 'from', 'to'].includes(word)) {
        if (this.isRoute || this.interfaces.size > 0) {
          throw new LineFault(`“${word}” is not known here.`);
        }
        this.simple(word);
        kind = 'simple';
      } else if (kind === 'simple') {
        throw new LineFault(`“${word}” is not known after a port.`);
      } else {
        this.condition(word);
        kind = 'full';
      }
    }
    if (kind === 'none' && this.interfaces.size === 0) {
      throw new LineFault('The rule asks for nothing.');
    }
  }

  private condition(word: string): void {
    const { words } = this;
    if (word === 'proto') this.protocolIs(words.next('a protocol'));
    else if (word === 'from') this.side('source');
    else if (word === 'to') this.side('destination');
    else throw new LineFault(`“${word}” is not known here.`);
  }

  private directions(): void {
    const { words } = this;
    for (const direction of ['in', 'out'] as const) {
      if (!words.take(direction)) continue;
      if (this.direction !== undefined && !this.isRoute) {
        throw new LineFault('A rule has one direction.');
      }
      this.direction = direction;
      if (words.take('on')) this.interfaces.set(direction, words.next('an interface'));
      else if (this.isRoute) throw new LineFault(`“${direction}” of a route stands with “on”.`);
    }
    for (const name of this.interfaces.values()) {
      if (!/^[A-Za-z0-9_][\w.@:-]{0,14}$/.test(name)) {
        throw new LineFault(`“${name}” is not the name of an interface.`);
      }
    }
  }

  private protocolIs(word: string): void {
    if (this.protocol !== 'any') throw new LineFault('“proto” stands twice.');
    if (word !== 'any' && !PROTOCOLS.has(word)) throw new LineFault(`“${word}” is no protocol.`);
    this.protocol = word;
  }

  private side(side: Side): void {
    const { words } = this;
    if (this.addresses.has(side) || this.ports.has(side)) {
      throw new LineFault('A side of the rule stands twice.');
    }
    const word = words.next('an address');
    if (word !== 'any') {
      this.addresses.set(side, prefixRange(word, word.includes(':') ? 6 : 4));
    } else if (words.peek() !== 'port') this.ports.set(side, []);
    if (words.peek() === 'app') throw new LineFault('Names of applications are not read.');
    if (words.take('port')) {
      const port = words.next('a port');
      this.ports.set(side, port === 'any' ? [] : portsOf(port));
    }
  }

  /** `22`, `22/tcp`, `80,443/tcp`: where it goes, from anywhere. */
  private simple(word: string): void {
    const [ports = '', protocol, ...more] = word.split('/');
    if (more.length > 0) throw new LineFault(`“${word}” is not a port.`);
    if (protocol !== undefined) this.protocolIs(protocol);
    this.ports.set('destination', portsOf(ports));
  }

  /** What is asked, for each family that the rule is written for. */
  matches(): [Family, FilterMatch][] {
    const held = [...this.addresses.values()].map(({ family }) => family);
    if (new Set(held).size > 1) throw new LineFault('The addresses are of different families.');
    const asksPorts = [...this.ports.values()].some((ranges) => ranges.length > 0);
    const isTransport = this.protocol === 'tcp' || this.protocol === 'udp';
    const isList = [...this.ports.values()].some(
      (ranges) => ranges.length > 1 || ranges.some(({ first, last }) => first !== last),
    );
    if (asksPorts && !isTransport && (this.protocol !== 'any' || isList)) {
      throw new LineFault('Ports stand with “proto tcp” or “proto udp”.');
    }
    const families =
      held.length > 0
        ? [held[0]!]
        : OF_IPV4.has(this.protocol)
          ? [4 as const]
          : [4 as const, 6 as const];
    return families.map((family) => {
      const match = new MatchBuilder();
      for (const [side, range] of this.addresses) match.addresses(side, [range]);
      const number = PROTOCOLS.get(this.protocol);
      if (number === AUTHENTICATION && family === 6) {
        throw new LineFault('Over IPv6, not every iptables finds AH.');
      }
      if (number !== undefined) match.protocols([{ first: number, last: number }]);
      else if (asksPorts) match.protocols([6, 17].map((one) => ({ first: one, last: one })));
      for (const [side, ranges] of this.ports) {
        if (ranges.length > 0) match.ports(`${side}Ports`, ranges);
      }
      for (const [side, name] of this.interfaces) match.interfaces(side, [name]);
      return [family, match.build()];
    });
  }
}

function portsOf(word: string): NumberRange[] {
  const ranges = word.split(',').map((part): NumberRange => {
    const [low = '', high, ...more] = part.split(':');
    if (/[a-z]/i.test(part)) throw new LineFault(`The service by name “${part}” is not read.`);
    if (more.length > 0) throw new LineFault(`“${part}” is not a range of ports.`);
    const first = numberOf(low, 65_535);
    const last = high === undefined ? first : numberOf(high, 65_535);
    if (first > last) throw new LineFault(`The range “${part}” runs backwards.`);
    return { first, last };
  });
  const count = ranges.reduce((sum, { first, last }) => sum + (first === last ? 1 : 2), 0);
  if (count > MOST_PORTS) throw new LineFault(`A rule has at most ${MOST_PORTS} ports.`);
  return ranges;
}
