/**
 * pfSense and OPNsense as the sections `aliases` and `filter` of their config.xml, since they write
 * pf's own rules anew from it: floating rules without an interface, asked where packets come in,
 * `quick`, so that the first that matches decides (Netgate and OPNsense documentation; the names of
 * elements are those of a config.xml). OPNsense keeps its aliases elsewhere: there every address
 * has a rule of its own.
 */
import { formatAddress } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { managementOf } from './management-lines.ts';
import { parsePfsense } from './pfsense-parse.ts';
import type { Capabilities, Platform, Refusal, Rendered } from './platform.ts';
import { plainText, Words } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';
import { xmlEscaped } from './xml-text.ts';

/** Trackers are unique numbers, the time of making for rules of users; below are the system's own. */
const FIRST_TRACKER = 1_700_000_000;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  [TCP]: 'tcp',
  [UDP]: 'udp',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'icmp',
  89: 'ospf',
  132: 'sctp',
};
/** Names of messages, as pf has them. */
const MESSAGES: Readonly<Record<4 | 6, Readonly<Record<number, string>>>> = {
  4: {
    ...{ 0: 'echorep', 3: 'unreach', 5: 'redir', 8: 'echoreq', 9: 'routeradv', 10: 'routersol' },
    ...{ 11: 'timex', 12: 'paramprob', 13: 'timereq', 14: 'timerep' },
  },
  6: {
    ...{ 1: 'unreach', 2: 'toobig', 3: 'timex', 4: 'paramprob', 128: 'echoreq', 129: 'echorep' },
    ...{ 133: 'routersol', 134: 'routeradv', 135: 'neighbrsol', 136: 'neighbradv', 137: 'redir' },
  },
};
const TYPES = { accept: 'pass', drop: 'block', reject: 'reject' } as const;

const CAPABILITIES: Omit<Capabilities, 'sources'> = {
  filters: ['between'],
  stateful: true,
  families: [4, 6],
  management: [
    'everything to the firewall itself is let in by the first rule, so that it stays',
    'manageable: restrict it there. What it sends itself passes by rules of its own.',
  ],
  logs: true,
};

export const pfsense: Platform = {
  name: 'pfsense',
  title: 'pfSense (config.xml)',
  capabilities: {
    ...CAPABILITIES,
    sources: [
      'Netgate documentation: Floating Rules, Aliases, XML Configuration File (2.7)',
      'pfSense: filter.inc, filter_generate_user_rule (types, flags, ICMP of both families)',
    ],
  },
  render: (plan) => render(plan, true),
  parse: parsePfsense,
};

export const opnsense: Platform = {
  name: 'opnsense',
  title: 'OPNsense (config.xml)',
  capabilities: {
    ...CAPABILITIES,
    sources: [
      'OPNsense documentation: Firewall, Rules; config.xml of 24.7',
      'OPNsense: OPNsense/Firewall/FilterRule.php, fetchActualRules',
    ],
  },
  render: (plan) => render(plan, false),
  parse: parsePfsense,
};

function render(plan: Plan, hasAliases: boolean): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => hasAliases,
    portProtocols: [TCP, UDP],
  });
  const refused = rules.flatMap(({ rule, entries }): Refusal[] => {
    const what = entries.map(unexpressed).find((found) => found !== undefined);
    return what === undefined
      ? []
      : [{ ...(rule.id === undefined ? {} : { rule: rule.id }), what }];
  });
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  const writer = new ConfigWriter(hasAliases);
  for (const rule of rules) writer.rule(rule);
  const root = hasAliases ? 'pfsense' : 'opnsense';
  const text = [
    '<?xml version="1.0"?>',
    ...head(plan, hasAliases),
    `<${root}>`,
    ...writer.aliasLines(),
    '  <filter>',
    ...writer.rules,
    '  </filter>',
    `</${root}>`,
    '',
  ].join('\n');
  return { text, refusals: [] };
}

function head(plan: Plan, hasAliases: boolean): string[] {
  const name = hasAliases ? 'pfSense' : 'OPNsense';
  const [manage, ...more] = managementOf(hasAliases ? pfsense : opnsense, plan);
  const lines = [
    `Policy ${plainText(plan.name, 80)} for ${name}, written by Portreeve.`,
    'Everything forwarded that is not allowed is blocked.',
    ...plan.remarks.map((remark) => plainText(remark, 200)),
    'Needs:    no other floating rules before these, and no translation of addresses.',
    `Manage:   ${[manage, ...more].join(' ')}`,
    'Keep:     Backup and Restore, download the whole configuration',
    'Install:  put these sections into a copy of it, or restore them as areas of their own; apply',
    'Verify:   pfctl -vsr on the firewall; the firewall log',
    'Go back:  Backup and Restore, Config History, the one before',
  ];
  // Two hyphens would end a comment of XML.
  return lines.map((line) => `<!-- ${line.replace(/-{2,}/g, '_').replace(/-$/, '_')} -->`);
}

