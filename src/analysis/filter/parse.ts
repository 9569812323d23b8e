/**
 * Filters over flows in plain words: `service:rdp zone:outside`, `port:443 and not host:10.0.0.5`,
 * `proto:udp bytes>1M (state:S0 or state:REJ)`. Terms beside each other must all hold; `or` binds
 * weaker, `not` stronger; parentheses group. docs/assess.md lists the words.
 */

/** The text is no filter. `at` and `length` say where, in characters; `instead` what could stand
 * there. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
  readonly at: number;
  readonly length: number;
  /** What was found there. */
  readonly found: string;
  readonly instead: readonly string[];

  constructor(what: string, { at, text }: Token, instead: readonly string[] = []) {
    super(what);
    this.at = at;
    this.length = Math.max(1, text.length);
    this.found = text;
    this.instead = instead;
  }
}

/** A piece of the text and where it begins. */
export interface Token {
  readonly at: number;
  readonly text: string;
}

export type Comparison = '>' | '>=' | '<' | '<=' | '=';

/** `word:value,value`, or `word>value`. */
export interface Term {
  readonly kind: 'term';
  readonly word: Token;
  /** `:` for words with values to choose from. */
  readonly sign: Comparison | ':';
  readonly values: readonly Token[];
}

export type Expression =
  | Term
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] };

/** Deeper nesting is nobody's wish. */
const MOST_DEPTH = 64;
const MOST_LENGTH = 4096;

/** Reads a filter. Throws `FilterError`. */
export function parseFilter(text: string): Expression {
  if (text.length > MOST_LENGTH) {
    throw new FilterError(`a filter has at most ${MOST_LENGTH} characters`, { at: 0, text: '' });
  }
  const parser = new Parser(tokensOf(text), text.length);
  return parser.whole();
}

/** Parentheses, and words up to the next blank or parenthesis. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/[()]|[^\s()]+/g)) {
    tokens.push({ at: match.index, text: match[0] });
  }
  return tokens;
}

class Parser {
  private readonly tokens: readonly Token[];
  private readonly end: number;
  private next = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.tokens = tokens;
    this.end = end;
  }

  whole(): Expression {
    const expression = this.either(0);
    const left = this.tokens[this.next];
    if (left !== undefined) throw new FilterError('this parenthesis was never opened', left);
    return expression;
  }

  private either(depth: number): Expression {
    const parts = [this.both(depth)];
    while (this.takes('or', '||')) parts.push(this.both(depth));
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
  }

  private both(depth: number): Expression {
    const parts = [this.one(depth)];
    for (;;) {
      if (this.takes('and', '&&')) parts.push(this.one(depth));
      else if (this.startsTerm()) parts.push(this.one(depth));
      else return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
    }
  }

  private one(depth: number): Expression {
    const token = this.tokens[this.next];
    if (token === undefined) {
      throw new FilterError('the filter ends where a term is expected', { at: this.end, text: '' });
    }
    if (depth > MOST_DEPTH) throw new FilterError('this is nested too deeply', token);
    this.next++;
    if (isWord(token, 'not', '!')) return { kind: 'not', part: this.one(depth + 1) };
    if (token.text === '(') {
      const inside = this.either(depth + 1);
      if (this.tokens[this.next]?.text !== ')') {
        throw new FilterError('this parenthesis is never closed', token);
      }
      this.next++;
      return inside;
    }
    if (token.text === ')' || isWord(token, 'and', '&&', 'or', '||')) {
      throw new FilterError('a term is expected here, such as port:443', token);
    }
    if (token.text.startsWith('!')) {
      return { kind: 'not', part: termOf({ at: token.at + 1, text: token.text.slice(1) }) };
    }
    return termOf(token);
  }

  private takes(...words: readonly string[]): boolean {
    const token = this.tokens[this.next];
    if (token === undefined || !isWord(token, ...words)) return false;
    this.next++;
    return true;
  }

  private startsTerm(): boolean {
    const token = this.tokens[this.next];
    return token !== undefined && token.text !== ')' && !isWord(token, 'or', '||');
  }
}

function isWord({ text }: Token, ...words: readonly string[]): boolean {
  return words.includes(text.toLowerCase());
}

function termOf(token: Token): Term {
  const match = /^([A-Za-z][A-Za-z-]*)(:?(?:>=|<=|>|<|=)|:)(.*)$/.exec(token.text);
  if (match === null) {
    throw new FilterError('a term has the form word:value, such as port:443', token);
  }
  const [, word = '', sign = '', rest = ''] = match;
  const values: Token[] = [];
  let at = token.at + word.length + sign.length;
  for (const text of rest.split(',')) {
    if (text === '') throw new FilterError(`${word}${sign} needs a value`, { at, text: '' });
    values.push({ at, text });
    at += text.length + 1;
  }
  return {
    kind: 'term',
    word: { at: token.at, text: word.toLowerCase() },
    sign: sign.replace(/^:(?=.)/, '') as Term['sign'],
    values,
  };
}
