/**
 * Reads `firewall-cmd` commands that make one policy object for what is forwarded: from any zone to
 * any, with a target that lets nothing else through, and rich rules. Services and ICMP types by
 * name may be defined anew on a machine; only the types below are taken as firewalld ships them.
 * What is invalid has been dropped before a policy is asked.
 */
import type { Family } from '../net/address.ts';
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import type { FilterAction, FilterRule } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { LINUX_PROTOCOLS } from './linux-protocols.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { portRange, sessionFilter } from './session-chain.ts';
import { wordsOf } from './shell-words.ts';

const MESSAGES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: new Map([
    ['echo-reply', 0],
    ['destination-unreachable', 3],
    ['echo-request', 8],
    ['time-exceeded', 11],
    ['parameter-problem', 12],
  ]),
  6: new Map([
    ['destination-unreachable', 1],
    ['packet-too-big', 2],
    ['time-exceeded', 3],
    ['parameter-problem', 4],
    ['echo-request', 128],
    ['echo-reply', 129],
  ]),
};

interface Rich {
  readonly priority: number;
  readonly rules: readonly FilterRule[];
}

export function parseFirewalld(text: string): Parsed {
  const parser = new FirewalldParser();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  const rules = parser.rules(lines.length);
  return { filter: sessionFilter('policy', rules), faults: parser.faults };
}

class FirewalldParser {
  readonly faults: ParseFault[] = [];
  private readonly rich: Rich[] = [];
  private policy: string | undefined;
  private ingress = '';
  private egress = '';
  private target = '';

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    guarded(this.faults, number, () => {
      const words = wordsOf(line);
      if (words === undefined) throw new LineFault('A quote is not closed.');
      this.read(words, number);
    });
  }

  /** Rules by priority; at 0 those that drop come before those that accept. */
  rules(lastLine: number): FilterRule[] {
    if (this.ingress !== 'ANY' || this.egress !== 'ANY') {
      const what = 'Only a policy with “ANY” as ingress and egress zone is read.';
      this.faults.push({ line: lastLine, what });
    }
    if (this.target !== 'DROP' && this.target !== 'REJECT') {
      const what = 'Only a policy with the target “DROP” or “REJECT” is read.';
      this.faults.push({ line: lastLine, what });
    }
    const rank = ({ rules, priority }: Rich): number =>
      priority === 0 && rules[0]?.action === 'accept' ? 1 : 0;
    const sorted = [...this.rich].sort(
      (left, right) => left.priority - right.priority || rank(left) - rank(right),
    );
    sorted.forEach((one, index) => {
      const before = sorted[index - 1];
      const action = one.rules[0]?.action;
      if (one.priority === 0 || before?.priority !== one.priority) return;
      if (before.rules[0]?.action === action) return;
      const what = `Two rules with priority ${one.priority} and other actions have no order.`;
      this.faults.push({ line: one.rules[0]?.line || lastLine, what });
    });
    return sorted.flatMap(({ rules }) => rules);
  }

  private read([command = '', ...words]: readonly string[], line: number): void {
    if (command !== 'firewall-cmd') throw new LineFault(`“${command}” is not read.`);
    const options = optionsOf(words);
    if (options.length === 1 && options[0]?.key === '--reload') return;
    let policy: string | undefined;
    let isPermanent = false;
    for (const { key, value } of options) {
      if (key === '--permanent') isPermanent = true;
      else if (key === '--policy') policy = value;
      else this.option(key, value, policy, line);
    }
    if (!isPermanent) throw new LineFault('Without “--permanent” this is gone after a reload.');
  }

  private option(key: string, value: string, policy: string | undefined, line: number): void {
    if (key === '--new-policy') {
      if (this.policy !== undefined) throw new LineFault('A second policy is not read.');
      this.policy = value;
      return;
    }
    if (this.policy === undefined || policy !== this.policy) {
      throw new LineFault(`“${key}” is not for the policy of this text.`);
    }
    if (key === '--add-ingress-zone') this.ingress = once(key, this.ingress, value);
    else if (key === '--add-egress-zone') this.egress = once(key, this.egress, value);
    else if (key === '--set-target') this.target = once(key, this.target, value);
    else if (key === '--add-rich-rule') this.rich.push(richRule(value, line));
    else if (key === '--set-priority') {
      // Above 0 the rules of zones would be asked first.
      if (!/^-\d{1,5}$/.test(value)) throw new LineFault(`The priority “${value}” is not below 0.`);
    } else if (key !== '--set-description' && key !== '--set-short') {
      throw new LineFault(`“${key}” is not read.`);
    }
  }
}

function once(key: string, before: string, value: string): string {
  if (before !== '' && before !== value) throw new LineFault(`“${key}” stands twice.`);
  return value;
}

const FLAGS = new Set(['--permanent', '--reload']);

/** `--key=value` or `--key value`. */
function optionsOf(words: readonly string[]): { key: string; value: string }[] {
  const options: { key: string; value: string }[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const equals = word.indexOf('=');
    if (!word.startsWith('--')) throw new LineFault(`“${word}” is not known here.`);
    if (FLAGS.has(word)) options.push({ key: word, value: '' });
    else if (equals > 0)
      options.push({ key: word.slice(0, equals), value: word.slice(equals + 1) });
    else {
      const value = words[++at];
      if (value === undefined) throw new LineFault(`“${word}” has no value.`);
      options.push({ key: word, value });
    }
  }
  return options;
}

/** Words of a rich rule that stand alone, and those that have attributes. */
const PARTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['rule', ['family', 'priority']],
  ['source', ['address']],
  ['destination', ['address']],
  ['port', ['port', 'protocol']],
  ['source-port', ['port', 'protocol']],
  ['protocol', ['value']],
  ['icmp-type', ['name']],
  ['log', ['prefix', 'level']],
  ['limit', ['value']],
  ['accept', []],
  ['drop', []],
  ['reject', ['type']],
]);

