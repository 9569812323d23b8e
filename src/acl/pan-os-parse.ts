/**
 * Reads PAN-OS's configuration as `set` commands, in braces or as XML, whole configurations of one virtual system among them: addresses,
 * static groups, services, zones, security rules (also those that Panorama puts before and after
 * them) and the default rules. Objects may stand after the rules that name them; zones are taken for
 * interfaces. What a list here names as deciding nothing is passed over, translations, policies of
 * other kinds, profiles and protection of zones are told, all else is a fault.
 */
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { BesideList } from './beside-list.ts';
import { guarded, LineFault } from './line-fault.ts';
import { braceLines, hasBraces } from './pan-os-braces.ts';
import { PanObjects, type Settings } from './pan-os-objects.ts';
import { isDisabled, PAN_ACTIONS, panRules, readRule } from './pan-os-rules.ts';
import { PAN_DECIDING, PAN_HARMLESS, ZONE_KEYS, ZONE_NETWORK } from './pan-os-settings.ts';
import { type PanLine, panLines, Values, withoutPrompts } from './pan-os-words.ts';
import { exportLines, isExport } from './pan-os-xml.ts';
import type { Beside, Parsed, ParseFault } from './platform.ts';
import { sessionFilter } from './session-chain.ts';

const FILTERS_SIX =
  'that IPv6 is filtered: “ipv6-firewalling” is not among the settings of the device';
const NO_ZONES = 'that no session stays within a zone: the text names none';
/** Whose rules are asked first: Panorama's, those of the device, Panorama's again. */
const BASES = ['pre-rulebase', 'rulebase', 'post-rulebase'] as const;
const FOLDERS: ReadonlySet<string> = new Set([
  ...BASES,
  ...['address', 'address-group', 'service', 'service-group', 'zone', 'network', 'vsys', 'shared'],
]);
type Base = (typeof BASES)[number];

export function parsePanos(text: string): Parsed {
  const parser = new PanParser();
  for (const { words, line } of linesOf(text, parser.faults)) parser.line(words, line);
  return parser.parsed(text.split('\n').length);
}

/** The commands, in whichever of its three forms the configuration is written. */
function linesOf(text: string, faults: ParseFault[]): readonly PanLine[] {
  if (isExport(text)) {
    const { lines, fault } = exportLines(text);
    if (fault !== undefined) faults.push(fault);
    return lines;
  }
  const shown = withoutPrompts(text);
  return hasBraces(shown) ? braceLines(shown) : panLines(shown);
}

/** A rule of another kind than security. */
interface OtherRule {
  readonly what: string;
  readonly line: number;
  lines: number;
  isDisabled: boolean;
}

class PanParser {
  readonly faults: ParseFault[] = [];
  private readonly objects = new PanObjects();
  private readonly rules: Record<Base, Map<string, Settings>> = {
    'pre-rulebase': new Map(),
    rulebase: new Map(),
    'post-rulebase': new Map(),
  };
  private readonly others = new Map<string, OtherRule>();
  private readonly beside = new BesideList();
  private readonly zones = new Set<string>();
  private system: string | undefined;
  /** Others, told once. */
  private readonly seconds = new Set<string>();
  /** What the default rules say, by their names. */
  private readonly defaults = new Map<string, Verdict>();
  private hasDevice = false;
  private filtersSix = false;

  line(words: readonly string[] | undefined, number: number): void {
    guarded(this.faults, number, () => {
      if (words === undefined) throw new LineFault('A quote or a block is not closed.');
      if (words[0] !== 'set') {
        throw new LineFault(`“${words[0]}” is not read; only set commands are.`);
      }
      this.read(words.slice(1), number);
    });
  }

