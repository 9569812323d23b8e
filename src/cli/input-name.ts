/** What people call inputs. */
import { counted } from '../report/numbers.ts';

/** An input's name as given, or what `-` stands for. */
export function inputName(input: string): string {
  return input === '-' ? 'standard input' : input;
}

/** That inputs cannot be read: the first fault, and how many other inputs have any. */
export function unreadText(
  first: { readonly source: string; readonly what: string },
  others: readonly { readonly source: string }[],
): string {
  const sources = new Set(others.map(({ source }) => source));
  sources.delete(first.source);
  const more = sources.size === 0 ? '' : `, and ${counted(sources.size, 'more input')} likewise`;
  return `cannot read ${inputName(first.source)}: ${first.what}${more}`;
}
