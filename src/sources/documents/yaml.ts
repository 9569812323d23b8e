/**
 * YAML 1.2 (core schema, through the package `yaml`) as located nodes, and back: a changed document
 * keeps the comments and the style of what did not change.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { DocumentFault, DocumentNode, Place } from '../../model/document.ts';

/** Aliases in one document at most; each could stand for a whole tree. */
const MOST_ALIASES = 100;
/** Maps and lists within each other at most. */
const DEEPEST = 100;

export interface ParsedYaml {
  readonly root?: DocumentNode;
  readonly faults: readonly DocumentFault[];
}

/** A tree, or every fault with its place; warnings are faults, too. Never throws. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    ...placeAt(lines, pos[0]),
    what: wordingOf(message),
  }));
  if (faults.length > 0) return { faults };
  const reader = new TreeReader(lines, document);
  const root = reader.node(document.contents);
  return reader.faults.length > 0 ? { faults: reader.faults } : { root, faults: [] };
}

/** What the parser says, where it speaks of programs rather than of the text. */
const WORDINGS: readonly (readonly [RegExp, string])[] = [
  [/call stack/, 'It is nested too deeply.'],
  [/multiple documents/, 'A second document begins here; one file holds one.'],
];

function wordingOf(message: string): string {
  const known = WORDINGS.find(([pattern]) => pattern.test(message));
  return known?.[1] ?? `${message.replace(/\s+/g, ' ').replace(/\.$/, '')}.`;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

class TreeReader {
  readonly faults: DocumentFault[] = [];
  private readonly lines: LineCounter;
  private readonly document: ReturnType<typeof parseDocument>;
  private aliases = 0;

  constructor(lines: LineCounter, document: ReturnType<typeof parseDocument>) {
    this.lines = lines;
    this.document = document;
  }

  node(value: unknown, before: Place = { line: 1, column: 1 }, depth = 0): DocumentNode {
    const node = value as Node | null;
    const place = node?.range ? placeAt(this.lines, node.range[0]) : before;
    if (depth > DEEPEST) {
      this.fault(place, 'It is nested too deeply.');
      return { kind: 'scalar', value: null, ...place };
    }
    if (isMap(node)) {
      const entries = node.items.map((pair) => {
        const key = this.node(pair.key, place, depth + 1);
        const { line, column } = key;
        const text = key.kind === 'scalar' ? String(key.value) : '';
        if (key.kind !== 'scalar') this.fault(key, 'A key is one word.');
        return { key: text, line, column, value: this.node(pair.value, key, depth + 1) };
      });
      return { kind: 'map', entries, ...place };
    }
    if (isSeq(node)) {
      return {
        kind: 'list',
        items: node.items.map((item) => this.node(item, place, depth + 1)),
        ...place,
      };
    }
    if (isScalar(node)) {
      const { value: own } = node;
      if (own === null || ['string', 'number', 'boolean'].includes(typeof own)) {
        return { kind: 'scalar', value: own as string | number | boolean | null, ...place };
      }
      this.fault(place, 'The value is not text, a number, true or false.');
      return { kind: 'scalar', value: null, ...place };
    }
    if (node === null || node === undefined) return { kind: 'scalar', value: null, ...place };
    return this.alias(node, place, depth);
  }

  private alias(node: Node, place: Place, depth: number): DocumentNode {
    const target = 'resolve' in node ? node.resolve(this.document) : undefined;
    if (target === undefined || ++this.aliases > MOST_ALIASES) {
      this.fault(place, `More than ${MOST_ALIASES} aliases, or one that leads nowhere.`);
      return { kind: 'scalar', value: null, ...place };
    }
    return this.node(target, place, depth + 1);
  }

  private fault({ line, column }: Place, what: string): void {
    this.faults.push({ line, column, what });
  }
}

const STYLE = { lineWidth: 0, flowCollectionPadding: false } as const;

/** What a document holds, in the order in which it is to be written. */
export type PlainDocument = Readonly<Record<string, unknown>>;

/**
 * The text of a document. With `before`, the text it replaces: parts that hold the same stay as
 * they are written there, with their comments. Items of lists are known again by their `id`.
 */
export function writeYaml(plain: PlainDocument, before?: string): string {
  const document = parseDocument(before ?? '{}');
  const contents = document.contents;
  if (before === undefined || !isMap(contents) || document.errors.length > 0) {
    const fresh = parseDocument('');
    fresh.contents = fresh.createNode(plain) as never;
    flowShort(fresh.contents);
    return fresh.toString(STYLE);
  }
  mergeMap(document, contents as YAMLMap, plain);
  return document.toString(STYLE);
}

function same(node: unknown, value: unknown): boolean {
  return JSON.stringify(node) === JSON.stringify(value);
}

function mergeMap(
  document: ReturnType<typeof parseDocument>,
  map: YAMLMap,
  plain: PlainDocument,
  depth = 0,
): void {
  for (const key of map.items.map((pair) => String((pair.key as { value?: unknown }).value))) {
    if (!(key in plain)) map.delete(key);
  }
  for (const [key, value] of Object.entries(plain)) {
    const node = map.get(key, true) as unknown as Node | undefined;
    if (node !== undefined && same(node.toJS(document), value)) continue;
    if (isMap(node) && isPlainObject(value)) mergeMap(document, node as YAMLMap, value, depth + 1);
    else if (isSeq(node) && Array.isArray(value)) {
      const known = new Map(node.items.map((item) => [idOf((item as Node).toJS(document)), item]));
      node.items = value.map((item) => {
        const old = known.get(idOf(item)) as Node | undefined;
        if (old !== undefined && same(old.toJS(document), item)) return old;
        if (isMap(old) && isPlainObject(item)) {
          mergeMap(document, old as YAMLMap, item, depth + 2);
          return old;
        }
        return flowShort(document.createNode(item), depth + 2);
      });
    } else map.set(key, flowShort(document.createNode(value), depth + 1));
  }
}

function isPlainObject(value: unknown): value is PlainDocument {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(value: unknown): string {
  return isPlainObject(value) && typeof value.id === 'string' ? value.id : JSON.stringify(value);
}

/** Lists and maps of a few words within others stand on one line: `[tcp/80, tcp/443]`. */
function flowShort<T>(node: T, depth = 0): T {
  if (isMap(node)) {
    const short = node.items.every((pair) => isScalar(pair.value)) && node.items.length <= 4;
    if (short && depth > 2) node.flow = true;
    else for (const pair of node.items) flowShort(pair.value, depth + 1);
  }
  if (isSeq(node)) {
    const short = node.items.every((item) => isScalar(item)) && node.items.length <= 6;
    if (short) node.flow = true;
    else for (const item of node.items) flowShort(item, depth + 1);
  }
  return node;
}
