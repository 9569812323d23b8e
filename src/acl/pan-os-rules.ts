/**
 * Security rules of PAN-OS: what their settings say, and what they ask of packets between zones
 * (PAN-OS Administrator's Guide, Components of a Security Policy Rule). What decides by more than the
 * packet (users, categories, applications other than ping, schedules) is a fault where the rule is
 * asked; profiles inspect what it lets through, and are told.
 */
import { type AddressRange, complementRanges, mergeRanges } from '../net/address-range.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { type Asked, type PanObjects, PING, type Settings } from './pan-os-objects.ts';
import { PROFILE_KINDS } from './pan-os-settings.ts';
import { Values } from './pan-os-words.ts';

export const PAN_ACTIONS: ReadonlyMap<string, Verdict> = new Map([
  ['allow', 'accept'],
  ['deny', 'drop'],
  ['drop', 'drop'],
  ['reset-client', 'reject'],
  ['reset-server', 'reject'],
  ['reset-both', 'reject'],
]);
/** Settings that may stand in several lines. */
const LISTS = new Set([
  ...['from', 'to', 'source', 'destination', 'application', 'service', 'source-user', 'category'],
  ...['tag', 'hip-profiles', 'source-hip', 'destination-hip', 'profile-setting'],
]);
/** What they may say; undefined = anything. */
const FREE: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ...(['log-start', 'log-end', 'disabled', 'negate-source', 'negate-destination'] as const).map(
    (key): [string, readonly string[]] => [key, ['yes', 'no']],
  ),
  ...(['icmp-unreachable', 'disable-inspect'] as const).map((key): [string, readonly string[]] => [
    key,
    ['yes', 'no'],
  ]),
  ['rule-type', ['universal', 'intrazone', 'interzone']],
  ...[...LISTS, 'action', 'log-setting', 'description', 'group-tag', 'uuid', 'qos', 'option'].map(
    (key): [string, undefined] => [key, undefined],
  ),
]);
/** What asks for more than the packet, unless it says “any”. */
const BEYOND = new Set([
  ...['source-user', 'category', 'hip-profiles', 'source-hip', 'destination-hip', 'schedule'],
  ...[
    'source-imsi',
    'source-imei',
    'source-nw-slice',
    'source-device',
    'destination-device',
    'target',
  ],
]);

/** What is shown without a value where it says nothing. */
const EMPTY = new Set([
  ...['profile-setting', 'option', 'qos', 'target', 'tag', 'description', 'group-tag'],
]);

/** Puts what a line says to the rule's settings. Throws `LineFault`. */
export function readRule(settings: Settings, words: readonly string[]): void {
  if (words.length === 0) throw new LineFault('The line ends too early.');
  const values = new Values(words);
  while (!values.ended) {
    const key = values.key();
    if (!FREE.has(key) && !BEYOND.has(key)) throw new LineFault(`“${key}” is not read in a rule.`);
    if (values.ended && EMPTY.has(key)) return;
    const value = compound(key, values) ?? values.value(key);
    const wanted = FREE.get(key);
    if (wanted !== undefined && !(value.length === 1 && wanted.includes(value[0]!))) {
      throw new LineFault(`“${key} ${value.join(' ')}” is not read.`);
    }
    const before = settings.values.get(key);
    const isList = LISTS.has(key);
    if (!isList && before !== undefined && before.join(' ') !== value.join(' ')) {
      throw new LineFault(`“${key}” is set twice.`);
    }
    settings.values.set(key, isList ? [...(before ?? []), ...value] : value);
  }
}

/** Values that are keys themselves; undefined where the key has a plain one. */
function compound(key: string, values: Values): string[] | undefined {
  const next = (known: readonly string[]): string => {
    const word = values.ended ? '' : values.key();
    if (!known.includes(word)) throw new LineFault(`“${word}” is not known of “${key}”.`);
    return word;
  };
  if (key === 'profile-setting') {
    if (next(['group', 'profiles']) === 'group') {
      return values.ended ? [] : [...values.value('group')];
    }
    const named: string[] = [];
    while (PROFILE_KINDS.has(values.peek() ?? '')) named.push(...values.value(values.key()));
    return named;
  }
  if (key === 'qos') {
    next(['marking']);
    const kind = next(['ip-dscp', 'ip-precedence', 'follow-c2s-flow']);
    if (kind !== 'follow-c2s-flow') values.value(kind);
    return [kind];
  }
  if (key === 'option') {
    const option = next(['disable-server-response-inspection']);
    return [option, ...values.value(option)];
  }
  if (key !== 'target') return undefined;
  const part = next(['negate', 'devices', 'tags']);
  if (values.ended) return ['any'];
  const value = values.value(part);
  // Which of several devices: nothing is asked where none is named.
  if (part !== 'negate') {
    while (!values.ended) values.key();
    return [part];
  }
  return value.join(' ') === 'no' ? ['any'] : ['negate'];
}