function unexpressed({ protocol, family, icmpType, icmpCode, source, destination }: Entry) {
  if (protocol !== undefined && PROTOCOL_WORD[protocol] === undefined) {
    return `Protocol ${protocol} cannot be asked for.`;
  }
  if ((protocol === 1 && family === 6) || (protocol === 58 && family === 4)) {
    return 'ICMP of the other family cannot be asked for.';
  }
  if (protocol === 1 || protocol === 58) {
    if (family === undefined) return 'ICMP is asked for in one family.';
    if (icmpCode !== undefined) return 'Codes of ICMP cannot be asked for.';
    if (icmpType !== undefined && MESSAGES[protocol === 1 ? 4 : 6][icmpType] === undefined) {
      return 'The ICMP message has no name in pf.';
    }
  }
  const kinds = [source, destination].some(({ kind }) => kind !== 'any');
  return kinds && family === undefined ? 'Addresses are of one family.' : undefined;
}

class ConfigWriter {
  private readonly hasAliases: boolean;
  private tracker = FIRST_TRACKER;
  readonly rules: string[] = this.element(
    { type: 'pass', descr: 'the firewall itself', log: false },
    [
      '      <ipprotocol>inet46</ipprotocol>',
      '      <source><any>1</any></source>',
      '      <destination><network>(self)</network></destination>',
    ],
  );
  private readonly words = new Words('PR_', 31);
  private readonly aliases = new Map<string, { word: string; descr: string }>();
  private unnamed = 0;

  constructor(hasAliases: boolean) {
    this.hasAliases = hasAliases;
  }

  aliasLines(): string[] {
    if (this.aliases.size === 0) return [];
    const lines = [...this.aliases].flatMap(([members, { word, descr }]) => [
      '    <alias>',
      `      <name>${word}</name>`,
      '      <type>network</type>',
      `      <address>${members}</address>`,
      `      <descr>${xmlEscaped(plainText(descr, 200))}</descr>`,
      '    </alias>',
    ]);
    return ['  <aliases>', ...lines, '  </aliases>'];
  }

  rule({ rule, action, entries, told }: SessionRule): void {
    for (const entry of entries) {
      const { family, protocol, icmpType, source, destination } = entry;
      const message =
        icmpType === undefined ? undefined : MESSAGES[protocol === 1 ? 4 : 6][icmpType];
      const from = this.side(source, entry.sourcePorts, rule.sourceGroup);
      const to = this.side(destination, entry.destinationPorts, rule.destinationGroup);
      this.rules.push(
        ...this.element({ type: TYPES[action], descr: told, log: rule.log !== undefined }, [
          `      <ipprotocol>${family === undefined ? 'inet46' : family === 4 ? 'inet' : 'inet6'}</ipprotocol>`,
          ...(protocol === undefined
            ? []
            : [`      <protocol>${PROTOCOL_WORD[protocol]}</protocol>`]),
          ...(message === undefined ? [] : this.messageLines(message, protocol, icmpType)),
          // Segments in the middle of a connection open a state, and are denied, as elsewhere.
          ...(protocol === TCP ? ['      <tcpflags_any>1</tcpflags_any>'] : []),
          `      <source>${from}</source>`,
          `      <destination>${to}</destination>`,
        ]),
      );
    }
  }

  /** OPNsense's newer versions ask for messages of ICMPv6 in an element of their own, by number. */
  private messageLines(message: string, protocol: number | undefined, type: number | undefined) {
    const line = `      <icmptype>${message}</icmptype>`;
    const isOwn = protocol === 58 && !this.hasAliases;
    return isOwn ? [line, `      <icmp6type>${type}</icmp6type>`] : [line];
  }

  private element(
    { type, descr, log }: { type: string; descr: string; log: boolean },
    asked: readonly string[],
  ): string[] {
    this.tracker++;
    return [
      '    <rule>',
      `      <tracker>${this.tracker}</tracker>`,
      `      <type>${type}</type>`,
      '      <interface></interface>',
      '      <floating>yes</floating>',
      '      <quick>yes</quick>',
      '      <direction>in</direction>',
      ...(type === 'pass' ? ['      <statetype>keep state</statetype>'] : []),
      ...asked,
      ...(log ? ['      <log>1</log>'] : []),
      `      <descr>${xmlEscaped(plainText(descr, 200))}</descr>`,
      '    </rule>',
    ];
  }

  private side(side: EntrySide, ports: NumberRange | undefined, group: string | undefined): string {
    const port =
      ports === undefined
        ? ''
        : `<port>${ports.first === ports.last ? ports.first : `${ports.first}-${ports.last}`}</port>`;
    if (side.kind === 'any') return `<any>1</any>${port}`;
    if (side.kind === 'prefix') return `<address>${prefixText(side.prefix)}</address>${port}`;
    const members = side.prefixes.map(formatPrefix).join(' ');
    let alias = this.aliases.get(members);
    if (alias === undefined) {
      const name = group ?? `set_${++this.unnamed}`;
      alias = { word: this.words.wordFor(name), descr: name };
      this.aliases.set(members, alias);
    }
    return `<address>${alias.word}</address>${port}`;
  }
}

function prefixText(prefix: Prefix): string {
  const { family, words, length } = prefix;
  return length === (family === 4 ? 32 : 128)
    ? formatAddress({ family, words })
    : formatPrefix(prefix);
}
