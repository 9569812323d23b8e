/**
 * Reads `set` commands of PAN-OS: addresses, static groups, services and security rules. Objects
 * may stand after the rules that name them; zones are taken for interfaces. What decides by more
 * than the packet (users, categories, applications other than ping, profiles, schedules)
 * is a fault. Sessions within a zone pass at the end unless the text says otherwise.
 */
import { type AddressRange, mergeRanges } from '../net/address-range.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';
import { type Asked, between, PING, PREDEFINED, pairsOf, serviceOf } from './pan-os-objects.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { sessionFilter } from './session-chain.ts';
import { wordsOf } from './shell-words.ts';

/** Settings of one rule or service by their words; a list has its members. */
interface Settings {
  readonly line: number;
  readonly values: Map<string, readonly string[]>;
}

const ACTIONS: ReadonlyMap<string, Verdict> = new Map([
  ['allow', 'accept'],
  ['deny', 'drop'],
  ['drop', 'drop'],
  ['reset-client', 'reject'],
  ['reset-server', 'reject'],
  ['reset-both', 'reject'],
]);
/** What a rule may say besides, and must say so; undefined = anything. */
const BESIDES: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ['source-user', ['any']],
  ['category', ['any']],
  ['hip-profiles', ['any']],
  ['source-hip', ['any']],
  ['destination-hip', ['any']],
  ['negate-source', ['no']],
  ['negate-destination', ['no']],
  ['rule-type', ['universal']],
  ['log-start', undefined],
  ['log-end', undefined],
  ['log-setting', undefined],
  ['description', undefined],
  ['tag', undefined],
  ['group-tag', undefined],
]);

export function parsePanos(text: string): Parsed {
  const parser = new PanParser();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  const rules = parser.rules(lines.length);
  return { filter: sessionFilter('security rules', rules), faults: parser.faults };
}

class PanParser {
  readonly faults: ParseFault[] = [];
  private readonly addresses = new Map<string, AddressRange>();
  private readonly groups = new Map<string, readonly string[]>();
  private readonly services = new Map<string, Settings>();
  private readonly serviceGroups = new Map<string, readonly string[]>();
  private readonly named = new Map<string, Settings>();
  private withinZone: Verdict | undefined;

  line(line: string, number: number): void {
    if (line === '' || line.startsWith('#')) return;
    guarded(this.faults, number, () => {
      const words = wordsOf(line);
      if (words === undefined) throw new LineFault('A quote is not closed.');
      this.read(words, number);
    });
  }

  rules(lastLine: number): FilterRule[] {
    for (const { line, values } of this.services.values()) {
      guarded(this.faults, line, () => void serviceOf(values));
    }
    const rules: FilterRule[] = [];
    for (const settings of this.named.values()) {
      guarded(this.faults, settings.line, () => {
        rules.push(...this.rulesOf(settings));
      });
    }
    const last = rules.at(-1);
    const ended = last !== undefined && last.action !== 'accept' && isEverything(last.match);
    if (!ended && this.withinZone !== 'drop') {
      const what =
        'No last rule drops everything, so sessions within a zone pass; drop them by the rule “intrazone-default”.';
      this.faults.push({ line: lastLine, what });
    }
    return rules;
  }

  private read(words: readonly string[], line: number): void {
    if (words[0] !== 'set')
      throw new LineFault(`“${words[0]}” is not read; only set commands are.`);
    const [kind = '', name = '', ...rest] = words.slice(words[1] === 'shared' ? 2 : 1);
    if (kind === 'address') this.address(name, rest);
    else if (kind === 'address-group') this.group(this.groups, 'static', name, rest);
    else if (kind === 'service-group') this.group(this.serviceGroups, 'members', name, rest);
    else if (kind === 'service') this.settings(this.services, name, rest, line);
    else if (kind === 'rulebase' && name === 'security' && rest[0] === 'rules') {
      this.settings(this.named, rest[1] ?? '', rest.slice(2), line);
    } else if (kind === 'rulebase' && name === 'default-security-rules') this.last(rest);
    else throw new LineFault(`“${kind} ${name}” is not read.`);
  }

  private address(name: string, words: readonly string[]): void {
    const [kind = '', text = '', ...more] = words;
    if (more.length > 0 || text === '')
      throw new LineFault(`“${words.join(' ')}” is not an address.`);
    if (kind === 'description' || kind === 'tag') return;
    if (this.addresses.has(name)) throw new LineFault(`The address “${name}” is defined twice.`);
    if (kind === 'ip-netmask')
      this.addresses.set(name, prefixRange(text, text.includes(':') ? 6 : 4));
    else if (kind === 'ip-range') this.addresses.set(name, between(text));
    else throw new LineFault(`“${kind}” is not read.`);
  }

  private group(
    groups: Map<string, readonly string[]>,
    key: string,
    name: string,
    words: readonly string[],
  ): void {
    for (const [word, members] of pairsOf(words)) {
      if (word === 'description' || word === 'tag') continue;
      if (word !== key) throw new LineFault(`“${word}” is not read.`);
      groups.set(name, [...(groups.get(name) ?? []), ...members]);
    }
  }

  private settings(
    known: Map<string, Settings>,
    name: string,
    words: readonly string[],
    line: number,
  ): void {
    if (name === '' || words.length === 0) throw new LineFault('The line ends too early.');
    const settings = known.get(name) ?? { line, values: new Map<string, readonly string[]>() };
    known.set(name, settings);
    for (const [key, value] of pairsOf(words)) {
      const before = settings.values.get(key);
      const isList = ['from', 'to', 'source', 'destination', 'application', 'service'].includes(
        key,
      );
      const again = before !== undefined && before.join(' ') !== value.join(' ');
      if (again && !isList) throw new LineFault(`“${key}” is set twice.`);
      settings.values.set(key, isList ? [...(before ?? []), ...value] : value);
    }
  }

