/**
 * Access lists of routers and switches that keep no state, as Cisco writes them: IOS and IOS-XE
 * with wildcard masks, NX-OS with prefix lengths. One list per family, to be applied to what leaves
 * the interfaces between the zones: then it filters what is forwarded, and neither the router's own
 * packets nor neighbour discovery.
 *
 * An entry with ports lets through later fragments of its addresses and protocol as well ("Access
 * Control Lists and IP Fragments", Cisco document 8014). Fragments are therefore decided first, by
 * entries of their own, as the plan decides them.
 */
import type { Family } from '../net/address.ts';
import { formatAddress, formatIPv4 } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { type Entry, type EntrySide, entriesOf, NotFlat } from './flat-entries.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';

export interface ListDialect {
  readonly title: string;
  /** Line that begins a list. */
  readonly list: (family: Family, name: string) => string;
  readonly group: (family: Family, name: string) => string;
  readonly groupWord: string;
  /** Families whose address sets can be groups. */
  readonly groupFamilies: readonly Family[];
  readonly prefix: (prefix: Prefix) => string;
  readonly member: (prefix: Prefix) => string;
  /** Longest name of a list or group. */
  readonly mostName: number;
  /** How to install, verify and go back: comment lines. `names` by family. */
  readonly steps: (names: Readonly<Record<Family, string>>) => readonly string[];
}

const MOST_REMARK = 100;
const NAMES: Readonly<Record<Family, string>> = { 4: 'PR_FORWARD_V4', 6: 'PR_FORWARD_V6' };
const PROTOCOL_WORD: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp' };

/** All or nothing: with any refusal there is no text. */
export function renderLists(
  plan: Plan,
  dialect: ListDialect,
  platform: Pick<Platform, 'capabilities'>,
): Rendered {
  const refusals: Refusal[] = [];
  const [chain, ...others] = plan.filter.chains;
  if (chain?.hook !== 'forward' || others.length > 0) {
    return { refusals: [{ what: 'An access list filters what is forwarded, and nothing else.' }] };
  }
  const writer = new ListWriter(dialect, refusals);
  for (const rule of chain.rules) writer.rule(rule);
  writer.end(chain.otherwise === 'accept');
  if (refusals.length > 0) return { refusals };
  const head = [
    `! Policy ${plainText(plan.name, 80)} for ${dialect.title}, written by Portreeve.`,
    '! Everything that is not allowed is denied.',
    ...plan.remarks.map((remark) => `! ${plainText(remark, 200)}`),
    ...managementLines(platform, '!', plan),
    ...dialect.steps(NAMES).map((line) => `! ${line}`),
  ];
  return { text: [...head, ...writer.lines(), ''].join('\n'), refusals: [] };
}

class ListWriter {
  private readonly dialect: ListDialect;
  private readonly refusals: Refusal[];
  private readonly words: Words;
  private readonly groups: string[] = [];
  private readonly known = new Map<string, string>();
  private readonly fragments: Record<Family, string[]> = { 4: [], 6: [] };
  private readonly entries: Record<Family, string[]> = { 4: [], 6: [] };
  private unnamed = 0;

  constructor(dialect: ListDialect, refusals: Refusal[]) {
    this.dialect = dialect;
    this.refusals = refusals;
    this.words = new Words('PR_', dialect.mostName);
  }

  rule(rule: FilterRule): void {
    if (rule.match.states !== undefined) {
      this.refuse(rule, 'The platform keeps no state of connections.');
      return;
    }
    let entries: Entry[];
    try {
      entries = entriesOf(rule, {
        groups: (family) => this.dialect.groupFamilies.includes(family),
        portProtocols: [TCP, UDP],
      });
    } catch (error) {
      if (!(error instanceof NotFlat)) throw error;
      this.refuse(rule, error.message);
      return;
    }
    for (const family of [4, 6] as const) {
      const own = entries.filter((entry) => entry.family === undefined || entry.family === family);
      const told = [rule.id, rule.comment].filter((part) => part !== undefined).join(' ');
      if (own.length > 0 && told !== '') {
        this.entries[family].push(` remark ${plainText(told, MOST_REMARK) || '-'}`);
      }
      for (const entry of own) this.entry(family, rule, entry);
    }
  }

  private refuse({ id }: FilterRule, what: string): void {
    this.refusals.push({ ...(id === undefined ? {} : { rule: id }), what });
  }

