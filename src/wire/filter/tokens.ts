/** The tokens of one filter with a place in them, as the parts of the parser share it. */
import { FilterFault, type Span } from './fault.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { KEYWORDS, PROTOCOL_WORDS } from './words.ts';

/** Throws `FilterFault` at once for characters that belong to no token. */
export class Tokens {
  /** Index of the token under way; may be set back to try something else. */
  position = 0;
  readonly notes: string[] = [];
  /** Positions where no relation between sums begins. */
  readonly noRelation = new Set<number>();
  private readonly source: string;
  private readonly list: readonly Token[];
  /** Positions of words in capitals that are read as keywords. */
  private readonly capitals = new Set<number>();

  constructor(source: string) {
    this.source = source;
    this.list = tokenize(source);
  }

  private get token(): Token {
    return this.list[Math.min(this.position, this.list.length - 1)]!;
  }

  get kind(): TokenKind {
    return this.token.kind;
  }

  get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  get text(): string {
    return this.token.text;
  }

  get value(): number {
    return this.token.value;
  }

  get span(): Span {
    return { at: this.token.at, end: this.token.end };
  }

  /** The word under way, which may be a keyword; empty for anything else. */
  get word(): string {
    const { kind, text } = this.token;
    if (kind !== 'word') return '';
    return this.capitals.has(this.position) ? text.toLowerCase() : text;
  }

  get symbol(): string {
    return this.token.kind === 'symbol' ? this.token.text : '';
  }

  /** Whether the word under way is one of the language's own. */
  get reserved(): boolean {
    return KEYWORDS.has(this.word) || PROTOCOL_WORDS.has(this.word);
  }

  /** End of the token before the one under way. */
  get lastEnd(): number {
    return this.list[this.position - 1]?.end ?? 0;
  }

  advance(): void {
    this.position++;
  }

  /** Steps over the symbol or keyword if it is under way. */
  take(text: string): boolean {
    if (this.symbol !== text && KEYWORDS.get(this.word) !== text) return false;
    this.position++;
    return true;
  }

  /** Where a keyword is expected, `PORT` and `Tcp` are taken for it, with a note. */
  readCapitals(): void {
    const { kind, text } = this.token;
    const small = text.toLowerCase();
    if (kind !== 'word' || small === text || this.capitals.has(this.position)) return;
    if (!KEYWORDS.has(small) && !PROTOCOL_WORDS.has(small)) return;
    this.capitals.add(this.position);
    this.note(`“${text}” is read as “${small}”`);
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** The text from an index to the end of the identifier at a position. */
  between(at: number, position: number): string {
    return this.source.slice(at, this.list[position]?.end);
  }

  /** Steps over `)`; `open` is the place of its partner. */
  close(open: Span): void {
    if (this.take(')')) return;
    if (this.kind === 'end') throw new FilterFault('this parenthesis is never closed', open);
    throw this.unexpected(['and', 'or']);
  }

  /** Steps over a number in any parentheses and returns it; undefined if none stands here. */
  number(): number | undefined {
    const start = this.position;
    let depth = 0;
    while (this.take('(')) depth++;
    const { kind, value } = this.token;
    if (kind === 'number') {
      this.advance();
      while (depth > 0 && this.take(')')) depth--;
      if (depth === 0) return value;
    }
    this.position = start;
    return undefined;
  }

  requireNumber(what: string): number {
    const value = this.number();
    if (value === undefined) throw this.unexpected([], what);
    return value;
  }

  /** The fault of a token that cannot stand where it does. */
  unexpected(candidates: readonly string[], wanted?: string): FilterFault {
    const { kind, text } = this.token;
    const what =
      kind === 'end'
        ? 'the filter ends where something more is expected'
        : `“${text}” cannot stand here`;
    return new FilterFault(what, this.span, {
      ...(kind === 'word' ? { typed: text, candidates } : {}),
      remedy: wanted === undefined ? undefined : `write ${wanted}`,
    });
  }
}
