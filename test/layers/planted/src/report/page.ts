import { program } from '../cli/program.ts';
export const page = program;