  private last([rules = '', name = '', ...rest]: readonly string[]): void {
    if (rules !== 'rules' || (name !== 'intrazone-default' && name !== 'interzone-default')) {
      throw new LineFault(`“${name}” is not known here.`);
    }
    for (const [key, [value = '', ...more]] of pairsOf(rest)) {
      if (more.length > 0) throw new LineFault(`“${more[0]}” is not known here.`);
      if (/^log-(?:start|end|setting)$/.test(key)) continue;
      const action = ACTIONS.get(value);
      if (key !== 'action' || action === undefined) throw new LineFault(`“${key}” is not read.`);
      if (name === 'intrazone-default') this.withinZone = action === 'accept' ? 'accept' : 'drop';
      else if (action === 'accept') throw new LineFault('A default that allows is not read.');
    }
  }

  private rulesOf({ line, values }: Settings): FilterRule[] {
    const take = (key: string): readonly string[] => {
      const value = values.get(key);
      if (value === undefined) throw new LineFault(`The rule does not say its “${key}”.`);
      return value;
    };
    const [word = '', ...more] = take('action');
    const action = more.length === 0 ? ACTIONS.get(word) : undefined;
    if (action === undefined) throw new LineFault(`“${word}” is not an action.`);
    for (const [key, value] of values) checkBesides(key, value);
    const from = take('from');
    const to = take('to');
    const where: FilterMatch = {
      states: ['new'],
      ...this.sides(take('source'), take('destination')),
      ...(from.includes('any') ? {} : { inInterfaces: from }),
      ...(to.includes('any') ? {} : { outInterfaces: to }),
    };
    const comment = values.get('description')?.join(' ');
    for (const key of ['log-start', 'log-end']) {
      const logged = values.get(key)?.join(' ') ?? 'yes';
      if (logged !== 'yes' && logged !== 'no') throw new LineFault(`“${logged}” is not yes or no.`);
    }
    const logs = (values.get('log-end')?.[0] ?? 'yes') === 'yes';
    const sides = [where.source, where.destination];
    const isFour = sides.some((side) => side?.every(({ family }) => family === 4));
    if (take('application').includes('ping') && !isFour) {
      throw new LineFault('“ping” is read between IPv4 addresses alone; give one side as such.');
    }
    const made = this.asked(take('application'), take('service')).map((asked) => ({
      action,
      match: { ...where, ...asked },
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(logs ? { log: { prefix: '' } } : {}),
    }));
    return values.get('disabled')?.[0] === 'yes' ? [] : made;
  }

  /** Both sides; a side that is any address asks for nothing. */
  private sides(
    sources: readonly string[],
    destinations: readonly string[],
  ): Pick<FilterMatch, 'source' | 'destination'> {
    const side = (names: readonly string[]): AddressRange[] =>
      mergeRanges(
        leavesOf(names, (name) => this.groupOf(name)).map((name) => this.addressNamed(name)),
      );
    return {
      ...(sources.includes('any') ? {} : { source: side(sources) }),
      ...(destinations.includes('any') ? {} : { destination: side(destinations) }),
    };
  }

  private asked(applications: readonly string[], services: readonly string[]): readonly Asked[] {
    const anyService = services.join(' ') === 'any';
    if (applications.join(' ') === 'any') {
      if (anyService) return [{}];
      return leavesOf(services, (name) => this.serviceGroupOf(name)).map((name) =>
        this.serviceNamed(name),
      );
    }
    if (!anyService && services.join(' ') !== 'application-default') {
      throw new LineFault('An application with services of its own is not read.');
    }
    const other = applications.find((name) => name !== 'ping');
    if (other !== undefined) throw new LineFault(`The application “${other}” is told by App-ID.`);
    return [PING];
  }

  private groupOf(name: string): readonly string[] | undefined {
    return this.addresses.has(name) ? undefined : this.groups.get(name);
  }

  private addressNamed(name: string): AddressRange {
    const known = this.addresses.get(name);
    if (known !== undefined && !this.groups.has(name)) return known;
    // A rule may name an address or a range itself.
    if (/^[0-9a-f.:]+-[0-9a-f.:]+$/i.test(name)) return between(name);
    if (/^[0-9a-f.:]+(?:\/\d+)?$/i.test(name)) return prefixRange(name, name.includes(':') ? 6 : 4);
    throw new LineFault(`There is no single address or group “${name}”.`);
  }

  private serviceGroupOf(name: string): readonly string[] | undefined {
    return this.services.has(name) ? undefined : this.serviceGroups.get(name);
  }

  private serviceNamed(name: string): Asked {
    const service = this.services.get(name);
    if (service !== undefined) return serviceOf(service.values);
    const predefined = PREDEFINED.get(name);
    if (predefined === undefined) throw new LineFault(`The service “${name}” is not known.`);
    return predefined;
  }
}

function checkBesides(key: string, value: readonly string[]): void {
  const rules = ['from', 'to', 'source', 'destination', 'application', 'service', 'action'];
  if (rules.includes(key)) return;
  if (key === 'disabled' && /^(?:yes|no)$/.test(value.join(' '))) return;
  const wanted = BESIDES.get(key);
  if (!BESIDES.has(key) || (wanted !== undefined && wanted.join(' ') !== value.join(' '))) {
    throw new LineFault(`“${key} ${value.join(' ')}” is not read.`);
  }
}

function isEverything(match: FilterMatch): boolean {
  return Object.keys(match).every((key) => key === 'states');
}