const LEVELS = new Set(['emerg', 'alert', 'crit', 'error', 'warning', 'notice', 'info', 'debug']);

function richRule(text: string, line: number): Rich {
  const parts = partsOf(text);
  const names = [...parts.keys()];
  if (names[0] !== 'rule') throw new LineFault('A rich rule begins with “rule”.');
  // A limit behind the action would accept some packets alone; one behind the log is harmless.
  if (parts.has('limit') && names[names.indexOf('limit') - 1] !== 'log') {
    throw new LineFault('A “limit” stands with a log alone.');
  }
  const rate = parts.get('limit')?.get('value');
  if (parts.has('limit') && !/^\d{1,9}\/(?:s|second|m|minute|h|hour|d|day)$/.test(rate ?? '')) {
    throw new LineFault(`“${rate ?? ''}” is not a rate.`);
  }
  const level = parts.get('log')?.get('level');
  if (level !== undefined && !LEVELS.has(level)) throw new LineFault(`“${level}” is not a level.`);
  const elements = names.filter((name) =>
    ['port', 'source-port', 'protocol', 'icmp-type'].includes(name),
  );
  if (elements.length > 1) throw new LineFault('A rich rule has one element.');
  const actions = names.filter((name) => ['accept', 'drop', 'reject'].includes(name));
  if (actions.length > 1) throw new LineFault('A rich rule has one action.');
  const [verdict] = actions as ('accept' | 'drop' | 'reject')[];
  if (verdict === undefined && !parts.has('log')) throw new LineFault('The rule does nothing.');
  const action: FilterAction = verdict ?? 'continue';
  const family = familyOf(parts.get('rule')?.get('family'));
  const families: readonly (Family | undefined)[] =
    elements[0] === 'icmp-type' && family === undefined ? [4, 6] : [family];
  const log = parts.get('log');
  const rules = families.flatMap((one) => {
    const match = matchOf(parts, one);
    if (match === undefined) return [];
    if (action === 'accept') match.states(['new']);
    const shared = log === undefined ? {} : { log: { prefix: log.get('prefix') ?? '' } };
    return [{ action, match: match.build(), line, ...shared }];
  });
  if (rules.length === 0) throw new LineFault('The ICMP type is not known for this family.');
  return { priority: priorityOf(parts.get('rule')?.get('priority')), rules };
}

/** Attributes by the word they belong to, in order. */
function partsOf(text: string): Map<string, Map<string, string>> {
  const words = wordsOf(text);
  if (words === undefined) throw new LineFault('A quote in the rule is not closed.');
  const parts = new Map<string, Map<string, string>>();
  let name = '';
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0) {
      if (!PARTS.has(word)) throw new LineFault(`“${word}” is not read in a rich rule.`);
      if (parts.has(word)) throw new LineFault(`“${word}” stands twice.`);
      name = word;
      parts.set(name, new Map());
      continue;
    }
    const key = word.slice(0, equals);
    const attributes = parts.get(name);
    if (attributes === undefined || !PARTS.get(name)?.includes(key) || attributes.has(key)) {
      throw new LineFault(`“${key}” is not read with “${name}”.`);
    }
    attributes.set(key, word.slice(equals + 1));
  }
  return parts;
}

function familyOf(word: string | undefined): Family | undefined {
  if (word === undefined) return undefined;
  if (word !== 'ipv4' && word !== 'ipv6') throw new LineFault(`“${word}” is not a family.`);
  return word === 'ipv4' ? 4 : 6;
}

function priorityOf(word: string | undefined): number {
  if (word === undefined) return 0;
  const value = /^-?\d{1,5}$/.test(word) ? Number(word) : Number.NaN;
  if (!(value >= -32_768 && value <= 32_767)) throw new LineFault(`“${word}” is not a priority.`);
  return value;
}

/** Undefined where the ICMP type does not exist in the family. */
function matchOf(
  parts: ReadonlyMap<string, ReadonlyMap<string, string>>,
  family: Family | undefined,
): MatchBuilder | undefined {
  const match = new MatchBuilder();
  if (family !== undefined) match.family(family);
  const value = (part: string, key: string): string => {
    const found = parts.get(part)?.get(key);
    if (found === undefined) throw new LineFault(`“${part}” lacks its “${key}”.`);
    return found;
  };
  const protocol = (word: string) => {
    const number = LINUX_PROTOCOLS.get(word) ?? numberOf(word, 255);
    return [{ first: number, last: number }];
  };
  for (const side of ['source', 'destination'] as const) {
    if (!parts.has(side)) continue;
    if (family === undefined) throw new LineFault('An address stands with a family.');
    match.addresses(side, [prefixRange(value(side, 'address'), family)]);
  }
  if (parts.has('protocol')) match.protocols(protocol(value('protocol', 'value')));
  for (const [part, side] of [
    ['port', 'destinationPorts'],
    ['source-port', 'sourcePorts'],
  ] as const) {
    if (!parts.has(part)) continue;
    match.protocols(protocol(value(part, 'protocol')));
    match.ports(side, [portRange(value(part, 'port'))]);
  }
  if (parts.has('icmp-type') && family !== undefined) {
    const name = value('icmp-type', 'name');
    const known = MESSAGES[4].has(name) || MESSAGES[6].has(name);
    if (!known) throw new LineFault(`The ICMP type “${name}” is not known.`);
    const type = MESSAGES[family].get(name);
    if (type === undefined) return undefined;
    match.protocols(protocol(`${family === 4 ? ICMP : ICMPV6}`));
    match.icmp([{ type: { first: type, last: type } }]);
  }
  return match;
}
