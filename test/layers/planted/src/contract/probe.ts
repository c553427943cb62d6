import { page } from '../report/page.ts';
export const contract = page;