  parsed(lastLine: number): Parsed {
    const { faults, objects, zones } = this;
    const isTold = zones.size > 0 || this.hasDevice;
    for (const base of BASES) {
      for (const settings of this.rules[base].values()) {
        const { values } = settings;
        if (isDisabled(settings)) continue;
        for (const key of ['from', 'to']) {
          for (const zone of values.get(key) ?? []) if (isTold && zone !== 'any') zones.add(zone);
        }
      }
    }
    objects.check(faults);
    const rules: FilterRule[] = [];
    for (const settings of BASES.flatMap((base) => [...this.rules[base].values()])) {
      guarded(faults, settings.line, () => {
        rules.push(...panRules(settings, objects, [...zones]));
      });
    }
    rules.push(...this.last(rules, lastLine));
    const beside = this.told();
    const assumed = [
      ...(this.hasDevice && !this.filtersSix ? [FILTERS_SIX] : []),
      ...(this.hasDevice && zones.size === 0 ? [NO_ZONES] : []),
    ];
    return {
      filter: sessionFilter('security rules', rules, this.betweenZones),
      faults: faults.sort((one, two) => one.line - two.line),
      ...(assumed.length > 0 ? { assumed } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  private read(all: readonly string[], line: number): void {
    const { words, isShared, base, isSecond } = this.scoped(all);
    if (isSecond || isEmpty(words)) return;
    const [first = '', second = '', third = ''] = words;
    if (base !== undefined) {
      this.ruleLine(base, words.slice(1), line);
    } else if (first === 'zone') this.zone(second, words.slice(2), line);
    else if (!this.objects.take(first, words.slice(1), isShared, line)) {
      const pair = `${first} ${second}`;
      if (PAN_DECIDING.has(first) || PAN_DECIDING.has(pair)) {
        this.beside.add(PAN_DECIDING.has(pair) ? pair : first, line);
      } else if (!PAN_HARMLESS.has(first) && !PAN_HARMLESS.has(pair)) {
        throw new LineFault(`“${pair.trim()}” is not read.`);
      }
      if (first === 'deviceconfig') this.device(second, third, words, line);
    }
  }

  /** What the command is about, without where it holds. */
  private scoped(all: readonly string[]) {
    let words = all;
    let isShared = false;
    if (words[0] === 'config') words = words.slice(1);
    if (words[0] === 'devices' && words[1] === 'localhost.localdomain') words = words.slice(2);
    if (words[0] === 'shared') {
      isShared = true;
      words = words.slice(1);
    } else if (words[0] === 'policy' && words[1] === 'panorama') {
      isShared = true;
      words = words.slice(2);
    }
    let system: string | undefined;
    if (words[0] === 'vsys' && words.length > 2) {
      system = words[1];
      words = words.slice(2);
    }
    const base = BASES.find((one) => one === words[0]);
    // What holds in several systems would be mixed up; how they are connected decides nothing.
    const isOwn = system !== undefined && !['import', 'display-name'].includes(words[0] ?? '');
    if (isOwn) this.system ??= system;
    const isSecond = isOwn && this.system !== system;
    if (isSecond && !this.seconds.has(`${system}`)) {
      this.seconds.add(`${system}`);
      throw new LineFault(`A second virtual system, “${system}”, begins here; give one at a time.`);
    }
    return { words, isShared, base, isSecond };
  }

  /** A line of a rule, of the kind that the first word names. */
  private ruleLine(base: Base, words: readonly string[], line: number): void {
    const [kind = '', rules = '', name = '', ...rest] = words;
    if (kind === 'default-security-rules') {
      this.defaultRule(rules, name, rest, line);
      return;
    }
    if (kind !== 'security') {
      const what = `rulebase ${kind}`;
      if (PAN_HARMLESS.has(what)) return;
      if (!PAN_DECIDING.has(what)) throw new LineFault(`“${base} ${kind}” is not read.`);
      const key = `${base} ${kind} ${name}`;
      const other = this.others.get(key) ?? { what, line, lines: 0, isDisabled: false };
      this.others.set(key, other);
      other.lines++;
      if (rest[0] === 'disabled' && rest[1] === 'yes' && rest.length === 2) other.isDisabled = true;
      return;
    }
    if (rules !== 'rules' || name === '') throw new LineFault('The line ends too early.');
    const known = this.rules[base];
    const settings = known.get(name) ?? { line, values: new Map<string, readonly string[]>() };
    known.set(name, settings);
    readRule(settings, rest);
  }

  private defaultRule(rules: string, name: string, words: readonly string[], line: number): void {
    if (rules !== 'rules' || (name !== 'intrazone-default' && name !== 'interzone-default')) {
      throw new LineFault(`“${name}” is not known here.`);
    }
    const settings: Settings = { line, values: new Map() };
    readRule(settings, words);
    for (const [key, value] of settings.values) {
      if (
        /^log-(?:start|end|setting)$/.test(key) ||
        ['tag', 'group-tag', 'uuid', 'description'].includes(key)
      )
        continue;
      if (key === 'profile-setting') {
        this.beside.add(key, line);
        continue;
      }
      const action = PAN_ACTIONS.get(value[0] ?? '');
      if (key !== 'action' || value.length > 1 || action === undefined) {
        throw new LineFault(`“${key}” is not read.`);
      }
      const verdict = action === 'accept' ? 'accept' : 'drop';
      const before = this.defaults.get(name);
      if (before !== undefined && before !== verdict) {
        throw new LineFault(`“${name}” is set twice.`);
      }
      this.defaults.set(name, verdict);
    }
  }

  private zone(name: string, words: readonly string[], line: number): void {
    if (name === '' || name === 'any') throw new LineFault(`“${name}” is not a zone.`);
    this.zones.add(name);
    // A zone may have no interfaces.
    const values = new Values(words.join(' ').endsWith('[ ]') ? words.slice(0, -2) : words);
    while (!values.ended) {
      const key = values.key();
      if (!ZONE_KEYS.has(key)) throw new LineFault(`“${key}” is not known of a zone.`);
      if (key !== 'network') {
        // These hold settings of their own.
        if (key.endsWith('-acl') || key.startsWith('prenat-')) values.value(key);
        values.value(key);
        continue;
      }
      const kind = values.ended ? '' : values.key();
      if (kind.startsWith('prenat-')) values.value(kind);
      if (kind === 'zone-protection-profile') this.beside.add(kind, line);
      else if (!ZONE_NETWORK.has(kind)) throw new LineFault(`“${kind}” is not known of a zone.`);
      if (!values.ended) values.value(kind);
    }
  }

  private device(part: string, kind: string, words: readonly string[], line: number): void {
    this.hasDevice = true;
    const at = words.indexOf('ipv6-firewalling');
    if (part !== 'setting' || kind !== 'session' || at < 0) return;
    this.filtersSix = true;
    if (words[at + 1] !== 'yes') this.beside.add('ipv6-firewalling no', line);
  }

  /** What holds where no rule speaks. */
  private last(rules: readonly FilterRule[], lastLine: number): FilterRule[] {
    const last = rules.at(-1);
    if (last !== undefined && last.action !== 'accept' && isEverything(last.match)) return [];
    const { betweenZones } = this;
    const withinZone = this.defaults.get('intrazone-default') ?? 'accept';
    if (withinZone === betweenZones) return [];
    if (this.zones.size === 0 && !this.hasDevice) {
      const what =
        withinZone === 'accept'
          ? 'No last rule drops everything, so sessions within a zone pass; drop them by the rule “intrazone-default”.'
          : 'What passes between zones cannot be told from what stays within one: the text names no zones.';
      this.faults.push({ line: lastLine, what });
      return [];
    }
    return [...this.zones].map((zone) => ({
      action: withinZone,
      match: { states: ['new'], inInterfaces: [zone], outInterfaces: [zone] },
      line: 0,
    }));
  }

  private get betweenZones(): Verdict {
    return this.defaults.get('interzone-default') ?? 'drop';
  }

  private told(): Beside[] {
    for (const { what, line, lines, isDisabled: isOff } of this.others.values()) {
      for (let count = 0; !isOff && count < lines; count++) this.beside.add(what, line + count);
    }
    for (const settings of BASES.flatMap((base) => [...this.rules[base].values()])) {
      if ((settings.values.get('profile-setting') ?? []).length > 0 && !isDisabled(settings)) {
        this.beside.add('profile-setting', settings.line);
      }
    }
    return this.beside.all();
  }
}

/** Folders that hold nothing are shown as well. */
function isEmpty(words: readonly string[]): boolean {
  const [first = '', second, third] = words;
  if (second === undefined) return first === '' || FOLDERS.has(first);
  if (first === 'vsys' && third === undefined) return true;
  if (!BASES.some((base) => base === first)) return false;
  return words.length === 2 || (words.length === 3 && third === 'rules');
}

function isEverything(match: FilterMatch): boolean {
  return Object.keys(match).every((key) => key === 'states');
}
