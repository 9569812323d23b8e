/**
 * Words of an nftables text with their lines. Line ends and `;` separate statements and are kept
 * as `;`; a `\` at the end of a line joins it with the next; `#` begins a comment.
 */
export interface Token {
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
}

/** What stands for itself wherever it stands. `==` and `!=` are one word. */
const SYMBOLS = new Set(['{', '}', '(', ')', ',', '=', '&', '|', '^', '<', '>', '@', '!', '$']);

/** Undefined where a quote is not closed; `unclosedAt` says where. */
export function tokensOf(text: string): { tokens: Token[]; unclosedAt?: number } {
  const tokens: Token[] = [];
  let line = 1;
  const put = (word: string, quoted = false) => tokens.push({ text: word, quoted, line });
  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (char === '\n' || char === ';') {
      put(';');
      if (char === '\n') line++;
      at++;
    } else if (char === '\\' && text[at + 1] === '\n') {
      line++;
      at += 2;
    } else if (char === ' ' || char === '\t' || char === '\r') {
      at++;
    } else if (char === '#') {
      while (at < text.length && text[at] !== '\n') at++;
    } else if (char === '"') {
      const end = text.indexOf('"', at + 1);
      const newline = text.indexOf('\n', at);
      if (end < 0 || (newline >= 0 && newline < end)) return { tokens, unclosedAt: line };
      put(text.slice(at + 1, end), true);
      at = end + 1;
    } else if ((char === '=' || char === '!') && text[at + 1] === '=') {
      put(`${char}=`);
      at += 2;
    } else if (SYMBOLS.has(char)) {
      put(char);
      at++;
    } else {
      let end = at;
      while (end < text.length && !/[\s;#"\\]/.test(text[end]!) && !SYMBOLS.has(text[end]!)) end++;
      // A lone backslash is no word of nftables; it becomes a token nobody knows.
      put(text.slice(at, Math.max(end, at + 1)));
      at = Math.max(end, at + 1);
    }
  }
  put(';');
  return { tokens };
}
