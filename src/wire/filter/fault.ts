/**
 * A filter expression that cannot be used: where the trouble is, what it is, and what to write
 * instead. Positions are indexes into the text as given, so that a caret can point at them.
 */

/** A stretch of the filter's text: `[at, end)`. */
export interface Span {
  readonly at: number;
  readonly end: number;
}

/** `message` says what is wrong, without its place: `at` and `end` are that, for a caret. */
export class FilterFault extends Error {
  override readonly name = 'FilterFault';
  readonly at: number;
  readonly end: number;
  /** What to write instead, in words, where that is known. */
  readonly remedy: string | undefined;
  /** The word that was not understood, and those that could stand in its place. */
  readonly typed: string | undefined;
  readonly candidates: readonly string[];

  constructor(
    what: string,
    span: Span,
    details: {
      readonly remedy?: string | undefined;
      readonly typed?: string;
      readonly candidates?: readonly string[];
    } = {},
  ) {
    super(what);
    this.at = span.at;
    this.end = span.end;
    this.remedy = details.remedy;
    this.typed = details.typed;
    this.candidates = details.candidates ?? [];
  }
}
