/** What unit files say of a unit's neighbours (systemd.unit(5)), for those who want to stop it. */
import type { UnitTies } from '../../model/unit-ties.ts';
import { UnitFiles } from './unit-files.ts';

/** Dependencies of one unit, by the names of the settings. */
type Settings = ReadonlyMap<string, readonly string[]>;

/** Settings by which a unit starts others with it. */
const PULLS = ['Wants', 'Requires', 'BindsTo', 'Upholds', 'Sockets'];
/** Settings by which a unit ends when one that it names ends. */
const FOLLOWS = ['Requires', 'Requisite', 'BindsTo', 'PartOf', 'StopPropagatedFrom'];
/** Kinds of units that start another, and where its name stands if it has another name. */
const TRIGGERS = [
  { kind: 'socket', setting: 'Service' },
  { kind: 'timer', setting: 'Unit' },
  { kind: 'path', setting: 'Unit' },
] as const;
const COUNT = new Set(
  [PULLS, FOLLOWS, ['PropagatesStopTo', 'Sockets', 'Service', 'Unit', 'Accept']].flat(),
);

/**
 * Reads all unit files once and tells of each unit named, once; of those without a file nothing. `x@*.service`
 * names all instances that files or links name. Links in `/etc` are left out: disabling the unit
 * removes them.
 */
export function unitTies(units: Iterable<string>, folders?: readonly string[]): UnitTies[] {
  const asked = [...units];
  if (asked.length === 0) return [];
  const files = new UnitFiles(folders);
  const there = tidy(asked.flatMap((unit) => expand(unit, files)));
  if (there.length === 0) return [];
  const all = new Map<string, Settings>();
  for (const name of files.names()) all.set(name, settingsOf(name, files.textOf(name)));
  return there.map((unit) => tiesOf(unit, files, all));
}

function expand(unit: string, files: UnitFiles): string[] {
  const [start, end] = unit.split('@*');
  if (end === undefined) return files.has(unit) ? [files.ownName(unit)] : [];
  return files.names().filter((name) => name.startsWith(`${start}@`) && !name.endsWith(`@${end}`));
}

function tiesOf(unit: string, files: UnitFiles, all: ReadonlyMap<string, Settings>): UnitTies {
  const names = new Set(files.namesOf(unit));
  const naming = (keys: readonly string[]): string[] =>
    [...all].flatMap(([other, settings]) =>
      keys.some((key) => settings.get(key)?.some((name) => names.has(name))) ? [other] : [],
    );
  const links = files.links.filter(({ target }) => names.has(target));
  const stays = links.filter(({ folder }) => !/\/etc(\/|$)/.test(folder));
  const requires = links.filter(({ kind }) => kind === 'requires');
  const own = all.get(unit) ?? settingsOf(unit, files.textOf(unit));
  const triggeredBy = [...all].flatMap(([other, settings]) =>
    isTrigger(other, settings, names) ? [other] : [],
  );
  triggeredBy.push(...(own.get('Sockets') ?? []));
  const told = (found: readonly string[]): string[] =>
    tidy(
      found
        .filter((name) => !names.has(name) && files.has(name))
        .map((name) => files.ownName(name)),
    );
  const triggers = told(triggeredBy);
  const apart = (name: string): boolean => !triggers.includes(name);
  return {
    unit,
    names: tidy([...names]),
    triggeredBy: triggers,
    triggers: unit.endsWith('.socket') ? told(startedBy(unit, own)) : [],
    pulledInBy: told([...naming(PULLS), ...stays.map((link) => link.unit)]).filter(apart),
    // That its sockets end with it is what those want who close a port.
    endsWith: told([
      ...naming(FOLLOWS),
      ...requires.map((link) => link.unit),
      ...(own.get('PropagatesStopTo') ?? []),
    ]).filter(apart),
  };
}

function isTrigger(other: string, settings: Settings, names: ReadonlySet<string>): boolean {
  return startedBy(other, settings).some((name) => names.has(name));
}

/**
 * What a socket, timer or path starts. Sockets with `Accept=yes` start instances of a template, by
 * default that of their name.
 */
function startedBy(unit: string, settings: Settings): readonly string[] {
  for (const { kind, setting } of TRIGGERS) {
    if (!unit.endsWith(`.${kind}`)) continue;
    const named = settings.get(setting) ?? [];
    if (named.length > 0) return named;
    const stem = unit.slice(0, -kind.length - 1);
    const accepts = /^(1|yes|true|on|y|t)$/i.test(settings.get('Accept')?.at(-1) ?? '');
    return [accepts ? `${stem}@.service` : `${stem}.service`];
  }
  return [];
}

/** Values of the settings that count here, of all sections; lists add up (systemd.syntax(7)). */
function settingsOf(unit: string, text: string): Settings {
  const settings = new Map<string, string[]>();
  for (const line of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || !COUNT.has(key)) continue;
    const words = value!.split(/\s+/).filter((word) => word !== '');
    const names = words.map((word) => specified(word, unit));
    settings.set(key, [...(settings.get(key) ?? []), ...names]);
  }
  return settings;
}

/** The specifiers that say something of the unit's own name (`%i`, `%n`, `%p` and the like). */
function specified(word: string, unit: string): string {
  const stem = unit.replace(/\.\w+$/, '');
  const [prefix = '', instance = ''] = stem.split(/@(.*)/);
  const values: Readonly<Record<string, string>> = {
    ...{ n: unit, N: stem, p: prefix, P: prefix, i: instance, I: instance },
  };
  return word.replace(/%([a-zA-Z%])/g, (all, letter: string) => values[letter] ?? all);
}

function tidy(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
