/** Takes values out of located nodes and notes where they are not what they should be. */
import type { DocumentFault, DocumentNode, Place } from '../model/document.ts';
import { nearest } from '../net/nearest.ts';

/** The values of a map by their keys. */
export type Fields = ReadonlyMap<string, DocumentNode>;

/** Faults beyond this many are not noted: one mistake can make thousands. */
const MOST_FAULTS = 100;

/**
 * Never throws: what is not as it should be becomes a fault with its place, and a harmless value.
 */
export class Checker {
  readonly faults: DocumentFault[] = [];

  fault({ line, column }: Place, what: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push({ line, column, what });
  }

  /** A map with no other keys than these. */
  map(node: DocumentNode, keys: readonly string[]): Fields {
    const fields = new Map<string, DocumentNode>();
    if (node.kind !== 'map') {
      this.fault(node, `A map with ${keys.slice(0, 3).join(', ')} … should stand here.`);
      return fields;
    }
    for (const { key, value, line, column } of node.entries) {
      if (!keys.includes(key)) {
        const guess = nearest(key, keys);
        const hint = guess === undefined ? `known are ${keys.join(', ')}` : `do you mean ${guess}?`;
        this.fault({ line, column }, `The key “${key}” is not known here; ${hint}.`);
      } else if (fields.has(key)) this.fault({ line, column }, `The key “${key}” stands twice.`);
      else fields.set(key, value);
    }
    return fields;
  }

  /** A map from names of the user's; an absent one is empty. */
  names(node: DocumentNode | undefined, form: RegExp): [string, DocumentNode][] {
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) return [];
    if (node.kind !== 'map') {
      this.fault(node, 'A map of names should stand here.');
      return [];
    }
    const seen = new Set<string>();
    return node.entries.map(({ key, value, line, column }) => {
      if (!form.test(key)) this.fault({ line, column }, `“${key}” cannot be a name.`);
      if (seen.has(key)) this.fault({ line, column }, `The name “${key}” stands twice.`);
      seen.add(key);
      return [key, value];
    });
  }

  required(node: DocumentNode, fields: Fields, key: string): DocumentNode | undefined {
    const value = fields.get(key);
    if (value === undefined && node.kind === 'map') this.fault(node, `“${key}” is missing.`);
    return value;
  }

  /** The items of a list; a single value is a list of one, an absent one is empty. */
  list(node: DocumentNode | undefined): readonly DocumentNode[] {
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) return [];
    return node.kind === 'list' ? node.items : [node];
  }

  /** The items of a list as text. */
  texts(node: DocumentNode | undefined): string[] {
    return this.list(node).flatMap((item) => {
      const text = this.text(item);
      return text === undefined ? [] : [text];
    });
  }

  text(node: DocumentNode): string | undefined {
    if (
      node.kind === 'scalar' &&
      (typeof node.value === 'string' || typeof node.value === 'number')
    ) {
      return String(node.value);
    }
    this.fault(node, 'Text should stand here.');
    return undefined;
  }

  number(node: DocumentNode, least: number, most: number): number | undefined {
    const value = node.kind === 'scalar' ? node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    this.fault(node, `A whole number from ${least} to ${most} should stand here.`);
    return undefined;
  }

  flag(node: DocumentNode | undefined, otherwise: boolean): boolean {
    if (node === undefined) return otherwise;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    this.fault(node, 'true or false should stand here.');
    return otherwise;
  }

  /** A date or a moment (RFC 3339), in milliseconds since 1970; a date means its beginning in UTC. */
  time(node: DocumentNode): number | undefined {
    const value = node.kind === 'scalar' ? node.value : undefined;
    const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/;
    const ms = typeof value === 'string' && form.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isFinite(ms)) return ms;
    this.fault(node, 'A date like 2027-01-31 or 2027-01-31T12:00:00Z should stand here.');
    return undefined;
  }
}
