/** The catalogue's server roles as sets of ports in text form (`88/tcp`), indexed by port. */
import { allRoles } from '../catalog/entries.ts';
import type { CatalogPort, NotThere } from '../catalog/entry.ts';
import type { ServerRole } from '../catalog/role.ts';

/** Ports in a range from which it names a class of ports rather than a service. */
const WIDE = 1000;

function listOf<Item>(value: readonly Item[] | NotThere): readonly Item[] {
  return 'none' in value ? [] : value;
}

/** Ports of a choice as text; wide ranges are no signature. */
function keysOf(ports: readonly CatalogPort[]): string[] {
  return ports.flatMap(({ transport, first, last }) =>
    last - first > WIDE
      ? []
      : Array.from({ length: last - first + 1 }, (_, step) => `${first + step}/${transport}`),
  );
}

/** A role with its ports as text. */
export interface Signature {
  readonly role: ServerRole;
  readonly core: readonly (readonly string[])[];
  readonly distinctive: readonly (readonly string[])[];
  readonly absent: readonly (readonly string[])[];
  readonly companions: readonly string[];
}

let signatures: ReadonlyMap<string, Signature> | undefined;
let byPort: ReadonlyMap<string, readonly Signature[]> | undefined;

export function signaturesById(): ReadonlyMap<string, Signature> {
  signatures ??= new Map(
    allRoles().map((role) => [
      role.id,
      {
        role,
        core: listOf(role.core).map(keysOf),
        distinctive: listOf(role.distinctive).map(keysOf),
        absent: listOf(role.absent).map(keysOf),
        companions: listOf(role.companions).flatMap(({ ports }) => keysOf(ports)),
      },
    ]),
  );
  return signatures;
}

/** Roles for which one of the ports speaks. */
export function candidates(ports: ReadonlySet<string>): ReadonlySet<Signature> {
  byPort ??= indexed();
  const found = new Set<Signature>();
  for (const port of ports) for (const role of byPort.get(port) ?? []) found.add(role);
  return found;
}

function indexed(): Map<string, Signature[]> {
  const index = new Map<string, Signature[]>();
  for (const signature of signaturesById().values()) {
    for (const key of new Set([...signature.core, ...signature.distinctive].flat())) {
      const list = index.get(key);
      if (list === undefined) index.set(key, [signature]);
      else list.push(signature);
    }
  }
  return index;
}
