/** Types of catalog-schema.mjs, for the tests. */
import type { CatalogSource, PortEntry, Step } from '../src/catalog/entry.ts';
import type { ServerRole } from '../src/catalog/role.ts';

export type Placed<Thing> = Thing & { readonly place: string };

/** Steps of an entry that stop whole services (Windows) or units (Linux). */
export interface ServiceStop {
  readonly id: string;
  readonly title: string;
  readonly closable: string;
  readonly kind: 'service' | 'unit';
  readonly names: readonly string[];
  readonly close: Step[];
}

export function readSources(
  text: string,
  file?: string,
): { sources: Map<string, CatalogSource>; faults: string[] };
export function readEntries(
  text: string,
  file: string,
  known: ReadonlyMap<string, CatalogSource>,
): { entries: Placed<PortEntry>[]; faults: string[]; stops: ServiceStop[] };
export function tellWhatElseEnds(stops: readonly ServiceStop[]): void;
export function readRoles(
  text: string,
  file: string,
  known: ReadonlyMap<string, CatalogSource>,
): { roles: Placed<ServerRole>[]; faults: string[] };
export function crossCheck(
  entries: readonly Placed<PortEntry>[],
  roles: readonly Placed<ServerRole>[],
): string[];
