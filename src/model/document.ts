/**
 * A document that people write (YAML), as values that know where they stand, so that whoever reads
 * them can say where something is wrong.
 */
export interface Place {
  /** Both counted from 1. */
  readonly line: number;
  readonly column: number;
}

export type DocumentNode =
  | ({ readonly kind: 'scalar'; readonly value: string | number | boolean | null } & Place)
  | ({ readonly kind: 'list'; readonly items: readonly DocumentNode[] } & Place)
  | ({ readonly kind: 'map'; readonly entries: readonly DocumentEntry[] } & Place);

export interface DocumentEntry extends Place {
  readonly key: string;
  readonly value: DocumentNode;
}

/** Something wrong in a document, in one sentence, with what to do where that is known. */
export interface DocumentFault extends Place {
  readonly what: string;
}
