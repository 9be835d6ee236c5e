/** The version of the program, for those who stand further in. */
export { programVersion } from '../package-root.ts';
