/** Elements of a config.xml as fields, for the parser of pfSense and OPNsense. */
import { LineFault } from './line-fault.ts';
import type { XmlElement } from './xml-text.ts';

/** Which of the two products wrote the text: what they leave empty means different things. */
export type Product = 'pfsense' | 'opnsense';

/** The child of this name, and of it the next, and so on; undefined where one is missing. */
export function under(element: XmlElement | undefined, ...names: string[]): XmlElement | undefined {
  return names.reduce((at, name) => at?.children.find((child) => child.name === name), element);
}

/** Whether any element below holds text: products write empty elements for what is not set up. */
export function holdsText(element: XmlElement): boolean {
  return element.text !== '' || element.children.some(holdsText);
}

/** Elements by name, each at most once. Throws `LineFault`. */
export function fieldsOf(
  element: XmlElement,
  attributes: readonly string[] = [],
): Map<string, XmlElement> {
  const fields = new Map<string, XmlElement>();
  const [attribute] = Object.keys(element.attributes).filter((name) => !attributes.includes(name));
  if (attribute !== undefined) throw new LineFault(`The attribute “${attribute}” is not read.`);
  if (element.text !== '') throw new LineFault(`“${element.text.slice(0, 40)}” is not known here.`);
  for (const child of element.children) {
    if (fields.has(child.name)) throw new LineFault(`“${child.name}” stands twice.`);
    if (Object.keys(child.attributes).length > 0) {
      throw new LineFault(`Attributes of “${child.name}” are not read.`);
    }
    fields.set(child.name, child);
  }
  return fields;
}

/** Takes fields one by one, so that those nobody asked for can be told. */
export class Fields {
  readonly left: Map<string, XmlElement>;

  constructor(fields: ReadonlyMap<string, XmlElement>) {
    this.left = new Map(fields);
  }

  /** The text of a field; undefined where it is missing. Throws `LineFault` where it holds elements. */
  take(name: string): string | undefined {
    const element = this.left.get(name);
    this.left.delete(name);
    if (element !== undefined && element.children.length > 0) {
      throw new LineFault(`“${name}” holds elements.`);
    }
    return element?.text;
  }

  flag(name: string): boolean {
    return isSet(this.take(name));
  }
}

/** pfSense writes an empty element for yes, OPNsense a 1; both leave it out for no. */
export function isSet(text: string | undefined): boolean {
  if (text === undefined || text === '0' || text === 'no') return false;
  if (['', '1', 'yes', 'true'].includes(text)) return true;
  throw new LineFault(`“${text}” is neither yes nor no.`);
}

/** OPNsense writes 1; what its versions made of an empty element differs. Throws `LineFault`. */
export function sure(text: string | undefined, name: string, product: Product): boolean {
  if (product === 'opnsense' && text === '') throw new LineFault(`“${name}” is empty.`);
  return isSet(text);
}

/** Words parted by blanks or commas. */
export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** Names of a table in a text. */
export function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
