/**
 * What stands around resources in a CloudFormation template (AWS CloudFormation User Guide, “Template
 * anatomy”), in YAML and so in JSON as well. Conditions, mappings and transforms could change what
 * the resources mean, and are faults.
 */
import { type Fields, fieldsOf, nothingElse } from './config-fields.ts';
import { LineFault } from './line-fault.ts';
import type { ParseFault } from './platform.ts';
import { readYaml } from './yaml-text.ts';

/** What a template says beside its resources without changing what they do. */
const STACK_TEXTS = ['Description', 'Metadata', 'Parameters'];

/** The resources of a CloudFormation template by name, with the lines they stand in. */
export function stackResources(
  text: string,
): { readonly resources: [string, Fields, number][] } | { readonly fault: ParseFault } {
  const { documents, fault } = readYaml(text, ['!Ref', '!GetAtt']);
  if (fault !== undefined) return { fault };
  const [document, second] = documents;
  try {
    if (document === undefined || second !== undefined) {
      throw new LineFault('The text is not one template.');
    }
    const template = fieldsOf(document.value, 'The template');
    const { Resources, Outputs: _, AWSTemplateFormatVersion: version, ...others } = template;
    if (version !== undefined && version !== '2010-09-09') {
      throw new LineFault('The version of the template is not read.');
    }
    nothingElse(
      Object.fromEntries(Object.entries(others).filter(([key]) => !STACK_TEXTS.includes(key))),
    );
    const resources = Object.entries(fieldsOf(Resources, '“Resources”')).map(
      ([name, fields]): [string, Fields, number] => [
        ...([name, fieldsOf(fields, `“${name}”`)] as const),
        document.lineOf(['Resources', name]),
      ],
    );
    return { resources };
  } catch (error) {
    if (!(error instanceof LineFault)) throw error;
    return { fault: { line: 1, what: error.message } };
  }
}
