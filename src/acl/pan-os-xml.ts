/**
 * PAN-OS's configuration as it is exported: XML, where an `entry` has its name in an attribute and a
 * list has a `member` for each. Each setting becomes the command that would set it.
 */
import type { PanLine } from './pan-os-words.ts';
import type { ParseFault } from './platform.ts';
import { readXml, type XmlElement } from './xml-text.ts';

export function isExport(text: string): boolean {
  return text.trimStart().startsWith('<');
}

/** The commands of the elements; where the text is not XML, the fault. */
export function exportLines(text: string): { lines: readonly PanLine[]; fault?: ParseFault } {
  const { root, fault } = readXml(text);
  if (fault !== undefined) return { lines: [], fault };
  const lines: PanLine[] = [];
  flatten(root, ['set'], lines);
  return { lines };
}

function flatten(element: XmlElement, path: readonly string[], lines: PanLine[]): void {
  const { attributes, children, line, name, text } = element;
  // An answer of the interface for programs stands around the configuration.
  const isFrame = path.length === 1 && ['response', 'result'].includes(name);
  const word = name === 'entry' ? attributes.name : name;
  if (word === undefined) {
    lines.push({ words: undefined, line });
    return;
  }
  const words = isFrame ? path : [...path, word];
  if (children.length === 0) {
    lines.push({ words: text === '' ? words : [...words, text], line });
  } else if (children.every((child) => child.name === 'member' && child.children.length === 0)) {
    lines.push({ words: [...words, '[', ...children.map((child) => child.text), ']'], line });
  } else for (const child of children) flatten(child, words, lines);
}
