/**
 * ufw (ufw(8), 0.36) as a shell script of its commands: `ufw allow in` and `out` for the machine
 * itself, `ufw route` for what it forwards. ufw lets some messages of ICMP pass before any rule;
 * the script takes those lines out of its files, but for IPv6's neighbours and listeners. ufw has
 * no word for ICMP and few for protocols: such rules are refused.
 */
import { formatAddress } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { hostRules } from './host-rules.ts';
import { AUTHENTICATION } from './linux-protocols.ts';
import { managementLines } from './management-lines.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';
import { parseUfw, WITHOUT_ICMP } from './ufw-parse.ts';

const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [TCP]: 'tcp',
  [UDP]: 'udp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  112: 'vrrp',
};
const VERBS = { accept: 'allow', drop: 'deny', reject: 'reject' } as const;
const CHOICES = { groups: () => false, portProtocols: [TCP, UDP] };

export const ufw: Platform = {
  name: 'ufw',
  title: 'ufw (Debian, Ubuntu)',
  capabilities: {
    filters: ['between', 'host'],
    stateful: true,
    families: [4, 6],
    management: [
      'rules for what comes in are taken away with all others: who manages this machine',
      'needs “ufw allow in” of its own before “ufw enable”, or --host and a rule.',
    ],
    logs: true,
    sources: ['ufw(8) of ufw 0.36.2; its before.rules and before6.rules'],
  },
  render,
  parse: parseUfw,
};

interface Way {
  /** `ufw allow in`, `ufw route allow`, with the verb left out. */
  readonly before: string;
  readonly after: string;
  readonly rules: readonly SessionRule[];
}

function render(plan: Plan): Rendered {
  const { ways, refusals } = waysOf(plan);
  const refused = ways.flatMap(({ rules }) =>
    rules.flatMap(({ rule, entries }): Refusal[] => {
      const what = entries.map(unexpressed).find((found) => found !== undefined);
      return what === undefined
        ? []
        : [{ ...(rule.id === undefined ? {} : { rule: rule.id }), what }];
    }),
  );
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  const lines = ways.flatMap(commands);
  return {
    text: [...head(plan), ...before(plan), ...lines, ...ending(), ''].join('\n'),
    refusals: [],
  };
}

function waysOf(plan: Plan): { ways: readonly Way[]; refusals: readonly Refusal[] } {
  if (plan.hosts === undefined) {
    const { rules, refusals } = sessionRules(plan, CHOICES);
    // The last rule is the default for what is routed.
    return { ways: [{ before: 'route ', after: '', rules: rules.slice(0, -1) }], refusals };
  }
  const { input, output, refusals } = hostRules(plan, {
    ...CHOICES,
    ...{ unasked: ['loopback', 'neighbours'], ownSideImplied: false },
  });
  const ways = [
    { before: '', after: ' in', rules: input },
    { before: '', after: ' out', rules: output },
  ];
  return { ways, refusals };
}

function head(plan: Plan): string[] {
  return [
    '#!/bin/sh',
    `# Policy ${plainText(plan.name, 80)} for ufw, written by Portreeve. What is not allowed is denied.`,
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    no untracked connections, and no rules of your own in /etc/ufw/*.rules.',
    ...managementLines(ufw, '#', plan),
    '# Keep:     cp -a /etc/ufw /root/ufw-before-portreeve',
    '# Install:  (sleep 60; ufw disable) & sh THIS-FILE, and stop the sleep once all is well',
    '# Verify:   ufw status numbered; ufw show raw',
    '# Go back:  ufw disable; cp -a /root/ufw-before-portreeve/. /etc/ufw/; ufw enable',
  ];
}

function before(plan: Plan): string[] {
  const logs = plan.filter.chains.some(({ rules }) => rules.at(-1)?.log !== undefined);
  return [
    'ufw --force reset',
    WITHOUT_ICMP,
    `ufw logging ${logs ? 'low' : 'off'}`,
    ...(plan.hosts === undefined
      ? ['ufw default deny routed']
      : ['ufw default deny incoming', 'ufw default deny outgoing']),
  ];
}

function ending(): string[] {
  return ['ufw --force enable'];
}

/**
 * Commands for entries, each once: ufw changes a rule that it has where it stands, so that one
 * which asks the same as an earlier one, and could never decide, must not be given.
 */
function commands({ before: start, after, rules }: Way): string[] {
  const seen = new Set<string>();
  return rules.flatMap(({ rule, action, entries, told }) =>
    entries.flatMap((entry) => {
      const asked = conditions(entry);
      if (seen.has(asked)) return [];
      seen.add(asked);
      const log = rule.log === undefined ? '' : ' log';
      const comment = told === '' ? '' : ` comment '${plainText(told, 200)}'`;
      return [`ufw ${start}${VERBS[action]}${after}${log}${asked}${comment}`];
    }),
  );
}

function unexpressed({ protocol, icmpType, family }: Entry): string | undefined {
  if (protocol === AUTHENTICATION && family !== 4) {
    return 'Over IPv6, not every iptables finds AH.';
  }
  if (icmpType !== undefined || protocol === 1 || protocol === 58)
    return 'ICMP cannot be asked for in a rule of ufw.';
  return protocol === undefined || PROTOCOL_WORD[protocol] === undefined
    ? 'No protocols but TCP, UDP, GRE, ESP, AH and VRRP can be asked for.'
    : undefined;
}

function conditions(entry: Entry): string {
  const { protocol, family, source, destination, sourcePorts, destinationPorts } = entry;
  const side = (asked: EntrySide) => {
    if (asked.kind === 'prefix') return prefixText(asked.prefix);
    return family === undefined ? 'any' : family === 4 ? '0.0.0.0/0' : '::/0';
  };
  return [
    ` proto ${PROTOCOL_WORD[protocol!]}`,
    ` from ${side(source)}${portText(sourcePorts)}`,
    ` to ${side(destination)}${portText(destinationPorts)}`,
  ].join('');
}

function prefixText(prefix: Prefix): string {
  const { family, words, length } = prefix;
  return length === (family === 4 ? 32 : 128)
    ? formatAddress({ family, words })
    : formatPrefix(prefix);
}

function portText(range: NumberRange | undefined): string {
  if (range === undefined) return '';
  return ` port ${range.first === range.last ? range.first : `${range.first}:${range.last}`}`;
}
