/** Command lines as a shell splits them, without its expansions. */

/**
 * The words of a line; quotes hold blanks, a backslash takes the next character as it is. Undefined
 * where a quote is not closed.
 */
export function wordsOf(line: string): string[] | undefined {
  const words: string[] = [];
  for (let at = 0; at < line.length; ) {
    if (line[at] === ' ' || line[at] === '\t' || line[at] === '\r') {
      at++;
      continue;
    }
    let word = '';
    let quote = '';
    for (; at < line.length; at++) {
      const char = line[at]!;
      if (quote === '' && (char === ' ' || char === '\t' || char === '\r')) break;
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else if (char === '\\' && quote !== "'" && at + 1 < line.length) word += line[++at]!;
      else word += char;
    }
    if (quote !== '') return undefined;
    words.push(word);
  }
  return words;
}
