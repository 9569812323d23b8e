/**
 * Random nftables and iptables texts in the words that people use and our own renderer does not:
 * several tables and chains, jumps, negations, named sets, conditions in any order, flags by name.
 */
import type { Dice } from './policy.ts';

function pick<T>(dice: Dice, items: readonly T[]): T {
  return items[dice(items.length)]!;
}

/** Some of them, at least one. */
function some<T>(dice: Dice, items: readonly T[], most = 3): T[] {
  return Array.from({ length: 1 + dice(most) }, () => pick(dice, items));
}

const PORTS = ['22', '53', '80', '443', '1023-1025', '1000-1500', '20001', '0', '65535'];
const FOUR = ['10.0.0.1', '10.0.0.128/25', '10.0.1.0/24', '10.0.2.7-10.0.2.90', '10.0.3.255'];
const SIX = ['2001:db8::5', '2001:db8:0:0:1::/96', '2001:db8:0:0:1::20-2001:db8:0:0:1::90'];

/** Values apart from each other, as a set takes them. */
function setOf(dice: Dice, items: readonly string[]): string {
  return `{ ${[...new Set(some(dice, items))].join(', ')} }`;
}

function nftOperand(dice: Dice, items: readonly string[]): string {
  const not = pick(dice, ['', '', '!= ']);
  return not + (dice(2) === 0 ? setOf(dice, items) : pick(dice, items));
}

interface NftChoices {
  readonly stateful: boolean;
  readonly family: 'inet' | 'ip' | 'ip6';
  readonly later: readonly string[];
}

function nftConditions(dice: Dice, { stateful, family }: NftChoices): string[] {
  const six = family === 'ip6' || (family === 'inet' && dice(2) === 0);
  const [ip, addresses] = six ? (['ip6', SIX] as const) : (['ip', FOUR] as const);
  const found: string[] = [];
  for (const side of ['saddr', 'daddr']) {
    if (dice(3) > 0) continue;
    const own = dice(5) === 0 ? `${pick(dice, ['', '!= '])}@${six ? 'six' : 'four'}` : undefined;
    found.push(`${ip} ${side} ${own ?? nftOperand(dice, addresses)}`);
  }
  const named = six ? 'icmpv6' : 'icmp';
  const types = six ? ['echo-request', '1', '128-129'] : ['echo-request', '3', '8-11', '0'];
  const flags = [
    'syn',
    '!= syn',
    '== syn',
    '& (syn | ack) == syn',
    '& (fin | syn | rst | ack) != syn',
    '! ack,rst',
    'syn,fin',
    '& 0x12 == 0x10',
    'syn / syn,ack',
    '& ack != 0',
  ];
  switch (dice(8)) {
    case 0:
    case 1:
      found.push(`tcp dport ${nftOperand(dice, PORTS)}`);
      if (dice(3) === 0) found.push(`tcp sport ${setOf(dice, PORTS)}`);
      break;
    case 2:
      found.push(`udp ${pick(dice, ['sport', 'dport'])} ${nftOperand(dice, PORTS)}`);
      break;
    case 3:
      found.push(`tcp flags ${pick(dice, flags)}`);
      break;
    case 4:
      found.push(`${named} type ${dice(2) === 0 ? setOf(dice, types) : pick(dice, types)}`);
      if (dice(2) === 0) found.push(`${named} code ${pick(dice, ['0', '1-2', '{ 0, 3 }'])}`);
      break;
    case 5:
      found.push(`meta l4proto ${nftOperand(dice, ['tcp', 'udp', '47', 'sctp', '1-17', named])}`);
      break;
    case 6:
      found.push(`meta l4proto { tcp, udp } th dport ${nftOperand(dice, PORTS)}`);
      break;
    default:
      if (family === 'inet' && found.length === 0) {
        found.push(`meta nfproto ${pick(dice, ['ipv4', 'ipv6', '!= ipv4'])}`);
      }
  }
  if (dice(5) === 0) {
    const names = ['"eth0"', '"eth1"', '"eth7"', '{ "eth0", "eth7" }'];
    found.push(
      `${pick(dice, ['iifname', 'oifname'])} ${pick(dice, ['', '!= '])}${pick(dice, names)}`,
    );
  }
  if (stateful && dice(3) === 0) {
    const states = ['new', 'established,related', '!= new', '{ new, invalid }', 'new | untracked'];
    found.push(`ct state ${pick(dice, states)}`);
  }
  return found;
}

