/**
 * Rules of a config.xml as they are written: those of the section `filter`, which both products
 * have (Netgate documentation; pfSense: filter.inc, filter_generate_user_rule; OPNsense:
 * FilterRule.php), and OPNsense's newer ones (OPNsense/Firewall/Filter.xml).
 */
import type { Family } from '../net/address.ts';
import type { FlagsMatch } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';
import { Fields, fieldsOf, isSet, listOf, namesIn, type Product, sure } from './pfsense-fields.ts';
import { type SideText, sideText } from './pfsense-sides.ts';
import type { XmlElement } from './xml-text.ts';

export interface RuleText {
  readonly line: number;
  readonly type: string;
  readonly isDisabled: boolean;
  readonly isFloating: boolean;
  readonly isQuick: boolean;
  readonly direction: 'in' | 'out' | 'any';
  /** Empty = all. */
  readonly interfaces: readonly string[];
  /** All but those. */
  readonly notInterfaces: boolean;
  readonly families: readonly Family[];
  /** In lower case; `any` for all. */
  readonly protocol: string;
  /** Names of ICMP messages by family; `any` for all. */
  readonly messages: Readonly<Record<Family, string>>;
  readonly source: SideText;
  readonly destination: SideText;
  /** Whether it says what it asks of flags, and what that is; undefined = nothing. */
  readonly flags: { readonly asked: FlagsMatch | undefined } | undefined;
  readonly logs: boolean;
  readonly comment: string;
  /** Settings of the rule that ask for more than the packet. */
  readonly beyond: readonly string[];
  /** Settings of the rule that may decide beside what it asks. */
  readonly beside: readonly string[];
}

/** About the text, the queue a packet waits in, its mark, or the way of its answers. */
const FREE = namesIn(`
  id tracker descr created updated category categories sequence sort_order prio_group tag dnpipe
  pdnpipe defaultqueue ackqueue vlanprioset set-prio set-prio-low shaper1 shaper2 allowopts
  disablereplyto reply-to replyto nopfsync nosync statetimeout udp-first udp-multiple udp-single
  adaptivestart adaptiveend statepolicy state-policy associated-rule-id force_category
  source-track overload enabled
`);
/** Limits and ways that hold only at times, told where they hold something. */
const BESIDE = namesIn(`
  gateway max max-src-nodes max-src-conn max-src-states max-src-conn-rate max-src-conn-rates
  max-pkt-rate max-pkt-rate-number max-pkt-rate-seconds divert-to
`);
/** Elements that ask for more than the packet as soon as they hold something. */
const EMPTY = namesIn('tagged os sched dscp tos vlanprio prio nottagged');
const STATES = ['', 'keep state', 'keep', 'sloppy state', 'sloppy', 'modulate state', 'modulate'];

/** A rule of the section `filter`. Throws `LineFault`. */
export function legacyRule(element: XmlElement, product: Product): RuleText {
  const fields = new Fields(fieldsOf(element, ['uuid']));
  const sides = { source: fields.left.get('source'), destination: fields.left.get('destination') };
  fields.left.delete('source');
  fields.left.delete('destination');
  const isSense = product === 'pfsense';
  const isFloating = fields.flag('floating');
  const quick = fields.take('quick');
  const saysQuick = quick !== '' && isSet(quick);
  // In pfSense the element alone says it, and rules of interfaces are never otherwise.
  const isQuick = isSense
    ? !isFloating || quick === '' || saysQuick
    : quick === undefined
      ? !isFloating
      : saysQuick;
  const interfaces = listOf(fields.take('interface') ?? '').filter((name) => name !== 'any');
  if (!isFloating && interfaces.length !== 1) throw new LineFault('A rule has one interface.');
  const direction = directionOf(fields.take('direction') || 'in');
  if (direction !== 'in' && isSense && !isFloating) {
    throw new LineFault('Only floating rules are for what goes out.');
  }
  const message = fields.take('icmptype') || 'any';
  const message6 = fields.take('icmp6type') || (isSense ? message : 'any');
  return {
    ...{ line: element.line, type: fields.take('type') ?? 'pass' },
    ...{ isFloating, isQuick, direction, interfaces, notInterfaces: fields.flag('interfacenot') },
    isDisabled: sure(fields.take('disabled'), 'disabled', product),
    families: familiesOf(fields.take('ipprotocol') || 'inet'),
    protocol: (fields.take('protocol') || 'any').toLowerCase(),
    messages: { 4: message, 6: message6 },
    source: sideText(sides.source, 'source', product),
    destination: sideText(sides.destination, 'destination', product),
    logs: fields.flag('log'),
    comment: fields.left.get('descr')?.text ?? '',
    ...common(fields),
  };
}

