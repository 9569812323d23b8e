/**
 * firewalld as `firewall-cmd` commands: one policy object from any zone to any, rich rules with a
 * priority each, so that they are asked in order, and DROP as the policy's target (firewalld
 * documentation, firewalld.policies(5), firewalld.richlanguage(5)). Rules of zones are of no use
 * here, since they decide what reaches the machine itself. firewalld accepts what belongs to a
 * connection, and drops what is invalid, before any policy.
 */

import { formatAddress } from '../net/address.ts';
import { ICMP, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { parseFirewalld } from './firewalld-parse.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';

const POLICY = 'pr-forward';
const SET = `firewall-cmd --permanent --policy=${POLICY}`;
/** Priorities go up to 32767, which the log of everything else gets. */
const MOST_RULES = 32_766;
const WITH_PORTS: readonly number[] = [TCP, UDP, 33, 132];
const PORT_WORD: Readonly<Record<number, string>> = {
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  132: 'sctp',
};
const ACTIONS = { accept: 'accept', drop: 'drop', reject: 'reject' } as const;
/** Messages that firewalld knows by a name that means any code. */
const MESSAGES: Readonly<Record<4 | 6, Readonly<Record<number, string>>>> = {
  4: {
    0: 'echo-reply',
    3: 'destination-unreachable',
    8: 'echo-request',
    11: 'time-exceeded',
    12: 'parameter-problem',
  },
  6: {
    1: 'destination-unreachable',
    2: 'packet-too-big',
    3: 'time-exceeded',
    4: 'parameter-problem',
    128: 'echo-request',
    129: 'echo-reply',
  },
};

export const firewalld: Platform = {
  name: 'firewalld',
  title: 'firewalld policy',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'zones decide who reaches the machine itself; none is written, all stay as they',
      'are.',
    ],
    mostRules: MOST_RULES,
    logs: true,
    sources: [
      'firewalld 1.3 manual pages: firewalld.policies(5), firewalld.richlanguage(5), ' +
        'firewall-cmd(1)',
    ],
  },
  render,
  parse: parseFirewalld,
};

function render(plan: Plan): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => false,
    portProtocols: WITH_PORTS,
  });
  const refused: Refusal[] = rules.flatMap(({ rule, entries }) => {
    const what = entries.map(unexpressed).find((found) => found !== undefined);
    return what === undefined
      ? []
      : [{ ...(rule.id === undefined ? {} : { rule: rule.id }), what }];
  });
  // The last rule is the policy's target.
  const asked = rules.slice(0, -1);
  const count = asked.reduce((sum, { entries }) => sum + entries.length, 0);
  if (count > MOST_RULES) {
    refused.push({
      what: `It would take ${count} rich rules; there are ${MOST_RULES} priorities.`,
    });
  }
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  return {
    text: [...head(plan), ...lines(asked, rules.at(-1)?.rule), ''].join('\n'),
    refusals: [],
  };
}

function head(plan: Plan): string[] {
  return [
    `# Policy ${plainText(plan.name, 80)} for firewalld, written by Portreeve.`,
    '# Everything forwarded that is not allowed is dropped, within a zone as well.',
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    firewalld 0.9 or later; no other policies, direct rules or untracked connections;',
    '#           what has its destination translated (forward ports) passes before any policy.',
    ...managementLines(firewalld, '#', plan),
    '# Keep:     cp -a /etc/firewalld /root/firewalld-before-portreeve',
    '# Install:  sh THIS-FILE; firewall-cmd --check-config; firewall-cmd --reload; try',
    `# Verify:   firewall-cmd --info-policy=${POLICY}`,
    `# Go back:  firewall-cmd --permanent --delete-policy=${POLICY}; firewall-cmd --reload`,
  ];
}

function lines(rules: readonly SessionRule[], last: FilterRule | undefined): string[] {
  let priority = 0;
  const perSecond = last?.log?.perSecond;
  return [
    `firewall-cmd --permanent --new-policy=${POLICY}`,
    `${SET} --set-priority=-32000`,
    `${SET} --add-ingress-zone=ANY`,
    `${SET} --add-egress-zone=ANY`,
    `${SET} --set-target=DROP`,
    ...rules.flatMap(({ rule, action, entries, told }) => [
      ...(told === '' ? [] : [`# ${plainText(told, 200)}`]),
      ...entries.map(
        (entry) =>
          `${SET} --add-rich-rule='rule priority="${++priority}"${conditions(entry)}${logWords(rule)} ${ACTIONS[action]}'`,
      ),
    ]),
    ...(last?.log === undefined
      ? []
      : [
          `${SET} --add-rich-rule='rule priority="32767"${logWords(last)}${perSecond === undefined ? '' : ` limit value="${perSecond}/s"`}'`,
        ]),
  ];
}

function unexpressed({
  family,
  protocol,
  icmpType,
  icmpCode,
  ...ports
}: Entry): string | undefined {
  if (icmpType !== undefined) {
    const name = MESSAGES[protocol === ICMP ? 4 : 6][icmpType];
    const own = family === (protocol === ICMP ? 4 : 6);
    return name === undefined || icmpCode !== undefined || !own
      ? 'The ICMP message has no name in firewalld.'
      : undefined;
  }
  return ports.sourcePorts !== undefined && ports.destinationPorts !== undefined
    ? 'A rich rule asks for source or destination ports, not for both.'
    : undefined;
}

function conditions(entry: Entry): string {
  const { family, protocol, icmpType, sourcePorts, destinationPorts } = entry;
  const layer4 = (() => {
    if (icmpType !== undefined) {
      return ` icmp-type name="${MESSAGES[protocol === ICMP ? 4 : 6][icmpType]}"`;
    }
    if (protocol === undefined) return '';
    if (destinationPorts !== undefined) {
      return ` port port="${portText(destinationPorts)}" protocol="${PORT_WORD[protocol]}"`;
    }
    if (sourcePorts !== undefined) {
      return ` source-port port="${portText(sourcePorts)}" protocol="${PORT_WORD[protocol]}"`;
    }
    return ` protocol value="${protocol}"`;
  })();
  return [
    family === undefined ? '' : ` family="ipv${family}"`,
    side('source', entry.source),
    side('destination', entry.destination),
    layer4,
  ].join('');
}

function side(key: string, asked: EntrySide): string {
  if (asked.kind !== 'prefix') return '';
  return ` ${key} address="${prefixText(asked.prefix)}"`;
}

function prefixText(prefix: Prefix): string {
  const { family, words, length } = prefix;
  return length === (family === 4 ? 32 : 128)
    ? formatAddress({ family, words })
    : formatPrefix(prefix);
}

function logWords({ log }: FilterRule): string {
  if (log === undefined) return '';
  return ` log prefix="${plainText(log.prefix, 60) || 'log'}: "`;
}

function portText({ first, last }: NumberRange): string {
  return first === last ? `${first}` : `${first}-${last}`;
}
