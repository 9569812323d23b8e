/**
 * iptables-save format (iptables-save(8), iptables-extensions(8), netfilter.org; checked with 1.8.9)
 * as one file for both families: lines with `-4` are read by iptables-restore alone, those with `-6`
 * by ip6tables-restore. Lists of addresses become a chain of their own where that is shorter.
 */
import {
  type AddressRange,
  formatRange,
  isWholeFamily,
  prefixesOfRange,
} from '../net/address-range.ts';
import type { FlagsMatch, IcmpMatch, NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { parseIptables } from './iptables-parse.ts';
import { AUTHENTICATION, PASSED_OVER } from './linux-protocols.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { isInterfaceName, plainText, Words } from './safe-text.ts';

/** The kernel takes 29 characters of prefix. */
const MOST_PREFIX = 29;
const MOST_COMMENT = 255;
/** XT_EXTENSION_MAXNAMELEN leaves 28 characters for a chain. */
const MOST_CHAIN_NAME = 28;
/** `multiport` takes 15 ports; a range counts as two. */
const MOST_PORTS = 15;
const CHAINS = { forward: 'FORWARD', input: 'INPUT', output: 'OUTPUT' } as const;
const TARGETS = { accept: 'ACCEPT', drop: 'DROP', reject: 'REJECT' } as const;

export const iptables: Platform = {
  name: 'iptables',
  aliases: ['iptables-save', 'ip6tables'],
  title: 'iptables and ip6tables (Linux)',
  capabilities: {
    filters: ['between', 'host'],
    stateful: true,
    families: [4, 6],
    management: [
      'INPUT is not written: who manages this machine stays as it is. Management of',
      'machines behind it needs rules of the policy; sessions that are open go on.',
    ],
    logs: true,
    sources: ['iptables-extensions(8) of iptables 1.8.9'],
  },
  render,
  parse: parseIptables,
};

function render(plan: Plan): Rendered {
  const refusals: Refusal[] = [];
  const writer = new Writer(refusals);
  for (const chain of plan.filter.chains) writer.chain(chain);
  if (refusals.length > 0) return { refusals };
  return { text: [...head(plan), ...writer.lines(), 'COMMIT', ''].join('\n'), refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)}, written by Portreeve. Everything not allowed is dropped.`,
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    plan.hosts === undefined
      ? '# One file for both families; the chains INPUT and OUTPUT stay as they are.'
      : '# One file for both families; the chain FORWARD stays as it is.',
    ...managementLines(iptables, '#', plan),
    '# Keep:     iptables-save > before.v4; ip6tables-save > before.v6',
    '# Check:    iptables-restore --test < THIS-FILE; ip6tables-restore --test < THIS-FILE',
    '# Install:  iptables-apply does it with a time limit, or',
    '#           iptables-restore --noflush < THIS-FILE; ip6tables-restore --noflush < THIS-FILE',
    plan.hosts === undefined
      ? '# Verify:   iptables -vnL FORWARD; ip6tables -vnL FORWARD'
      : '# Verify:   iptables -vnL; ip6tables -vnL',
    '# Go back:  iptables-restore < before.v4; ip6tables-restore < before.v6',
    '*filter',
  ];
}

class Writer {
  private readonly refusals: Refusal[];
  private readonly words = new Words('PR_', MOST_CHAIN_NAME);
  private readonly declared: string[] = [];
  private readonly flushed: string[] = [];
  private readonly rules: string[] = [];
  private count = 0;

  constructor(refusals: Refusal[]) {
    this.refusals = refusals;
  }

  lines(): string[] {
    return [...this.declared, ...this.flushed, ...this.rules];
  }

  chain({ hook, otherwise, rules }: FilterChain): void {
    if (hook === undefined || otherwise === 'reject') {
      this.refusals.push({ what: 'A chain is asked at a hook and drops or accepts at its end.' });
      return;
    }
    const name = CHAINS[hook];
    this.declared.push(`:${name} ${TARGETS[otherwise]} [0:0]`);
    this.flushed.push(`-F ${name}`);
    for (const rule of rules) {
      const what = unexpressed(rule);
      if (what === undefined) this.rule(name, rule);
      else this.refusals.push({ ...(rule.id === undefined ? {} : { rule: rule.id }), what });
    }
  }

  private rule(chain: string, rule: FilterRule): void {
    const { match } = rule;
    const family = match.source?.[0]?.family ?? match.destination?.[0]?.family ?? match.family;
    const only = family === undefined ? '' : ` -${family}`;
    const sources = sides('-s', '--src-range', match.source);
    const destinations = sides('-d', '--dst-range', match.destination);
    const asked = layer4(rule);
    const ends = endings(rule);
    let from = chain;
    let starts = sources;
    // n × m × k lines become n + m × k by way of a chain, and m × k become m + k by another.
    if (sources.length > 1 && destinations.length * asked.length > 1) {
      from = this.detour(from, only, sources, rule);
      starts = [''];
    }
    if (destinations.length > 1 && asked.length * ends.length > 1) {
      const before = starts.flatMap((source) => destinations.map((side) => source + side));
      from = this.detour(from, only, before, rule);
      starts = [''];
      destinations.splice(0, destinations.length, '');
    }
    for (const source of starts) {
      for (const destination of destinations) {
        for (const question of asked) {
          for (const end of ends) {
            this.rules.push(`-A ${from}${only}${source}${destination}${question}${end}`);
          }
        }
      }
    }
  }

  /** A new chain that is asked when one of the conditions holds. */
  private detour(chain: string, only: string, held: readonly string[], rule: FilterRule): string {
    const name = this.words.wordFor(`${rule.id ?? 'rule'}_${++this.count}`);
    this.declared.push(`:${name} - [0:0]`);
    for (const condition of held) this.rules.push(`-A ${chain}${only}${condition} -j ${name}`);
    return name;
  }
}

/** Why the rule cannot be written as it stands. */
function unexpressed({ action, match }: FilterRule): string | undefined {
  if (action === 'jump' || action === 'goto' || action === 'return') return 'A plan has no jumps.';
  if (match.laterFragment !== undefined) return 'Rules for fragments are not written.';
  const lists = [match.source, match.destination, match.protocols, match.destinationPorts];
  if ([...lists, match.sourcePorts, match.icmp].some((list) => list?.length === 0)) {
    return 'The rule matches nothing.';
  }
  if (match.protocols?.some(({ first, last }) => first !== last || first === 0)) {
    return 'A range of protocols, or protocol 0, cannot be written.';
  }
  const protocol = match.protocols?.[0]?.first ?? -1;
  if (reachesIpv6(match) && (protocol === AUTHENTICATION || PASSED_OVER.includes(protocol))) {
    return `Over IPv6, not every iptables finds protocol ${protocol}.`;
  }
  // The kernel keeps “any” as type 255, and then asks for no code either.
  if (
    protocol === 1 &&
    match.icmp?.some(({ type, code }) => type.last === 255 && (type.first > 0 || code))
  ) {
    return 'ICMP type 255 stands for any type.';
  }
  const interfaces = [match.notInInterfaces, match.notOutInterfaces];
  if (interfaces.some((names) => names !== undefined && names.length > 1)) {
    return 'More than one excluded interface cannot be written.';
  }
  if (match.tcpFlags?.some(({ mask }) => (mask & 0xc0) !== 0)) {
    return 'The flags ECE and CWR cannot be matched.';
  }
  const named = [match.inInterfaces, match.outInterfaces, match.notInInterfaces];
  if ([...named, match.notOutInterfaces].some((names) => !(names ?? []).every(isInterfaceName))) {
    return 'The name of an interface has more than letters, digits and “_.@:-”, or is too long.';
  }
  const families = [match.source, match.destination].flatMap(
    (side) => side?.map(({ family }) => family) ?? [],
  );
  return new Set(families).size > 1 ? 'A rule has addresses of one family.' : undefined;
}

function reachesIpv6({ family, source, destination }: FilterRule['match']): boolean {
  return (family ?? source?.[0]?.family ?? destination?.[0]?.family ?? 6) === 6;
}

/** Conditions on one side, each of which will do; one empty condition for any address. */
function sides(
  option: string,
  rangeOption: string,
  ranges: readonly AddressRange[] | undefined,
): string[] {
  if (ranges === undefined) return [''];
  return ranges.map((range) => {
    if (isWholeFamily(range)) return '';
    const [prefix, ...more] = prefixesOfRange(range);
    if (more.length === 0) return ` ${option} ${formatPrefix(prefix!)}`;
    return ` -m iprange ${rangeOption} ${formatRange(range)}`;
  });
}

const FLAG_NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const flagNames = (flags: number): string =>
  FLAG_NAMES.filter((_, bit) => flags & (1 << bit)).join(',') || 'NONE';

const PROTOCOL_WORDS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'ipv6-icmp'],
]);

/** Conditions on protocol, ports, ICMP, flags, interfaces and state, each of which will do. */
function layer4({ match }: FilterRule): string[] {
  const { protocols, sourcePorts, destinationPorts, icmp, tcpFlags, states } = match;
  const tail = states === undefined ? '' : ` -m conntrack --ctstate ${stateWords(states)}`;
  const heads = interfaceWords(match);
  const found: string[] = [];
  for (const protocol of protocols ?? [undefined]) {
    const number = protocol?.first;
    const name = number === undefined ? '' : ` -p ${PROTOCOL_WORDS.get(number) ?? number}`;
    const messages = icmp === undefined ? [''] : icmp.flatMap((one) => icmpWords(one, number!));
    const flags = tcpFlags === undefined ? [''] : tcpFlags.map(flagWords);
    for (const from of portWords('sport', sourcePorts, number)) {
      for (const to of portWords('dport', destinationPorts, number)) {
        for (const message of messages) {
          for (const flag of flags) found.push(`${name}${from}${to}${message}${flag}${tail}`);
        }
      }
    }
  }
  return heads.flatMap((head) => found.map((rest) => head + rest));
}

const stateWords = (states: readonly string[]) => states.join(',').toUpperCase();

function flagWords({ mask, value }: FlagsMatch): string {
  return ` -m tcp --tcp-flags ${flagNames(mask)} ${flagNames(value)}`;
}

function interfaceWords(match: FilterRule['match']): string[] {
  const each = (option: string, names: readonly string[] | undefined) =>
    names === undefined ? [''] : names.map((name) => ` ${option} ${name}`);
  const ins = [...each('-i', match.inInterfaces)];
  const outs = [...each('-o', match.outInterfaces)];
  const notIn = each('! -i', match.notInInterfaces)[0] ?? '';
  const notOut = each('! -o', match.notOutInterfaces)[0] ?? '';
  return ins.flatMap((one) => outs.map((two) => `${one}${two}${notIn}${notOut}`));
}

/** Conditions on one port, at most 15 numbers each. */
function portWords(
  option: 'sport' | 'dport',
  ports: readonly NumberRange[] | undefined,
  protocol: number | undefined,
): string[] {
  if (ports === undefined) return [''];
  const word = ({ first, last }: NumberRange) => (first === last ? `${first}` : `${first}:${last}`);
  const plain = protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : undefined;
  if (ports.length === 1 && plain !== undefined)
    return [` -m ${plain} --${option} ${word(ports[0]!)}`];
  const lists: string[] = [];
  let list: string[] = [];
  let numbers = 0;
  for (const range of ports) {
    const size = range.first === range.last ? 1 : 2;
    if (numbers + size > MOST_PORTS) {
      lists.push(list.join(','));
      list = [];
      numbers = 0;
    }
    list.push(word(range));
    numbers += size;
  }
  return [...lists, list.join(',')].map((words) => ` -m multiport --${option}s ${words}`);
}

/** iptables matches one type, and one code of it; wider ranges become several conditions. */
function icmpWords({ type, code }: IcmpMatch, protocol: number): string[] {
  const option = protocol === 1 ? '-m icmp --icmp-type' : '-m icmp6 --icmpv6-type';
  const words: string[] = [];
  for (let number = type.first; number <= type.last; number++) {
    if (code === undefined || (code.first === 0 && code.last === 255)) {
      words.push(` ${option} ${number}`);
      continue;
    }
    for (let own = code.first; own <= code.last; own++) words.push(` ${option} ${number}/${own}`);
  }
  return words;
}

/** What the rule does: a line that logs, if it logs, and one that decides. */
function endings({ action, log, id, comment }: FilterRule): string[] {
  const told = [id, comment].filter((part) => part !== undefined).join(' ');
  const remark = told === '' ? '' : ` -m comment --comment "${plainText(told, MOST_COMMENT)}"`;
  const ends: string[] = [];
  if (log !== undefined) {
    const { perSecond } = log;
    const rate = perSecond === undefined ? '' : ` -m limit --limit ${Math.floor(perSecond)}/sec`;
    ends.push(`${rate} -j LOG --log-prefix "${plainText(log.prefix, MOST_PREFIX - 1)} "`);
  }
  if (action === 'continue') return ends.length > 0 ? ends : [remark];
  return [...ends, `${remark} -j ${TARGETS[action as keyof typeof TARGETS]}`];
}
