/**
 * Text measured and cut in terminal columns, by code points as terminals do (wcwidth): East Asian
 * Wide and Fullwidth characters and emoji take two, combining and format characters none, all
 * others one (UAX #11; ambiguous ones count as narrow). Text must have been through `printable`,
 * which leaves no control characters and no emoji joined into one.
 *
 * Own code since the usual package needs 30 ms at start for `Intl.Segmenter` and the table of
 * emoji sequences; the test holds this against that package, code point by code point.
 */

const ASCII = /^[\x20-\x7e]*$/;
/** Alphabets without combining marks, punctuation, arrows, box drawing, the marks we use. */
const ALL_NARROW = /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u257f✔✖]*$/;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Draws a box round the character before it and makes the pair two columns wide. */
const KEYCAP = '\u20e3';
/** Blocks of the Wide and Fullwidth classes, coarsely (their holes are unassigned), and emoji. */
const WIDE = new RegExp(
  [
    '(?![\\u{1f1e6}-\\u{1f1ff}\\u303f])[\\p{Emoji_Presentation}',
    '\\u1100-\\u115f\\u2329\\u232a\\u2630-\\u2637\\u268a-\\u268f\\u2e80-\\u3247\\u3250-\\ua4cf',
    '\\ua960-\\ua97f\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f\\uff01-\\uff60',
    '\\uffe0-\\uffe6\\u{16fe0}-\\u{18dff}\\u{18e00}-\\u{191ff}\\u{1aff0}-\\u{1b2ff}',
    '\\u{1d300}-\\u{1d376}\\u{1f200}-\\u{1f265}\\u{1fa70}-\\u{1faff}\\u{20000}-\\u{3fffd}]',
  ].join(''),
  'u',
);

/** Columns the text takes. */
export function displayWidth(text: string): number {
  if (ALL_NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (ALL_NARROW.test(character) || character === KEYCAP) return 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Characters with the marks that follow them, so that no cut parts the two. */
function* clusters(text: string): Generator<string, void, undefined> {
  if (ASCII.test(text)) {
    yield* text;
    return;
  }
  let cluster = '';
  for (const character of text) {
    if (cluster !== '' && (character === KEYCAP || !NO_WIDTH.test(character))) {
      yield cluster;
      cluster = '';
    }
    cluster += character;
  }
  yield cluster;
}

/** The text, or its start and the ellipsis (one column) when it takes more than `width`. */
export function shorten(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = width - 1;
  let kept = '';
  let used = 0;
  for (const cluster of clusters(text)) {
    used += displayWidth(cluster);
    if (used > room) break;
    kept += cluster;
  }
  return kept + ellipsis;
}

/**
 * The text in lines of at most `width` columns (at least 4), broken at blanks; a longer word is
 * broken where it must, losing nothing. Lines after the first begin with `indent` blanks.
 */
export function wrapText(text: string, width: number, indent = 0): string[] {
  // Most texts fit, all of them in a pipe.
  if (displayWidth(text) <= width) return [withoutTrailingSpaces(text)];
  return wrapPieces(text.split(' '), ' ', width, indent);
}

/**
 * Like `wrapText` for pieces that stay together where they can, joined by `gap` in a line. One that
 * takes more than a line is broken at its blanks.
 */
export function wrapPieces(
  pieces: readonly string[],
  gap: string,
  width: number,
  indent = 0,
): string[] {
  const margin = Math.max(0, Math.min(indent, width - 2));
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const breakLine = (): void => {
    lines.push(withoutTrailingSpaces(line));
    line = ' '.repeat(margin);
    used = margin;
  };
  const breakWord = (word: string): void => {
    for (const cluster of clusters(word)) {
      const clusterWidth = displayWidth(cluster);
      if (used + clusterWidth > width) breakLine();
      line += cluster;
      used += clusterWidth;
    }
  };
  const add = (piece: string, before: string | undefined): void => {
    const pieceWidth = displayWidth(piece);
    const gapWidth = before === undefined ? 0 : displayWidth(before);
    if (used + gapWidth + pieceWidth <= width) {
      line += (before ?? '') + piece;
      used += gapWidth + pieceWidth;
      return;
    }
    if (before !== undefined) breakLine();
    const words = piece.split(' ');
    if (used + pieceWidth <= width) {
      line += piece;
      used += pieceWidth;
    } else if (words.length > 1) {
      words.forEach((word, index) => {
        add(word, index === 0 ? undefined : ' ');
      });
    } else breakWord(piece);
  };
  pieces.forEach((piece, index) => {
    add(piece, index === 0 ? undefined : gap);
  });
  lines.push(withoutTrailingSpaces(line));
  return pieces.length === 0 ? [] : lines;
}

/** Only the spaces that wrapping made: other blanks belong to the text. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 0x20) end--;
  return line.slice(0, end);
}