/** `tcp dport vmap { 22 : accept, 80-90 : jump deep }` */
function nftMap(dice: Dice, { family, later }: NftChoices): string {
  const verdict = () =>
    pick(dice, ['accept', 'drop', 'return', 'continue', ...later.map((name) => `jump ${name}`)]);
  const six = family === 'ip6';
  const [field, keys] = pick(dice, [
    ['tcp dport', ['22', '80-90', '443', '1000-1500', '20001']],
    ['udp sport', ['53', '1023-1025', '65535']],
    ['meta l4proto', ['tcp', 'udp', 'sctp', '47']],
    six
      ? ['ip6 saddr', ['2001:db8::5', '2001:db8:0:0:1::/96']]
      : ['ip saddr', ['10.0.0.1', '10.0.0.128/25', '10.0.1.0/24']],
    ['iifname', ['"eth0"', '"eth7"']],
  ] as const);
  const used = [...new Set(some(dice, keys as readonly string[], 4))];
  return `${field} vmap { ${used.map((key) => `${key} : ${verdict()}`).join(', ')} }`;
}

function nftRule(dice: Dice, choices: NftChoices): string {
  if (dice(8) === 0) return nftMap(dice, choices);
  const words = nftConditions(dice, choices);
  if (dice(4) === 0) words.splice(dice(words.length + 1), 0, 'counter');
  const ends = ['accept', 'accept', 'drop', 'drop', 'return', 'continue', 'counter'];
  const jumps = choices.later.map((name) => `${pick(dice, ['jump', 'goto'])} ${name}`);
  const end = jumps.length > 0 && dice(3) === 0 ? pick(dice, jumps) : pick(dice, ends);
  return [...words, end, ...(dice(5) === 0 ? ['comment "drop, accept"'] : [])].join(' ');
}

/** One or two tables, in one piece or more. */
export function nftablesText(dice: Dice, stateful: boolean): string {
  const tables = dice(2) === 0 ? (['inet'] as const) : (['ip', 'ip6', 'inet'] as const);
  return tables
    .map((family, index) => {
      const chains = ['low', 'middle', 'deep', 'deeper'].slice(0, 1 + dice(4));
      const rules = (at: number): string[] =>
        Array.from({ length: 2 + dice(6) }, () =>
          nftRule(dice, { stateful, family, later: chains.slice(at + 1) }),
        );
      const priority = pick(dice, ['0', 'filter', 'filter - 5', '10']);
      const policy = pick(dice, ['accept', 'drop']);
      const sets =
        `set four { type ipv4_addr; flags interval; elements = { ${FOUR[1]}, ${FOUR[3]} }; }\n` +
        `set six { type ipv6_addr; elements = { ${SIX[0]}, 2001:db8::9 }; }`;
      const usable = sets
        .split('\n')
        .filter((_, at) => family === 'inet' || (at === 1) === (family === 'ip6'));
      const blocks = chains.map((name, at) => {
        const hook = `type filter hook forward priority ${priority}; policy ${policy};\n`;
        return `chain ${name} {\n${at === 0 ? hook : ''}${rules(at).join('\n')}\n}`;
      });
      // The kernel wants to know a chain before it is jumped to, as does whoever adds to one.
      const body = [...usable, ...blocks.toReversed()];
      if (dice(3) === 0) body.push(`chain low {\n${rules(0).join('\n')}\n}`);
      return `table ${family} t${index} {\n${body.join('\n')}\n}`;
    })
    .join('\n');
}

const LEGACY_PORTS = ['22', '80', '1023:1025', ':53', '20001:', '65535'];

