/** What changed of the attack surface since an earlier run, in words. */
import type { Reach } from '../analysis/surface.ts';
import type { SurfaceChange, SurfaceChangeKind } from '../analysis/surface-changes.ts';
import { serviceName } from '../catalog/services.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { SurfaceRecord } from '../pipeline/surface-state.ts';
import { count, isoTime } from '../report/numbers.ts';
import type { Column, Severity, Table } from '../report/table.ts';

export const REACH_WORDS: Readonly<Record<Reach, string>> = {
  anywhere: 'anywhere',
  'local-network': 'the local network',
  'this-machine': 'this machine only',
};

const KIND_WORDS: Readonly<Record<SurfaceChangeKind, string>> = {
  new: 'new',
  wider: 'reached from further',
  'other-process': 'another program',
  narrower: 'reached from less far',
  gone: 'gone',
};

/** Named in the last line, so that nobody has to look for one. */
const NAMED = 3;

/** `since 2026-11-22T10:30:00.123Z: 1 new (8080/tcp), 2 gone (25/tcp, 53/udp)`. */
export function changeText(changes: readonly SurfaceChange[], { seenMs }: SurfaceRecord): string {
  if (changes.length === 0) return `unchanged since ${isoTime(seenMs)}`;
  const parts = (Object.keys(KIND_WORDS) as SurfaceChangeKind[]).flatMap((kind) => {
    const found = changes.filter((change) => change.kind === kind);
    if (found.length === 0) return [];
    const named = found.slice(0, NAMED).map((change) => {
      const { port, transport } = (change.now ?? change.before)!;
      return `${port}/${transport}`;
    });
    const more = found.length > NAMED ? ', …' : '';
    return [`${count(found.length)} ${KIND_WORDS[kind]} (${named.join(', ')}${more})`];
  });
  return `since ${isoTime(seenMs)}: ${parts.join(', ')}`;
}

export function changesTable(rows: readonly SurfaceChange[]): Table<SurfaceChange> {
  return { key: 'changes', kind: 'change', heading: 'CHANGED', columns: COLUMNS, rows };
}

const TONES: Partial<Readonly<Record<SurfaceChangeKind, Severity>>> = {
  new: 'warning',
  wider: 'warning',
  gone: 'ok',
  narrower: 'ok',
};

const COLUMNS: readonly Column<SurfaceChange>[] = [
  {
    key: 'change',
    title: 'CHANGE',
    value: ({ kind }) => kind,
    text: ({ kind }) => KIND_WORDS[kind],
    tone: ({ kind }) => TONES[kind],
  },
  {
    key: 'port',
    title: 'PORT',
    value: ({ before, now }) => (now ?? before)!.port,
    align: 'right',
  },
  { key: 'transport', title: 'PROTO', value: ({ before, now }) => (now ?? before)!.transport },
  {
    key: 'service',
    title: 'NAME',
    value: ({ before, now }) => {
      const { transport, port } = (now ?? before)!;
      return serviceName(transport, port) ?? null;
    },
    priority: 2,
  },
  {
    key: 'reachBefore',
    title: 'REACHED FROM',
    value: ({ before }) => before?.reach ?? null,
    text: ({ before }) => (before === undefined ? '-' : REACH_WORDS[before.reach]),
  },
  {
    key: 'reach',
    title: 'NOW FROM',
    value: ({ now }) => now?.reach ?? null,
    text: ({ now }) => (now === undefined ? '-' : REACH_WORDS[now.reach]),
  },
  {
    key: 'processesBefore',
    title: 'PROCESS BEFORE',
    value: ({ before }) => before?.processes ?? [],
    text: ({ before }) => before?.processes.join(', ') || '-',
    priority: 3,
  },
  {
    key: 'processes',
    title: 'PROCESS',
    value: ({ now }) => now?.processes ?? [],
    text: ({ now }) => now?.processes.join(', ') || '-',
    priority: 1,
  },
];

/** Root sees firewalls, other users' processes and what comes from outside: more, not other. */
export function privilegeNote({
  earlier,
  privileged,
}: {
  readonly earlier?: SurfaceRecord;
  readonly privileged: boolean;
}): BlindSpot[] {
  if (earlier === undefined || earlier.privileged === privileged) return [];
  return [
    {
      id: 'other-privilege',
      what: 'which changes are due to privilege',
      because: `the earlier run looked ${earlier.privileged ? 'as root' : 'without root'}, this one ${privileged ? 'as root' : 'without'}`,
      remedy: 'compare runs made alike',
      missing: false,
    },
  ];
}
