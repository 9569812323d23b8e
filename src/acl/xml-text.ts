/**
 * XML as configuration (through the package `saxes`): elements with their text and lines. Document
 * types and processing instructions are faults; entities other than those of XML are never
 * resolved.
 */
import { SaxesParser } from 'saxes';
import { LineFault } from './line-fault.ts';

export interface XmlElement {
  readonly name: string;
  readonly line: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** Without blanks at either end; empty where there are children. */
  text: string;
}

export type XmlText =
  | { readonly root: XmlElement; readonly fault?: undefined }
  | { readonly root?: undefined; readonly fault: { readonly line: number; readonly what: string } };

/** Elements within elements at most. */
const MOST_DEEP = 64;

/**
 * Never throws: a fault with its line, or the tree, of which no branch is deeper than 64 elements.
 */
export function readXml(text: string): XmlText {
  const parser = new SaxesParser();
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  const fail = (what: string): never => {
    throw new LineFault(what);
  };
  parser.on('error', ({ message }) =>
    fail(`The text is not XML: ${message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')}.`),
  );
  parser.on('doctype', () => fail('A document type is not read.'));
  parser.on('processinginstruction', () => fail('A processing instruction is not read.'));
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length >= MOST_DEEP) fail('Elements are nested too deep.');
    const element = { name, line: parser.line, attributes, children: [], text: '' };
    const parent = open.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
    open.push(element);
  });
  const addText = (part: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop()!;
    element.text = element.text.trim();
    if (element.children.length > 0 && element.text !== '') {
      fail(`Text stands beside the elements of “${element.name}”.`);
    }
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
    return { fault: { line: Math.max(1, parser.line), what: error.message } };
  }
  return root === undefined ? { fault: { line: 1, what: 'The text is not XML.' } } : { root };
}

/** Text as XML has it between tags. */
export function xmlEscaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