function iptablesConditions(dice: Dice, six: boolean, stateful: boolean): string {
  const not = () => pick(dice, ['', '', '! ']);
  const found: string[] = [];
  const addresses = six
    ? ['2001:db8::5', '2001:db8:0:0:1::/96']
    : ['10.0.0.1', '10.0.0.200/25', '10.0.1.0/255.255.255.0'];
  for (const side of ['-s', '-d']) {
    if (dice(3) === 0) found.push(`${not()}${side} ${pick(dice, addresses)}`);
  }
  if (dice(6) === 0) {
    const range = six ? SIX[2]! : FOUR[3]!;
    found.push(`-m iprange ${not()}--${pick(dice, ['src', 'dst'])}-range ${range}`);
  }
  const icmp = six ? ['ipv6-icmp', 'icmp6', 'icmpv6'] : ['icmp', 'icmp', 'icmp'];
  const types = six ? ['echo-request', '1', '1/3'] : ['echo-request', '3/1', 'any', '11', '0'];
  switch (dice(8)) {
    case 0:
    case 1:
      // Never both excluded: see what is refused in iptables-rule.ts.
      found.push(
        `-p tcp ${dice(3) === 0 ? '--sport 1000: ' : not()}--dport ${pick(dice, LEGACY_PORTS)}`,
      );
      break;
    case 2:
      found.push(`-p udp -m udp ${not()}--sport ${pick(dice, LEGACY_PORTS)}`);
      break;
    case 3: {
      const some2 = some(dice, ['22', '80', '443', '1000:1500', '1:5'], 4).join(',');
      const protocol = pick(dice, ['tcp', 'udp', 'sctp', '136']);
      found.push(
        `-p ${protocol} -m multiport ${not()}--${pick(dice, ['dports', 'sports'])} ${some2}`,
      );
      break;
    }
    case 4:
      found.push(
        `-p tcp ${not()}${pick(dice, ['--syn', '--tcp-flags ALL SYN', '--tcp-flags SYN,ACK,FIN ACK'])}`,
      );
      break;
    case 5:
      found.push(`-p ${icmp[0]} -m ${icmp[1]} --${icmp[2]}-type ${pick(dice, types)}`);
      break;
    case 6:
      found.push(`${not()}-p ${pick(dice, ['tcp', 'udp', '47', 'sctp', icmp[0]!])}`);
      break;
    default:
  }
  if (dice(5) === 0) {
    found.push(`${not()}${pick(dice, ['-i', '-o'])} ${pick(dice, ['eth0', 'eth1', 'eth7'])}`);
  }
  if (stateful && dice(3) === 0) {
    const module = pick(dice, ['conntrack', 'state']);
    const states = pick(dice, ['NEW', 'RELATED,ESTABLISHED', 'NEW,INVALID']);
    found.push(`-m ${module} ${not()}--${module === 'state' ? 'state' : 'ctstate'} ${states}`);
  }
  return found.join(' ');
}

/** The filter table of one family. */
export function iptablesText(dice: Dice, six: boolean, stateful: boolean): string {
  const chains = ['FORWARD', 'middle', 'deep'].slice(0, 1 + dice(3));
  const lines = chains.flatMap((chain, at) =>
    Array.from({ length: 2 + dice(6) }, () => {
      const ends = ['ACCEPT', 'ACCEPT', 'DROP', 'RETURN', 'LOG --log-prefix "-j DROP "'];
      const later = chains.slice(at + 1).map((name) => `${pick(dice, ['-j', '-g'])} ${name}`);
      const end = later.length > 0 && dice(3) === 0 ? pick(dice, later) : `-j ${pick(dice, ends)}`;
      const told = dice(5) === 0 ? ` -m comment --comment "a \\"-j DROP\\" b"` : '';
      return `-A ${chain} ${iptablesConditions(dice, six, stateful)}${told} ${end}`;
    }),
  );
  const declared = chains.map((name) =>
    name === 'FORWARD' ? `:FORWARD ${pick(dice, ['ACCEPT', 'DROP'])} [0:0]` : `:${name} - [0:0]`,
  );
  const made = `# Generated by ip${six ? '6' : ''}tables-save v1.8.9 on Mon Nov 23 08:00:00 2026`;
  return [made, '*filter', ...declared, ...lines, 'COMMIT', ''].join('\n');
}
