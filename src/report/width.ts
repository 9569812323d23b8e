/**
 * Text measured and cut in terminal columns: wide characters (CJK, emoji) take two, combining
 * marks none. ASCII takes the fast way. Text must be free of control characters: `printable`
 * first.
 */
import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;
let segmenter: Intl.Segmenter | undefined;

/** Columns the text takes. */
export function displayWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** What people see as single characters, so that no cut parts a letter from its marks. */
function* clusters(text: string): Generator<string, void, undefined> {
  if (ASCII.test(text)) {
    yield* text;
    return;
  }
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    // A run of Hangul initials is one cluster of any width; only its code points can be placed.
    if (segment.length > 2 && displayWidth(segment) > 2) yield* segment;
    else yield segment;
  }
}

/** The text, or its start and the ellipsis (one column) when it takes more than `width`. */
export function shorten(text: string, width: number, ellipsis: string): string {
  if (displayWidth(text) <= width) return text;
  const room = width - 1;
  if (ASCII.test(text)) return text.slice(0, Math.max(0, room)) + ellipsis;
  let kept = '';
  let used = 0;
  for (const cluster of clusters(text)) {
    used += displayWidth(cluster);
    if (used > room) break;
    kept += cluster;
  }
  return kept + ellipsis;
}

/** The text filled up with blanks to `width` columns, at the right or at the left. */
export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/**
 * The text in lines of at most `width` columns (at least 4), broken at blanks; a longer word is
 * broken where it must, losing nothing. Lines after the first begin with `indent` blanks.
 */
export function wrapText(text: string, width: number, indent = 0): string[] {
  return wrapPieces(text.split(' '), ' ', width, indent);
}

/** Like `wrapText` for pieces that stay together where they can, joined by `gap` in a line. */
export function wrapPieces(
  pieces: readonly string[],
  gap: string,
  width: number,
  indent = 0,
): string[] {
  const margin = Math.max(0, Math.min(indent, width - 2));
  const gapWidth = displayWidth(gap);
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const breakLine = (): void => {
    lines.push(line.trimEnd());
    line = ' '.repeat(margin);
    used = margin;
  };
  pieces.forEach((piece, index) => {
    const pieceWidth = displayWidth(piece);
    if (index > 0 && used + gapWidth + pieceWidth <= width) {
      line += gap + piece;
      used += gapWidth + pieceWidth;
      return;
    }
    if (index > 0) breakLine();
    if (used + pieceWidth <= width) {
      line += piece;
      used += pieceWidth;
      return;
    }
    for (const cluster of clusters(piece)) {
      const clusterWidth = displayWidth(cluster);
      if (used + clusterWidth > width) breakLine();
      line += cluster;
      used += clusterWidth;
    }
  });
  lines.push(line.trimEnd());
  return pieces.length === 0 ? [] : lines;
}
