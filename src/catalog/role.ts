/**
 * How a server's role shows in the ports it answers on. Default ports only: products can be moved.
 * Certain: all of `core` answer and nothing of `absent`. Likely: two of `distinctive`. Hint: one of
 * them, or companions alone. The text lies in `roles/*.yaml`; docs/catalogue.md has the schema.
 */
import type { CatalogPort, CatalogSource, Companion, NotThere } from './entry.ts';

/** Alternatives, of which one is enough. */
export type PortChoice = readonly CatalogPort[];

export interface ServerRole {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly what: string;
  readonly core: readonly PortChoice[] | NotThere;
  readonly distinctive: readonly PortChoice[] | NotThere;
  /** What tells it from roles that look alike. */
  readonly absent: readonly PortChoice[] | NotThere;
  readonly companions: readonly Companion[] | NotThere;
  /** What it does with ports chosen at run time. */
  readonly dynamic: string;
  /** Who opens connections to it, what it opens itself, what fellows open both ways. */
  readonly in: readonly string[] | NotThere;
  readonly out: readonly string[] | NotThere;
  readonly peer: readonly string[] | NotThere;
  /** `role-id what for`. */
  readonly depends: readonly string[] | NotThere;
  readonly sources: readonly CatalogSource[];
}
