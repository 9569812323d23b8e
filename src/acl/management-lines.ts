/** Who can still reach the filtering machine itself, as comments at the head of a text. */
import type { Platform } from './platform.ts';

/** `mark` begins a comment of the platform: `#`, `!`. */
export function managementLines(
  { capabilities }: Pick<Platform, 'capabilities'>,
  mark: string,
): string[] {
  return capabilities.management.map(
    (line, index) => `${mark} ${index === 0 ? 'Manage:  ' : '         '} ${line}`,
  );
}