  private entry(family: Family, rule: FilterRule, entry: Entry): void {
    const action = rule.action === 'accept' ? 'permit' : 'deny';
    const log = rule.log === undefined ? '' : ' log';
    const { protocol, sourcePorts, destinationPorts, icmpType, icmpCode, established } = entry;
    const word = protocolWord(protocol, family);
    const source = this.side(family, entry.source);
    const destination = this.side(family, entry.destination);
    const asked = [
      ` ${action} ${word} ${source}${ports(sourcePorts)} ${destination}${ports(destinationPorts)}`,
      icmpType === undefined ? '' : ` ${icmpType}${icmpCode === undefined ? '' : ` ${icmpCode}`}`,
      established ? ' established' : '',
    ].join('');
    this.entries[family].push(`${asked}${log}`);
    const layer3 =
      sourcePorts === undefined &&
      destinationPorts === undefined &&
      icmpType === undefined &&
      !established;
    if (layer3) this.fragments[family].push(`${asked} fragments${log}`);
  }

  private side(family: Family, side: EntrySide): string {
    if (side.kind === 'any') return 'any';
    if (side.kind === 'prefix') return this.dialect.prefix(side.prefix);
    const members = side.prefixes.map((prefix) => this.dialect.member(prefix));
    const key = members.join('\n');
    let name = this.known.get(key);
    if (name === undefined) {
      name = this.words.wordFor(side.name ?? `set_${++this.unnamed}`);
      this.known.set(key, name);
      this.groups.push(this.dialect.group(family, name), ...members.map((line) => ` ${line}`));
    }
    return `${this.dialect.groupWord} ${name}`;
  }

  /** What holds for packets that no rule decided. */
  end(accepted: boolean): void {
    for (const family of [4, 6] as const) {
      const any = family === 4 ? 'ip' : 'ipv6';
      if (accepted) this.entries[family].push(` permit ${any} any any`);
      // What the fragments' entries leave open must not reach entries with ports.
      else if (!this.fragments[family].at(-1)?.startsWith(` deny ${any} any any fragments`)) {
        this.fragments[family].push(` deny ${any} any any fragments`);
      }
    }
  }

  lines(): string[] {
    return [
      ...this.groups,
      ...([4, 6] as const).flatMap((family) => [
        this.dialect.list(family, NAMES[family]),
        ' remark fragments other than the first',
        ...this.fragments[family],
        ...this.entries[family],
      ]),
    ];
  }
}

function protocolWord(protocol: number | undefined, family: Family): string {
  if (protocol === undefined) return family === 4 ? 'ip' : 'ipv6';
  // The word for ICMP means the family's own.
  if (protocol === (family === 4 ? 1 : 58)) return 'icmp';
  return PROTOCOL_WORD[protocol] ?? `${protocol}`;
}

function ports(range: NumberRange | undefined): string {
  if (range === undefined) return '';
  const { first, last } = range;
  return first === last ? ` eq ${first}` : ` range ${first} ${last}`;
}

/** `host 10.0.1.7`, or nothing special where the prefix holds more than one address. */
export function hostWord({ family, words, length }: Prefix): string | undefined {
  return length === (family === 4 ? 32 : 128)
    ? `host ${formatAddress({ family, words })}`
    : undefined;
}

/** `10.0.1.0 0.0.0.255`, IOS's form for IPv4; prefix length for IPv6. */
export function wildcardPrefix(prefix: Prefix): string {
  const host = hostWord(prefix);
  if (host !== undefined) return host;
  if (prefix.family === 6) return formatPrefix(prefix);
  const wild = prefix.length === 0 ? 0xffffffff : 0xffffffff >>> prefix.length;
  return `${formatIPv4(prefix.words[0]!)} ${formatIPv4(wild)}`;
}

/** `10.0.1.0 255.255.255.0`. */
export function maskedPrefix(prefix: Prefix): string {
  const host = hostWord(prefix);
  if (host !== undefined) return host;
  if (prefix.family === 6) return formatPrefix(prefix);
  const mask = prefix.length === 0 ? 0 : (0xffffffff << (32 - prefix.length)) >>> 0;
  return `${formatIPv4(prefix.words[0]!)} ${formatIPv4(mask)}`;
}

/** `10.0.1.0/24`. */
export function lengthPrefix(prefix: Prefix): string {
  return hostWord(prefix) ?? formatPrefix(prefix);
}
