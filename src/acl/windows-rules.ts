/**
 * A plan as rules of Windows Defender Firewall, for PowerShell and netsh: addresses of both ends,
 * ports or ICMP messages as lists. Rules have no order: what blocks holds against what allows, so a
 * denial that has to yield to an earlier rule is taken out of the rules after it before they come
 * here, and refused where that cannot be done. A rule does not log; the profiles
 * log what they block.
 */
import type { Node } from '../net/decision-diagram.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { HeaderSpaces, NO_PACKETS } from '../net/header-space.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { EntrySide } from './flat-entries.ts';
import { hostRules, sidesOf } from './host-rules.ts';
import type { Capabilities, Refusal } from './platform.ts';
import { plainText } from './safe-text.ts';
import type { SessionRule } from './session-rules.ts';

export interface WindowsRule {
  readonly direction: 'in' | 'out';
  readonly allow: boolean;
  /** undefined = any. */
  readonly protocol?: number;
  /** Prefixes, or single addresses; undefined = any. */
  readonly local?: readonly string[];
  readonly remote?: readonly string[];
  readonly localPorts?: readonly string[];
  readonly remotePorts?: readonly string[];
  /** `8` or `3:4`. */
  readonly messages?: readonly string[];
  readonly name: string;
  readonly told: string;
}

/** Addresses in one rule; Windows takes more, people do not. */
const MOST_ADDRESSES = 5000;

export const WINDOWS: Omit<Capabilities, 'sources'> = {
  filters: ['host'],
  stateful: true,
  asksErrors: true,
  families: [4, 6],
  management: ['the firewall of a machine is asked about that machine alone: name it with --host'],
  logs: false,
};

/** Those for what comes in first. With any refusal nothing may be rendered. */
export function windowsRules(plan: Plan): {
  readonly rules: readonly WindowsRule[];
  readonly refusals: readonly Refusal[];
} {
  const { input, output, refusals } = hostRules(plan, {
    ...{ groups: () => true, portProtocols: [TCP, UDP] },
    ...{ unasked: ['loopback'], ownSideImplied: false },
  });
  const refused = [input, output].flatMap(overruled);
  const rules = [
    ...input.flatMap((asked) => ruleOf(asked, 'in')),
    ...output.flatMap((asked) => ruleOf(asked, 'out')),
  ];
  for (const { name, local, remote } of rules) {
    if (Math.max(local?.length ?? 0, remote?.length ?? 0) > MOST_ADDRESSES) {
      refused.push({ what: `${name} has more than ${MOST_ADDRESSES} addresses on a side.` });
    }
  }
  return { rules, refusals: [...refusals, ...refused] };
}

/** Rules that deny what an earlier one allows: on Windows they would deny it all the same. */
function overruled(rules: readonly SessionRule[]): Refusal[] {
  if (rules.every(({ action }) => action === 'accept')) return [];
  const spaces = new HeaderSpaces();
  // What is allowed so far, as sets of one, two, four … rules, so that few are joined often.
  const allowed: { count: number; set: Node }[] = [];
  const refusals: Refusal[] = [];
  for (const { rule, action } of rules) {
    const { states: _, ...match } = rule.match;
    let set = spaces.matched(match);
    if (action === 'accept') {
      let count = 1;
      while (allowed.at(-1)?.count === count) {
        set = spaces.union(set, allowed.pop()!.set);
        count *= 2;
      }
      allowed.push({ count, set });
    } else if (allowed.some((one) => spaces.intersection(one.set, set) !== NO_PACKETS)) {
      refusals.push({
        ...(rule.id === undefined ? {} : { rule: rule.id }),
        what: 'It denies some of what an earlier rule allows; Windows would deny all of that.',
        instead: 'put what denies before what allows',
      });
    }
  }
  return refusals;
}

function ruleOf({ rule, action, entries, told }: SessionRule, direction: 'in' | 'out') {
  const [entry] = entries;
  if (entry === undefined) return [];
  const { peer, own } = sidesOf(entry, direction === 'in' ? 'input' : 'output');
  const from = lists(entries.map(({ sourcePorts }) => sourcePorts));
  const to = lists(entries.map(({ destinationPorts }) => destinationPorts));
  const messages = entries.flatMap(({ icmpType, icmpCode }) =>
    icmpType === undefined
      ? []
      : [icmpCode === undefined ? `${icmpType}` : `${icmpType}:${icmpCode}`],
  );
  const [local, remote] = [addresses(own), addresses(peer)];
  const [localPorts, remotePorts] = direction === 'in' ? [to, from] : [from, to];
  const made: WindowsRule = {
    direction,
    allow: action === 'accept',
    ...(entry.protocol === undefined ? {} : { protocol: entry.protocol }),
    ...(local === undefined ? {} : { local }),
    ...(remote === undefined ? {} : { remote }),
    ...(localPorts === undefined ? {} : { localPorts }),
    ...(remotePorts === undefined ? {} : { remotePorts }),
    ...(messages.length === 0 ? {} : { messages: [...new Set(messages)] }),
    name: plainText(`PR ${rule.id ?? 'rule'}`, 80),
    told: plainText(told, 200),
  };
  return [made];
}

function lists(ranges: readonly (NumberRange | undefined)[]): string[] | undefined {
  const words = ranges.flatMap((range) =>
    range === undefined
      ? []
      : [range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`],
  );
  return words.length === 0 ? undefined : [...new Set(words)];
}

function addresses(side: EntrySide): string[] | undefined {
  if (side.kind === 'any') return undefined;
  return (side.kind === 'prefix' ? [side.prefix] : side.prefixes).map(plainPrefix);
}

function plainPrefix(prefix: Prefix): string {
  return formatPrefix(prefix).replace(prefix.family === 4 ? /\/32$/ : /\/128$/, '');
}
