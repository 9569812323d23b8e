/**
 * The filter language as a whole: text in, predicates over frames and bytecode for the kernel
 * out. A filter is parsed once and lowered for every link type it meets.
 */
import type { AddressBook } from './addresses.ts';
import { type Bytecode, bytecodeOf } from './bytecode.ts';
import { lower } from './lower.ts';
import { type ParsedFilter, parseFilter } from './parser.ts';
import { type FramePredicate, predicateOf } from './predicate.ts';

/** One text for frames of any link type. Lowered forms are kept, so make it once. */
export class Filter {
  readonly parsed: ParsedFilter;
  private readonly book: AddressBook;
  private readonly predicates = new Map<number, FramePredicate>();

  /** Throws `FilterFault` for text that is no filter. */
  constructor(text: string | ParsedFilter, book: AddressBook = {}) {
    this.parsed = typeof text === 'string' ? parseFilter(text) : text;
    this.book = book;
  }

  /** Made on first use. Throws `FilterFault` for what frames of that link type cannot tell. */
  forLinkType(linkType: number): FramePredicate {
    let predicate = this.predicates.get(linkType);
    if (predicate === undefined) {
      predicate = predicateOf(lower(this.parsed.expression, linkType, this.book));
      this.predicates.set(linkType, predicate);
    }
    return predicate;
  }

  /** For the kernel. Throws `FilterFault` as above, and `NoBytecode`. */
  bytecode(linkType: number, snapLength: number): Bytecode {
    return bytecodeOf(lower(this.parsed.expression, linkType, this.book), snapLength);
  }
}