export function isDisabled({ values }: Settings): boolean {
  return values.get('disabled')?.[0] === 'yes';
}

/** The rules that one of the text stands for; none where it is disabled. Throws `LineFault`. */
export function panRules(
  { line, values }: Settings,
  objects: PanObjects,
  zones: readonly string[],
): FilterRule[] {
  const take = (key: string): readonly string[] => {
    const value = values.get(key);
    if (value === undefined) throw new LineFault(`The rule does not say its “${key}”.`);
    return value;
  };
  const [word = '', ...more] = take('action');
  const action = more.length === 0 ? PAN_ACTIONS.get(word) : undefined;
  if (action === undefined) throw new LineFault(`“${word}” is not an action.`);
  if (isDisabled({ line, values })) return [];
  for (const [key, value] of values) {
    if (BEYOND.has(key) && value.some((one) => one !== 'any')) {
      throw new LineFault(
        `“${key} ${value.join(' ')}” makes the rule depend on more than the packet.`,
      );
    }
  }
  const source = side(take('source'), values.get('negate-source'), objects);
  const destination = side(take('destination'), values.get('negate-destination'), objects);
  const where: FilterMatch = {
    states: ['new'],
    ...(source === undefined ? {} : { source }),
    ...(destination === undefined ? {} : { destination }),
  };
  const isFour = [source, destination].some(
    (one) => one?.every(({ family }) => family === 4) === true,
  );
  if (take('application').includes('ping') && !isFour) {
    throw new LineFault('“ping” is read between IPv4 addresses alone; give one side as such.');
  }
  const comment = values.get('description')?.join(' ');
  const logs = (values.get('log-end')?.[0] ?? 'yes') === 'yes';
  const asked = askedOf(take('application'), take('service'), objects);
  return placesOf(
    take('from'),
    values.get('to') ?? [],
    values.get('rule-type')?.[0],
    zones,
  ).flatMap((place) =>
    asked.map((each) => ({
      action,
      match: { ...where, ...place, ...each },
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(logs ? { log: { prefix: '' } } : {}),
    })),
  );
}

/** A side that is any address asks for nothing. */
function side(
  names: readonly string[],
  negated: readonly string[] | undefined,
  objects: PanObjects,
): readonly AddressRange[] | undefined {
  const isNegated = negated?.[0] === 'yes';
  if (names.includes('any')) {
    if (isNegated) throw new LineFault('Nothing is not any.');
    return undefined;
  }
  const ranges = mergeRanges(objects.addresses(names));
  return isNegated ? complementRanges(ranges) : ranges;
}

/** From which zones to which; a rule within zones looks at “from” alone. */
function placesOf(
  from: readonly string[],
  to: readonly string[],
  type: string | undefined,
  zones: readonly string[],
): Pick<FilterMatch, 'inInterfaces' | 'outInterfaces' | 'notInInterfaces' | 'notOutInterfaces'>[] {
  const known = (): readonly string[] => {
    if (zones.length === 0) throw new LineFault('The text names no zones, which the rule needs.');
    return zones;
  };
  const anyFrom = from.includes('any');
  if (type === 'intrazone') {
    return (anyFrom ? known() : from).map((zone) => ({
      inInterfaces: [zone],
      outInterfaces: [zone],
    }));
  }
  if (to.length === 0) throw new LineFault('The rule does not say its “to”.');
  const anyTo = to.includes('any');
  if (type !== 'interzone') {
    return [
      {
        ...(anyFrom ? {} : { inInterfaces: from }),
        ...(anyTo ? {} : { outInterfaces: to }),
      },
    ];
  }
  if (anyFrom && !anyTo)
    return to.map((zone) => ({ notInInterfaces: [zone], outInterfaces: [zone] }));
  return (anyFrom ? known() : from).map((zone) => ({
    inInterfaces: [zone],
    ...(anyTo ? {} : { outInterfaces: to }),
    notOutInterfaces: [zone],
  }));
}

function askedOf(
  applications: readonly string[],
  services: readonly string[],
  objects: PanObjects,
): readonly Asked[] {
  const anyService = services.includes('any');
  if (applications.includes('any')) {
    if (anyService) return [{}];
    if (services.includes('application-default')) {
      throw new LineFault('“application-default” stands for the ports of whatever App-ID tells.');
    }
    return objects.services(services);
  }
  if (!anyService && services.join(' ') !== 'application-default') {
    throw new LineFault('An application with services of its own is not read.');
  }
  const other = applications.find((name) => name !== 'ping');
  if (other !== undefined) throw new LineFault(`The application “${other}” is told by App-ID.`);
  return [PING];
}
