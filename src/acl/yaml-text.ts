/**
 * YAML 1.2 as configuration (through the package `yaml`): documents as plain values, the lines of
 * what is in them, and a fault for all that YAML itself takes and that would hide something: keys
 * that stand twice, unknown tags, aliases.
 */
import { type Document, isAlias, LineCounter, parseAllDocuments, type Tags, visit } from 'yaml';

export interface YamlDocument {
  readonly value: unknown;
  /** Line of the first part of the path that is there, counted from 1. */
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly fault?: { readonly line: number; readonly what: string };
}

/** Brackets deeper than this are not read: the parser goes down for each. */
const MOST_DEEP = 100;

/** `tags` are words such as `!Ref` that become objects of one field: `{ Ref: … }`. */
export function readYaml(text: string, tags: readonly string[] = []): YamlText {
  const lines = new LineCounter();
  const faultAt = (offset: number, what: string): YamlText => ({
    documents: [],
    fault: { line: Math.max(1, lines.linePos(offset).line), what },
  });
  if (isTooDeep(text)) return { documents: [], fault: { line: 1, what: 'It is nested too deep.' } };
  const customTags: Tags = tags.map((tag) => ({
    tag,
    resolve: (value: string) => ({ [tag.slice(1)]: value }),
  }));
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, customTags });
  const documents: YamlDocument[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) {
      return faultAt(
        fault.pos[0],
        `YAML: ${fault.message.replace(/\s+/g, ' ').replace(/\.$/, '')}.`,
      );
    }
    const alias = firstAlias(document);
    if (alias !== undefined) return faultAt(alias, 'Aliases of YAML are not read.');
    documents.push({
      value: document.toJS(),
      lineOf: (path) => lines.linePos(offsetOf(document, path)).line || 1,
    });
  }
  return { documents };
}

function isTooDeep(text: string): boolean {
  const flow = text.match(/[[{]/g)?.length ?? 0;
  return flow > MOST_DEEP && /(?:[[{]\s*){100}/.test(text) ? true : /^ {1000}/m.test(text);
}

function firstAlias(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, (_key, node) => {
    if (!isAlias(node)) return undefined;
    found = node.range?.[0] ?? 0;
    return visit.BREAK;
  });
  return found;
}

function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: number[] } | undefined;
    if (node?.range !== undefined) return node.range[0]!;
  }
  return document.range[0];
}
