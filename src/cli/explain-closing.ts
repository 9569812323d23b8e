/**
 * What the catalogue can't know of closing: a machine's own units and services say what starts them
 * again and what ends with them. The commands that ask them, and what else to expect.
 */
import type { NotThere, PlatformAdvice, PortEntry } from '../catalog/entry.ts';
import type { Note } from '../report/report.ts';
import type { CardLine } from '../report/table.ts';

/**
 * What starts a unit: `TriggeredBy` to `BoundBy`. What ends with it: `RequiredBy` and all after. See
 * systemd.unit(5); releases that lack one say nothing of it.
 */
const RELATIONS = 'TriggeredBy,WantedBy,UpheldBy,RequiredBy,BoundBy,ConsistsOf,PropagatesStopTo';

/** How to ask a Linux machine about the units that the entry stops; nothing where it names none. */
export function askUnits(advice: PlatformAdvice): CardLine[] {
  const names = advice.stops.map((unit) => (unit.includes('*') ? `'${unit}'` : unit));
  return asked(
    advice,
    'what starts it and what ends with it',
    `systemctl show -p Id,LoadState,${RELATIONS} ${names.join(' ')}`,
  );
}

/** The same of Windows services. */
export function askServices(advice: PlatformAdvice): CardLine[] {
  const names = advice.stops.map((name) => (/[$* ]/.test(name) ? `'${name}'` : name));
  return asked(
    advice,
    'what ends with it',
    `Get-Service ${names.join(', ')} -ErrorAction Ignore | Format-List Name, Status, DependentServices`,
  );
}

function asked({ stops, close }: PlatformAdvice, what: string, run: string): CardLine[] {
  if (stops.length === 0) return [];
  const then = close.slice(0, 1).filter((step) => 'run' in step);
  return [{ say: `first, ${what}:` }, { run }, ...then.map(() => ({ say: 'then:' }))];
}

/** What holds for closing anything, said once below the entries. */
export function closingNotes(entries: readonly PortEntry[]): Note[] {
  const closes = (advice: PlatformAdvice | NotThere) => !('none' in advice);
  if (!entries.some(({ windows, linux }) => closes(windows) || closes(linux))) return [];
  return [
    {
      what: 'what closing does on your machine',
      because:
        'all that a program serves ends with it; sockets, timers, other units, policies, guardians, containers, clusters and updates may start it again; other products and releases have other names',
      remedy: 'portreeve sockets, before, after, and after a restart',
    },
  ];
}