/** A rule of OPNsense's model. Throws `LineFault`. */
export function modelRule(element: XmlElement): RuleText {
  const fields = new Fields(fieldsOf(element, ['uuid']));
  const interfaces = listOf(fields.take('interface') ?? '');
  const notInterfaces = fields.flag('interfacenot');
  const side = (name: string): SideText => {
    const words = listOf(fields.take(`${name}_net`) || 'any');
    const not = fields.flag(`${name}_not`);
    const asked = fields.take(`${name}_port`) || 'any';
    const port = asked === 'any' ? undefined : asked;
    const isAny = words.includes('any');
    if (isAny && not) throw new LineFault('Nothing is not any.');
    return { words: isAny ? undefined : words, not, port, isPlace: false };
  };
  fields.left.delete('description');
  const comment = element.children.find(({ name }) => name === 'description')?.text ?? '';
  const isFloating = interfaces.length !== 1 || notInterfaces;
  return {
    ...{ line: element.line, type: fields.take('action') || 'pass', isFloating },
    ...{ interfaces, notInterfaces, comment },
    isDisabled: !isSet(fields.take('enabled') ?? '1'),
    isQuick: isSet(fields.take('quick') ?? '1'),
    direction: directionOf(fields.take('direction') || 'in'),
    families: familiesOf(fields.take('ipprotocol') || 'inet'),
    protocol: (fields.take('protocol') || 'any').toLowerCase(),
    messages: { 4: fields.take('icmptype') || 'any', 6: fields.take('icmp6type') || 'any' },
    source: side('source'),
    destination: side('destination'),
    logs: fields.flag('log'),
    ...common(fields),
  };
}

/** What rules of both kinds say in the same words, and what is left then. */
function common(fields: Fields): Pick<RuleText, 'flags' | 'beside' | 'beyond'> {
  const state = fields.take('statetype') ?? '';
  if (!STATES.includes(state) && !/^synproxy(?: state)?$/.test(state)) {
    throw new LineFault(`The kind of state “${state}” is not read.`);
  }
  const anyFlags = fields.take('tcpflags_any');
  const [set = '', of = ''] = [fields.take('tcpflags1'), fields.take('tcpflags2')];
  const isAny = anyFlags !== undefined && isSet(anyFlags);
  const beside: string[] = [];
  const beyond: string[] = [];
  for (const [name, element] of fields.left) {
    if (FREE.has(name)) continue;
    const isEmpty = element.children.length === 0 && ['', '0', 'none'].includes(element.text);
    if (BESIDE.has(name)) {
      if (element.children.length > 0) throw new LineFault(`“${name}” holds elements.`);
      if (!isEmpty) beside.push(name);
    } else if (!EMPTY.has(name) || element.children.length > 0) {
      throw new LineFault(`“${name}” is not read in a rule.`);
    } else if (!isEmpty) beyond.push(name);
  }
  if (set !== '' && of === '' && !isAny)
    throw new LineFault('“tcpflags1” stands without “tcpflags2”.');
  const asked = isAny || of === '' ? undefined : { mask: bitsOf(of), value: bitsOf(set) };
  const flags = isAny || of !== '' ? { asked } : undefined;
  if (state.startsWith('synproxy')) beside.push('statetype');
  return { flags, beside, beyond };
}

const FLAGS: Readonly<Record<string, number>> = {
  ...{ fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 },
};

function bitsOf(text: string): number {
  return listOf(text).reduce((bits, name) => {
    const bit = FLAGS[name.toLowerCase()];
    if (bit === undefined) throw new LineFault(`“${name}” is not a flag.`);
    return bits | bit;
  }, 0);
}

function directionOf(word: string): RuleText['direction'] {
  if (word === 'in' || word === 'out' || word === 'any') return word;
  throw new LineFault(`“${word}” is not a direction.`);
}

function familiesOf(word: string): Family[] {
  if (word === 'inet') return [4];
  if (word === 'inet6') return [6];
  if (word === 'inet46') return [4, 6];
  throw new LineFault(`“${word}” is not a family.`);
}
