/** Types of catalog-schema.mjs, for the tests. */
import type { CatalogSource, PortEntry } from '../src/catalog/entry.ts';
import type { ServerRole } from '../src/catalog/role.ts';

export type Placed<Thing> = Thing & { readonly place: string };

export function readSources(
  text: string,
  file?: string,
): { sources: Map<string, CatalogSource>; faults: string[] };
export function readEntries(
  text: string,
  file: string,
  known: ReadonlyMap<string, CatalogSource>,
): { entries: Placed<PortEntry>[]; faults: string[] };
export function readRoles(
  text: string,
  file: string,
  known: ReadonlyMap<string, CatalogSource>,
): { roles: Placed<ServerRole>[]; faults: string[] };
export function crossCheck(
  entries: readonly Placed<PortEntry>[],
  roles: readonly Placed<ServerRole>[],
): string[];
