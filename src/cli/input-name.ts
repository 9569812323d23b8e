/** What people call an input: its name as given, or what `-` stands for. */
export function inputName(input: string): string {
  return input === '-' ? 'standard input' : input;
}
