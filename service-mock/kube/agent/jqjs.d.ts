declare module '@michaelhomer/jqjs' {
  /**
   * A jq program as a function that yields its results one by one.
   * @throws what says why the text is not one
   */
  export function compile(program: string): (input: unknown) => Iterable<unknown>;
}
