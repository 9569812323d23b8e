/**
 * How to close a port on this very machine: by the units and containers that hold it, with what its
 * unit files say starts them again and ends with them; the catalogue where those are not known.
 */
import type { SurfaceItem } from '../analysis/surface.ts';
import type { PortEntry } from '../catalog/entry.ts';
import type { Process } from '../model/process.ts';
import type { UnitTies } from '../model/unit-ties.ts';
import type { CardLine } from '../report/table.ts';
import { processesOf } from './owner-words.ts';

/** Steps taken over from the catalogue. */
const STEPS = 4;
/** Units named in a sentence; the others are counted. */
const NAMED = 6;
/** What systemd takes for the name of a unit that can be stopped to close a port. */
const UNIT = /^[\w@.:\\-]+\.(service|socket|timer|path)$/;

/** Units of the machine that hold the sockets, those that opened them for others first. */
export function unitsHolding({ listeners }: SurfaceItem): string[] {
  const opened = listeners.flatMap(({ activation }) => activation ?? []);
  const held = processes(listeners).filter(({ unitOf }) => unitOf === undefined);
  return distinct([...opened, ...held.flatMap(({ unit }) => unit ?? [])]).filter(isStoppable);
}

/** Units that the catalogue knows for the item's port. */
export function unitsExpected({ entry }: SurfaceItem): readonly string[] {
  return entry === undefined || 'none' in entry.linux ? [] : entry.linux.stops;
}

/** What to do about one service. `tiesOf` knows this machine's units. */
export function closingSteps(
  item: SurfaceItem,
  tiesOf: (units: readonly string[]) => readonly UnitTies[],
): readonly CardLine[] {
  const { entry, listeners, reach } = item;
  if (reach === 'this-machine' && item.concern === 'ok') return [];
  const [process] = processes(listeners);
  if (process?.container !== undefined && /^(docker|podman)$/.test(process.container.runtime)) {
    return [{ run: `${process.container.runtime} stop ${process.container.id}` }];
  }
  const holding = unitsHolding(item);
  if (holding.length > 0) {
    const ties = tiesOf(holding);
    const known = new Set(ties.flatMap(({ names }) => names));
    const others = holding.filter((unit) => !known.has(unit)).map(withoutTies);
    return unitSteps([...others, ...ties]);
  }
  if (process?.unitOf !== undefined && process.unit !== undefined && isStoppable(process.unit)) {
    return [
      { say: `as user ${process.unitOf}, whose unit it is:` },
      { run: `systemctl --user disable --now ${quoted(process.unit)}` },
    ];
  }
  // Of another program on that port, the catalogue's service may not even be here.
  const isOther = process !== undefined && !(entry !== undefined && isRunBy(entry, process.name));
  if (entry === undefined || 'none' in entry.linux || isOther) {
    const say = `end or reconfigure process ${process?.pid}; bind it to 127.0.0.1 if only this machine needs it`;
    return process?.pid === undefined ? [] : [{ say }];
  }
  const expected = tiesOf(unitsExpected(item));
  return expected.length > 0 ? unitSteps(expected) : entry.linux.close.slice(0, STEPS);
}

/** Whether the catalogue names the program among those that hold its port on Linux. */
function isRunBy({ linux }: PortEntry, program: string): boolean {
  return !('none' in linux) && program !== '' && linux.process.includes(program);
}

function withoutTies(unit: string): UnitTies {
  return { unit, names: [unit], triggeredBy: [], triggers: [], pulledInBy: [], endsWith: [] };
}

/** One command for all, what starts them before what is started, and what follows from it. */
export function unitSteps(ties: readonly UnitTies[]): CardLine[] {
  const stopped = distinct([
    ...ties.flatMap(({ triggeredBy }) => triggeredBy).filter(isStoppable),
    ...ties.map(({ unit }) => unit),
    // A service that a socket started holds the port as well.
    ...ties.flatMap(({ triggers }) => triggers).filter(isStoppable),
  ]);
  const others = (units: readonly string[]) =>
    distinct(units).filter((unit) => !stopped.includes(unit));
  const again = others(ties.flatMap(({ pulledInBy }) => pulledInBy));
  const ending = others(ties.flatMap(({ endsWith }) => endsWith));
  return [
    stopForGood(stopped.map(quoted)),
    ...(again.length === 0
      ? []
      : [{ say: `started again by ${listed(again)}, where that is in use: mask it then instead` }]),
    ...(ending.length === 0 ? [] : [{ say: `with it ends ${listed(ending)}, if it runs` }]),
  ];
}

function processes(listeners: SurfaceItem['listeners']): Process[] {
  return listeners.flatMap(({ owner }) => processesOf(owner));
}

function isStoppable(unit: string): boolean {
  return UNIT.test(unit);
}

/** For a shell: systemd writes odd characters with a backslash. */
function quoted(unit: string): string {
  return unit.includes('\\') ? `'${unit}'` : unit;
}

/** Not `disable --now`: of an init script that is no unit it stops nothing. */
export function stopForGood(units: readonly string[]): { readonly run: string } {
  const names = units.join(' ');
  return { run: `systemctl stop ${names}; systemctl disable ${names}` };
}

function listed(units: readonly string[]): string {
  const more = units.length - NAMED;
  return `${units.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
