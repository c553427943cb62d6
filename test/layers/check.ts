// `npm run layers`: the whole house against its rules. Fails on a violation, and on a module that was not read.
import { resolve } from 'node:path';
import { cruiseTree } from './cruise.ts';

const { read, unread, violations } = await cruiseTree(resolve(import.meta.dirname, '../..'));
for (const { rule, from, to } of violations) process.stdout.write(`${rule}: ${from} -> ${to}\n`);
for (const file of unread) process.stdout.write(`not read: ${file}\n`);
process.stdout.write(`${read.length} modules read, ${violations.length} violations\n`);
if (read.length === 0 || unread.length > 0 || violations.length > 0) process.exitCode = 1;
