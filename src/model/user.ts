/** An account of the operating system. */
export interface User {
  /** Numeric id: Unix. Absent where only the name was shown. */
  readonly uid?: number;
  /** Absent when the machine's account file does not name the id (directory service, container). */
  readonly name?: string;
}
