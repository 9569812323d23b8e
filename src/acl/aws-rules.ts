/**
 * A plan as rules of Amazon VPC, for security groups and network ACLs: one address prefix of the
 * other end, one protocol and one range of ports the packet goes to each (Amazon VPC User Guide,
 * “Security group rules”, “Network ACLs”). Neither asks for the machine's own address or the port
 * a packet comes from; DHCP and IPv6's neighbours pass both.
 */
import type { Family } from '../net/address.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { Entry } from './flat-entries.ts';
import { hostRules, sidesOf } from './host-rules.ts';
import { managementOf } from './management-lines.ts';
import type { Platform, Refusal } from './platform.ts';
import { plainText, textWithoutAngles } from './safe-text.ts';
import type { SessionRule } from './session-rules.ts';

export interface AwsRule {
  readonly direction: 'ingress' | 'egress';
  readonly allow: boolean;
  readonly family: Family;
  readonly cidr: string;
  /** undefined = any. */
  readonly protocol?: number;
  readonly ports?: NumberRange;
  readonly icmpType?: number;
  /** undefined = any. */
  readonly icmpCode?: number;
  /** Fit for a description. */
  readonly told: string;
}

const WHOLE: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };
/** Characters of a description. */
const MOST_DESCRIPTION = 255;

/** Rules for what comes in before those for what goes out; the same rule comes once. */
export function awsRules(plan: Plan): {
  readonly rules: readonly AwsRule[];
  readonly refusals: readonly Refusal[];
} {
  const { input, output, refusals } = hostRules(plan, {
    ...{ groups: () => false, portProtocols: [TCP, UDP] },
    ...{ unasked: ['loopback', 'neighbours', 'dhcp'], ownSideImplied: true },
  });
  const refused: Refusal[] = [];
  const written = (rules: readonly SessionRule[], hook: 'input' | 'output'): AwsRule[] =>
    rules.flatMap(({ rule, action, entries, told }) => {
      const name = rule.id === undefined ? {} : { rule: rule.id };
      if (entries.some(({ sourcePorts }) => sourcePorts !== undefined)) {
        refused.push({ ...name, what: 'Source ports cannot be asked for.' });
      }
      return entries.flatMap((entry) => rulesOf(entry, hook, action === 'accept', told));
    });
  const rules = withoutTwins([...written(input, 'input'), ...written(output, 'output')]);
  return { rules, refusals: [...refusals, ...refused] };
}

function rulesOf(entry: Entry, hook: 'input' | 'output', allow: boolean, told: string): AwsRule[] {
  const { family, protocol, destinationPorts: ports, icmpType, icmpCode } = entry;
  const { peer } = sidesOf(entry, hook);
  const families: readonly Family[] = family === undefined ? [4, 6] : [family];
  return families.map((own) => ({
    direction: hook === 'input' ? 'ingress' : 'egress',
    allow,
    family: own,
    cidr: peer.kind === 'prefix' ? formatPrefix(peer.prefix) : WHOLE[own],
    ...(protocol === undefined ? {} : { protocol }),
    ...(ports === undefined ? {} : { ports }),
    ...(icmpType === undefined ? {} : { icmpType }),
    ...(icmpCode === undefined ? {} : { icmpCode }),
    told: description(told),
  }));
}

/** Letters, digits, blanks and `._-:/()#,@[]+=&;{}!$*` are taken; `${` would be a template. */
function description(text: string): string {
  return textWithoutAngles(text, MOST_DESCRIPTION);
}

/** Amazon refuses a rule that is there already; the first of them keeps its description. */
function withoutTwins(rules: readonly AwsRule[]): AwsRule[] {
  const seen = new Set<string>();
  return rules.filter((rule) => {
    const key = JSON.stringify({ ...rule, told: '' });
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Rules of one direction and family at most, as each quota counts. */
export function fullest(rules: readonly AwsRule[]): number {
  const counts = new Map<string, number>();
  for (const { direction, family } of rules) {
    const key = `${direction} ${family}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return Math.max(0, ...counts.values());
}

/** Name of a protocol where Amazon has one. */
export function protocolWord(protocol: number | undefined): string {
  if (protocol === undefined) return '-1';
  const words: Record<number, string> = { [TCP]: 'tcp', [UDP]: 'udp', [ICMP]: 'icmp' };
  return protocol === ICMPV6 ? 'icmpv6' : (words[protocol] ?? `${protocol}`);
}

/** Ports, or type and code; undefined where neither stands. */
export function portPair({ protocol, ports, icmpType, icmpCode }: AwsRule) {
  if (protocol === ICMP || protocol === ICMPV6) {
    return { from: icmpType ?? -1, to: icmpCode ?? -1 };
  }
  if (protocol !== TCP && protocol !== UDP) return undefined;
  return { from: ports?.first ?? 0, to: ports?.last ?? 65_535 };
}

/** What stands at the head of a text, one line each. */
export function headOf(
  plan: Plan,
  platform: Platform,
  { needs, keep, install, verify, goBack }: Readonly<Record<string, string>>,
): string[] {
  const [manage = '', ...more] = managementOf(platform, plan);
  return [
    `Policy ${plainText(plan.name, 80)} for AWS, written by Portreeve.`,
    ...plan.remarks.map((remark) => plainText(remark, 200)),
    `Needs:    ${needs}`,
    `Manage:   ${[manage, ...more].join(' ')}`,
    `Keep:     ${keep}`,
    `Install:  ${install}`,
    `Verify:   ${verify}`,
    `Go back:  ${goBack}`,
  ];
}
